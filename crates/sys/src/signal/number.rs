//! One signal number, standard or real-time.

use std::fmt;

/// A signal that Linux has: 1 to 64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signal(i32);

/// First real-time signal as glibc counts, on any C library, so that a name always means one number.
const REAL_TIME_MIN: i32 = 34;
const LAST: i32 = 64;

macro_rules! standard_signals {
    ($($name:ident = $value:ident, $doc:literal;)*) => {
        impl Signal {
            $(#[doc = $doc] pub const $name: Self = Self(libc::$value);)*

            const STANDARD: &'static [(Self, &'static str)] = &[$((Self::$name, stringify!($value)),)*];
        }
    };
}

standard_signals! {
    HUP = SIGHUP, "Terminal gone, or by custom: reload.";
    INT = SIGINT, "`^C`.";
    QUIT = SIGQUIT, "`^\\`.";
    ILL = SIGILL, "Illegal instruction.";
    TRAP = SIGTRAP, "Breakpoint, and every stop under ptrace.";
    ABRT = SIGABRT, "`abort(3)`.";
    BUS = SIGBUS, "Bad memory access.";
    FPE = SIGFPE, "Arithmetic fault.";
    KILL = SIGKILL, "Cannot be caught, blocked or ignored.";
    USR1 = SIGUSR1, "For the program's own use.";
    SEGV = SIGSEGV, "Memory outside the map.";
    USR2 = SIGUSR2, "For the program's own use.";
    PIPE = SIGPIPE, "Written to a pipe with no reader.";
    ALRM = SIGALRM, "`alarm(2)`.";
    TERM = SIGTERM, "Asked to end.";
    STKFLT = SIGSTKFLT, "Unused.";
    CHLD = SIGCHLD, "A child ended, stopped or went on.";
    CONT = SIGCONT, "Go on after a stop.";
    STOP = SIGSTOP, "Cannot be caught, blocked or ignored.";
    TSTP = SIGTSTP, "`^Z`.";
    TTIN = SIGTTIN, "Read from the terminal in the background.";
    TTOU = SIGTTOU, "Wrote to the terminal in the background.";
    URG = SIGURG, "Urgent data on a socket.";
    XCPU = SIGXCPU, "Limit of CPU time.";
    XFSZ = SIGXFSZ, "Limit of file size.";
    VTALRM = SIGVTALRM, "Virtual timer.";
    PROF = SIGPROF, "Profiling timer.";
    WINCH = SIGWINCH, "Terminal resized.";
    IO = SIGIO, "Descriptor ready.";
    PWR = SIGPWR, "Power failing.";
    SYS = SIGSYS, "System call refused by a seccomp filter.";
}

impl Signal {
    /// The signal with this number, if there is one.
    pub const fn from_raw(number: i32) -> Option<Self> {
        if number >= 1 && number <= LAST {
            Some(Self(number))
        } else {
            None
        }
    }

    /// Its number.
    pub const fn raw(self) -> i32 {
        self.0
    }

    /// Whether the default effect is to stop the process: the signals of a group stop under ptrace.
    pub const fn stops(self) -> bool {
        matches!(self, Self::STOP | Self::TSTP | Self::TTIN | Self::TTOU)
    }
}

impl From<rustix::process::Signal> for Signal {
    fn from(signal: rustix::process::Signal) -> Self {
        Self(signal.as_raw())
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((_, name)) = Self::STANDARD.iter().find(|(signal, _)| signal == self) {
            return formatter.write_str(name);
        }
        match self.0 {
            REAL_TIME_MIN => formatter.write_str("SIGRTMIN"),
            number if number > REAL_TIME_MIN => {
                write!(formatter, "SIGRTMIN+{}", number - REAL_TIME_MIN)
            }
            number => write!(formatter, "SIG{number}"),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::Signal;

    #[test]
    fn every_number_from_1_to_64_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<String> = (1..=64)
            .filter_map(Signal::from_raw)
            .map(|signal| signal.to_string())
            .collect();
        assert_eq!(names.len(), 64);
        assert!(names.contains("SIGTERM") && names.contains("SIGRTMIN+3"));
    }

    #[test]
    fn numbers_outside_the_range_are_no_signals() {
        assert_eq!(Signal::from_raw(0), None);
        assert_eq!(Signal::from_raw(65), None);
        assert_eq!(Signal::from_raw(-9), None);
    }
}
