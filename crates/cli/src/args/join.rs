//! What the drop-in of a watched unit puts before each command.

use std::ffi::OsString;

use clap::Args;
use ringfence_learn::unit::Role;

/// Wait until `ringfence learn --unit` watches this process, and become the command.
#[derive(Debug, Args)]
pub struct Join {
    /// Which of the unit's commands it is.
    pub role: Role,
    /// What the command sees as its own name.
    #[arg(long)]
    pub argv0: Option<OsString>,
    /// Where a program without a slash is searched.
    #[arg(long)]
    pub search: Option<OsString>,
    /// Do not have the command ignore SIGPIPE.
    #[arg(long)]
    pub sigpipe: bool,
    /// The command.
    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}
