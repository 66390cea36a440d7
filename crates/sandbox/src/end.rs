//! How a confined command ended, and ending the caller the same way.

use ringfence_sys::process::exit_now;
use ringfence_sys::signal::{self, Signal, SignalSet};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How a confined command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// Killed by this signal.
    Signal(Signal),
    /// The deadline passed, and everything was killed.
    Deadline,
}

impl Exit {
    /// Whether it is exit code 0.
    pub fn success(self) -> bool {
        self == Self::Code(0)
    }

    /// Ends the calling process as the command ended: with the same code, or of the same signal.
    ///
    /// A shell then sees what it would have seen without the sandbox. No core is dumped: it would be that
    /// of the supervisor. After a deadline the code is 124, as timeout(1) has it.
    pub fn imitate(self) -> ! {
        match self {
            Self::Code(code) => exit_now(code),
            Self::Deadline => exit_now(124),
            Self::Signal(number) => {
                let maximum = getrlimit(Resource::Core).maximum;
                let none = Rlimit {
                    current: Some(0),
                    maximum,
                };
                // Each of these can fail only for a signal that cannot be caught or blocked anyway.
                let _ = setrlimit(Resource::Core, none);
                let _ = signal::set_default(number);
                let _ = signal::raise(number);
                let _ = signal::unblock(SignalSet::empty().with(number));
                exit_now(128 + number.raw())
            }
        }
    }
}
