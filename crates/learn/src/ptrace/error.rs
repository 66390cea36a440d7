//! Why a service could not be watched.

use std::ffi::OsString;
use std::io;

/// Why a service could not be watched. Completes "cannot".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// The command is empty.
    #[error("watch nothing: the command is empty")]
    Nothing,
    /// The program was not found or may not be executed. Nothing was started.
    #[error("start `{}`: {source}", program.display())]
    Program {
        /// As it was typed.
        program: OsString,
        /// What the system said.
        source: io::Error,
    },
    /// A word of the command or the environment holds a NUL byte.
    #[error("start a command with a NUL byte in `{}`", text.display())]
    Nul {
        /// The word.
        text: OsString,
    },
    /// The child could not get as far as its program.
    #[error("start `{}`: {source}", program.display())]
    Start {
        /// As it was typed.
        program: OsString,
        /// What the system said.
        source: io::Error,
    },
    /// No process could be made.
    #[error("fork: {0}")]
    Fork(#[source] io::Error),
    /// The kernel does not let us trace: another tracer, Yama, or a process that is not ours.
    #[error("trace the service: {0}")]
    Seize(#[source] io::Error),
    /// The tracer's own preparations failed.
    #[error("prepare to trace: {0}")]
    Prepare(#[source] io::Error),
    /// Waiting for the service failed.
    #[error("wait for the service: {0}")]
    Wait(#[source] io::Error),
}
