//! Why the service manager does not load a unit.

use std::path::PathBuf;

use crate::exec::ExecError;
use crate::specifier::SpecifierError;
use crate::text::Position;

/// Why the service manager does not load a unit; completes "would refuse it: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A line of the main file is wrong in a way that stops the file. In a drop-in it would end the drop-in.
    #[error("{}, line {}, column {}: {key}=: {reason}", file.display(), at.line, at.column)]
    Line {
        /// The main file.
        file: PathBuf,
        /// Where its value stands.
        at: Position,
        /// The setting.
        key: String,
        /// What is wrong with the value.
        reason: Reason,
    },
    /// The settings contradict each other.
    #[error(transparent)]
    Rule(#[from] Rule),
}

/// Why one value stops its file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// A setting that insists on a boolean has something else.
    #[error("`{value}` is neither yes nor no")]
    Boolean {
        /// The value.
        value: String,
    },
    /// A user or a group cannot be called that.
    #[error("`{name}` cannot be a user or a group")]
    Account {
        /// The name.
        name: String,
    },
    /// A path is relative, leads upwards, or is too long.
    #[error("`{path}` is not an absolute path without `..`")]
    Path {
        /// The path.
        path: String,
    },
    /// A command line is wrong.
    #[error(transparent)]
    Command(#[from] ExecError),
    /// Quotes do not match.
    #[error("a quote is not closed")]
    Words,
    /// A specifier stands for nothing.
    #[error(transparent)]
    Specifier(#[from] SpecifierError),
}

/// Settings that the service manager does not take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    /// There is nothing to do.
    #[error("it has no ExecStart=, ExecStop= or SuccessAction=")]
    Nothing,
    /// Only a oneshot may do without ExecStart=.
    #[error("it has no ExecStart=, which only Type=oneshot may lack")]
    NoStart,
    /// A oneshot that only stops has to remain active until then.
    #[error("it has no ExecStart= and would not remain active for its ExecStop=")]
    NotRemaining,
    /// Only a oneshot may have several commands.
    #[error("it has several ExecStart= commands, which only Type=oneshot may have")]
    SeveralStarts,
    /// A oneshot cannot be restarted when it has done its work.
    #[error("Type=oneshot cannot have Restart=always or on-success")]
    OneshotRestart,
    /// Up to 255 a oneshot could not be made to restart at all.
    #[error("Type=oneshot cannot have RestartForceExitStatus=")]
    OneshotRestartStatus,
    /// A oneshot ends with its main process.
    #[error("Type=oneshot cannot have ExitType=cgroup")]
    OneshotExitType,
    /// A service on the bus needs a name there.
    #[error("Type=dbus needs BusName=")]
    NoBusName,
    /// A pid namespace would hide the pid that a forking service reports.
    #[error("Type=forking cannot have PrivatePIDs=yes")]
    ForkingPids,
    /// A PAM session is closed by a process that only these two kill.
    #[error("PAMName= needs KillMode=control-group or mixed")]
    PamKillMode,
    /// A PAM session needs the pids of the host.
    #[error("PAMName= cannot have PrivatePIDs=yes")]
    PamPids,
    /// A user that is made up has no home.
    #[error("DynamicUser=yes cannot have WorkingDirectory=~")]
    DynamicHome,
    /// The file systems of the kernel are mounted anew.
    #[error("WorkingDirectory= cannot be below /dev, /proc or /sys in a mount namespace")]
    ApiDirectory,
    /// Users that the system hands out fit no other.
    #[error("PrivateUsers=managed cannot have User=, Group=, DynamicUser= or PAMName=")]
    ManagedUsers,
}
