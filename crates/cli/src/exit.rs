//! The exit codes: part of the interface, listed in every man page.

/// Why ringfence ended. `run` passes the command's own exit code through instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitCode {
    /// What was asked for is done, and nothing is wrong.
    Fine = 0,
    /// It could not be done.
    Cannot = 1,
    /// An argument or an input file is wrong; nothing was started.
    Usage = 2,
    /// Nothing matched what was asked for.
    NothingMatched = 3,
    /// A privilege or a kernel feature is missing on this host.
    HostCannot = 4,
    /// A control is open, or could not be shown to hold.
    OpenControls = 10,
    /// An attack reached something that the policy does not grant.
    AttackSucceeded = 11,
    /// The policy and the host, or a file and its canonical form, differ.
    Differs = 12,
    /// A privilege grew.
    Grown = 13,
    /// Interrupted from the terminal.
    Interrupted = 130,
}

impl ExitCode {
    /// Every code, in order.
    pub const ALL: [Self; 10] = [
        Self::Fine,
        Self::Cannot,
        Self::Usage,
        Self::NothingMatched,
        Self::HostCannot,
        Self::OpenControls,
        Self::AttackSucceeded,
        Self::Differs,
        Self::Grown,
        Self::Interrupted,
    ];

    /// The number.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// What it says, for the man page.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Fine => "What was asked for is done, and nothing is wrong.",
            Self::Cannot => "It could not be done.",
            Self::Usage => "An argument or an input file is wrong; nothing was started.",
            Self::NothingMatched => "Nothing matched what was asked for.",
            Self::HostCannot => "A privilege or a kernel feature is missing on this host.",
            Self::OpenControls => "A control is open, or could not be shown to hold.",
            Self::AttackSucceeded => "An attack reached something that the policy does not grant.",
            Self::Differs => "The policy and the host, or a file and its canonical form, differ.",
            Self::Grown => "A privilege grew.",
            Self::Interrupted => "Interrupted from the terminal.",
        }
    }
}
