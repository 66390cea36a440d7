//! Why a unit is not proven.

use std::io;
use std::path::PathBuf;

use ringfence_host::systemd::SystemctlError;
use ringfence_unit::name::{NameError, UnitName};

use crate::context::ContextError;

/// Why a unit is not proven. Messages complete "cannot ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// It has no program to stand in for.
    #[error("prove {unit}: {why}")]
    Program {
        /// The unit.
        unit: UnitName,
        /// What is wrong with its `ExecStart=`.
        why: String,
    },
    /// A name made from the unit's is none, most likely because it is too long.
    #[error("prove {unit}: {source}")]
    Name {
        /// The unit.
        unit: UnitName,
        /// Why not.
        source: NameError,
    },
    /// A setting goes by the unit's name in a way that its copy cannot have.
    #[error(
        "prove {unit}: `%{specifier}` in {key}= stands for a part of the name with a backslash"
    )]
    Specifier {
        /// The unit.
        unit: UnitName,
        /// The setting.
        key: String,
        /// The specifier.
        specifier: char,
    },
    /// To start the copy would hand a directory of the service to another user.
    #[error("prove {unit}: it would run as {after} and now is {before}, so starting a copy would hand over {}", path.display())]
    Owner {
        /// The unit.
        unit: String,
        /// The directory.
        path: PathBuf,
        /// The user and group that the manager has for the unit.
        before: String,
        /// Those of its copy.
        after: String,
    },
    /// Another process proves the same unit.
    #[error("prove {unit}: it is being proven already")]
    Busy {
        /// The unit.
        unit: UnitName,
    },
    /// A file could not be made or removed.
    #[error("{action} {}: {source}", path.display())]
    File {
        /// What was to be done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The copy does not start, so the service would not either, or it does not let a program work that only
    /// reads and writes.
    #[error("prove {unit}: a copy of it does not run: {why}")]
    Start {
        /// The unit.
        unit: UnitName,
        /// What the service manager says.
        why: String,
    },
    /// Someone asked to end.
    #[error("prove {unit}: it was interrupted")]
    Interrupted {
        /// The unit.
        unit: UnitName,
    },
    /// The service manager does not do what it is asked.
    #[error(transparent)]
    Systemctl(#[from] SystemctlError),
    /// There is nothing to aim at.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// Signals could not be held back.
    #[error("hold signals back: {0}")]
    Signals(#[source] io::Error),
}

impl UnitError {
    /// For `map_err`: names what was being done to which file.
    pub(super) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}
