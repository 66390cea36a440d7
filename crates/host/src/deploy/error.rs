//! Why a deployment did not come about, or could not be taken back.

use std::io;

use ringfence_policy::path::AbsPath;

use crate::systemd::SystemctlError;

/// What went wrong. Messages complete "cannot ...". Unless one says otherwise, everything on the host is
/// as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// Only root may write where the manager reads.
    #[error("change the units of this host: it takes root")]
    NotRoot,
    /// Another process is at this unit.
    #[error("work on {unit}: another ringfence is at it")]
    Busy {
        /// The unit.
        unit: String,
    },
    /// Someone who is not root could change what is written there, or where it ends up.
    #[error("trust {path}: {why}")]
    Unsafe {
        /// The file or directory.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file of ours was edited since it was written.
    #[error("replace {path}: it was edited since ringfence wrote it")]
    Edited {
        /// The file.
        path: AbsPath,
    },
    /// A file changed between being looked at and being replaced.
    #[error("replace {path}: it changed a moment ago")]
    Moved {
        /// The file.
        path: AbsPath,
    },
    /// A file could not be read.
    #[error("read {path}")]
    Read {
        /// The file.
        path: String,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// A file could not be written. Nothing is half-written.
    #[error("write {path}")]
    Write {
        /// The file.
        path: String,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// Some files were written, then one could not be, and the first could not be put back.
    #[error("put {path} back as it was; it is now as it should have become")]
    HalfWritten {
        /// The file that could not be put back.
        path: String,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// A file of the store is not what ringfence wrote.
    #[error("use {path}: {message}")]
    Broken {
        /// The file.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// An earlier apply or rollback was cut off.
    #[error("work on {unit}: an earlier change was cut off and is not undone yet")]
    Interrupted {
        /// The unit.
        unit: String,
    },
    /// No such generation.
    #[error("find generation {generation} of {unit}")]
    NoGeneration {
        /// The unit.
        unit: String,
        /// The number asked for.
        generation: u64,
    },
    /// Nothing of ours is applied.
    #[error("roll back {unit}: nothing of ringfence is applied to it")]
    NothingApplied {
        /// The unit.
        unit: String,
    },
    /// What was applied last waits for a confirmation.
    #[error("change {unit}: its generation {generation} waits to be confirmed")]
    Unconfirmed {
        /// The unit.
        unit: String,
        /// The generation.
        generation: u64,
    },
    /// Nothing waits for a confirmation.
    #[error("confirm {unit}: nothing waits for it")]
    NothingAwaited {
        /// The unit.
        unit: String,
    },
    /// The program that would roll back later cannot be relied on.
    #[error("arm the rollback of {unit}: {why}")]
    NoSentinel {
        /// The unit.
        unit: String,
        /// Why.
        why: String,
    },
    /// The service manager did not do as asked.
    #[error(transparent)]
    Systemctl(#[from] SystemctlError),
    /// The unit does not work with what was applied.
    #[error("keep {unit} running: {why}")]
    Unhealthy {
        /// The unit.
        unit: String,
        /// What was seen.
        why: String,
        /// The last lines of the unit in the journal.
        lines: Vec<String>,
    },
    /// Every file is as it was, and yet the unit does not run as it did.
    #[error("bring {unit} back, although its files are as they were")]
    NotRestored {
        /// The unit.
        unit: String,
        /// What was seen.
        #[source]
        source: Box<DeployError>,
    },
    /// Someone asked to stop.
    #[error("go on: interrupted")]
    Stopped,
}
