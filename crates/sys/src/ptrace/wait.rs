//! Hearing from tracees and children: `waitpid(2)` with `__WALL`, and what its status word means under
//! ptrace.
//!
//! It does not retry after a signal: `EINTR` tells a supervisor to look at its own signals.

#![expect(unsafe_code, reason = "rustix has no __WALL")]

use std::io;

use bitflags::bitflags;
use rustix::process::Pid;

use crate::errno::checked;
use crate::signal::Signal;

bitflags! {
    /// How to wait.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct WaitFlags: i32 {
        /// Return at once when there is nothing to report.
        const NO_HANG = libc::WNOHANG;
        /// Also children that are stopped and not traced.
        const UNTRACED = libc::WUNTRACED;
        /// Also children that went on after a stop.
        const CONTINUED = libc::WCONTINUED;
    }
}

/// What happened to a tracee or child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitEvent {
    /// It stopped, and under ptrace waits to be told how to go on.
    Stopped {
        /// The thread.
        pid: Pid,
        /// Why.
        stop: Stop,
    },
    /// It exited, and is gone.
    Exited {
        /// The process.
        pid: Pid,
        /// Its exit code.
        code: i32,
    },
    /// A signal ended it, and it is gone.
    Signaled {
        /// The process.
        pid: Pid,
        /// The signal.
        signal: Signal,
        /// Whether it left a core dump.
        core_dumped: bool,
    },
    /// It went on after a stop.
    Continued {
        /// The process.
        pid: Pid,
    },
}

/// Why a tracee stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A signal arrived and is not delivered yet: pass it on with [`super::cont`]. For a child that is not
    /// traced, the signal that stopped it.
    Signal(Signal),
    /// The whole process was stopped by this signal: [`super::listen`] leaves it so.
    Group(Signal),
    /// The first stop of a new tracee, an answer to [`super::interrupt`], or the end of a group stop.
    Interrupt,
    /// The beginning or end of a system call.
    Syscall,
    /// Something that [`super::Options`] asked for.
    Event(Event),
}

/// Something that [`super::Options`] asked for (`PTRACE_EVENT_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// `fork`; the message is the child's number.
    Fork,
    /// `vfork`; the message is the child's number.
    Vfork,
    /// `clone`; the message is the child's number.
    Clone,
    /// `execve` succeeded; the message is the thread's number before, because only one thread is left and
    /// it takes the number of the process.
    Exec,
    /// The child of a `vfork` let go of the memory.
    VforkDone,
    /// About to exit; the message is the status word.
    Exit,
    /// A seccomp filter's `Trace`; the message is its number.
    Seccomp,
}

impl WaitEvent {
    /// Whom it happened to.
    pub const fn pid(&self) -> Pid {
        match self {
            Self::Stopped { pid, .. }
            | Self::Exited { pid, .. }
            | Self::Signaled { pid, .. }
            | Self::Continued { pid } => *pid,
        }
    }

    fn decode(pid: Pid, status: i32) -> Option<Self> {
        if libc::WIFEXITED(status) {
            let code = libc::WEXITSTATUS(status);
            return Some(Self::Exited { pid, code });
        }
        if libc::WIFSIGNALED(status) {
            return Some(Self::Signaled {
                pid,
                signal: Signal::from_raw(libc::WTERMSIG(status))?,
                core_dumped: libc::WCOREDUMP(status),
            });
        }
        if libc::WIFCONTINUED(status) {
            return Some(Self::Continued { pid });
        }
        let stop = Stop::decode(libc::WSTOPSIG(status), status >> 16)?;
        Some(Self::Stopped { pid, stop })
    }
}

/// `PTRACE_EVENT_STOP`.
const EVENT_STOP: i32 = 128;
/// Added to `SIGTRAP` under `PTRACE_O_TRACESYSGOOD`.
const SYSCALL_MARK: i32 = 0x80;

impl Stop {
    fn decode(signal: i32, event: i32) -> Option<Self> {
        Some(match event {
            0 if signal == libc::SIGTRAP | SYSCALL_MARK => Self::Syscall,
            0 => Self::Signal(Signal::from_raw(signal)?),
            EVENT_STOP => match Signal::from_raw(signal)? {
                signal if signal.stops() => Self::Group(signal),
                _ => Self::Interrupt,
            },
            libc::PTRACE_EVENT_FORK => Self::Event(Event::Fork),
            libc::PTRACE_EVENT_VFORK => Self::Event(Event::Vfork),
            libc::PTRACE_EVENT_CLONE => Self::Event(Event::Clone),
            libc::PTRACE_EVENT_EXEC => Self::Event(Event::Exec),
            libc::PTRACE_EVENT_VFORK_DONE => Self::Event(Event::VforkDone),
            libc::PTRACE_EVENT_EXIT => Self::Event(Event::Exit),
            libc::PTRACE_EVENT_SECCOMP => Self::Event(Event::Seccomp),
            _ => return None,
        })
    }
}

/// Waits for any tracee or child. `ECHILD` when there is none; `None` only with [`WaitFlags::NO_HANG`].
pub fn wait_any(flags: WaitFlags) -> io::Result<Option<WaitEvent>> {
    wait(-1, flags)
}

/// Waits for one tracee or child.
pub fn wait_pid(pid: Pid, flags: WaitFlags) -> io::Result<Option<WaitEvent>> {
    wait(pid.as_raw_nonzero().get(), flags)
}

fn wait(target: i32, flags: WaitFlags) -> io::Result<Option<WaitEvent>> {
    let mut status = 0;
    // SAFETY: the kernel stores one integer to `status`, which outlives the call.
    let value = unsafe { libc::waitpid(target, &raw mut status, flags.bits() | libc::__WALL) };
    let pid = i32::try_from(checked(value.into())?).map_err(|_| io::ErrorKind::InvalidData)?;
    let Some(pid) = Pid::from_raw(pid) else {
        return Ok(None);
    };
    match WaitEvent::decode(pid, status) {
        Some(event) => Ok(Some(event)),
        None => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("wait status {status:#x} of process {pid:?} has no known meaning"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Pid, Signal, Stop, WaitEvent};

    fn stop(status: i32) -> Option<Stop> {
        match WaitEvent::decode(Pid::INIT, status)? {
            WaitEvent::Stopped { stop, .. } => Some(stop),
            _ => None,
        }
    }

    #[test]
    fn the_five_kinds_of_stop_are_told_apart() {
        assert_eq!(stop(0x0f7f), Some(Stop::Signal(Signal::TERM)));
        assert_eq!(stop(0x057f), Some(Stop::Signal(Signal::TRAP)));
        assert_eq!(stop(0x857f), Some(Stop::Syscall));
        assert_eq!(stop(0x80_137f), Some(Stop::Group(Signal::STOP)));
        assert_eq!(stop(0x80_057f), Some(Stop::Interrupt));
        assert_eq!(stop(0x07_057f), Some(Stop::Event(Event::Seccomp)));
        assert_eq!(stop(0x04_057f), Some(Stop::Event(Event::Exec)));
    }

    #[test]
    fn an_unknown_event_is_not_guessed_at() {
        assert_eq!(stop(0x55_057f), None);
    }

    #[test]
    fn real_time_signals_survive_decoding() {
        assert_eq!(
            stop((64 << 8) | 0x7f),
            Signal::from_raw(64).map(Stop::Signal)
        );
    }
}
