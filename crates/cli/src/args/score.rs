//! What was typed after `ringfence score`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// Say how exposed services are, as `systemd-analyze security` does.
///
/// The figure is the one that a release of systemd would print, to the digit: 0.0 is best, 10.0 worst. For each
/// row that is bad it says which line would make it better, and by how much the figure would fall. No
/// systemd is needed, and nothing is started.
///
/// The figure is about the lines of a unit, not about what they do on this host or what the program does: use
/// `ringfence prove` for that. A unit that systemd would refuse to load is scored for what it would be, and
/// the reason is given.
///
/// Exits with 1 when a unit cannot be read or would not be loaded; the others are scored all the same.
#[derive(Debug, Args)]
pub struct Score {
    /// Files, or names of units.
    ///
    /// A word with a slash is a file, and so is one that is a file here; it counts with the drop-ins in the
    /// directories beside it. Any other is the name of a unit of this host, put together from all of
    /// its directories, and so is a file in one of these. A template is scored as an instance of it.
    #[arg(required = true, value_name = "FILE-OR-UNIT", value_hint = ValueHint::FilePath)]
    pub units: Vec<OsString>,
    /// The release of systemd whose verdict is asked for [default: that of the host].
    ///
    /// Below a root directory it is the one that is installed there.
    ///
    /// What is set is read as this release reads it. Where none is installed, or there is no profile of the one
    /// that is, another is taken and named.
    #[arg(long, value_name = "VERSION")]
    pub systemd: Option<u32>,
    /// Whose verdict is asked for.
    #[arg(long = "as", value_name = "MODEL", default_value = "manager")]
    pub model: Model,
    /// The form of the result.
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub format: ScoreFormat,
    /// Look for units in the tree below this directory instead of on this host.
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    pub root: Option<PathBuf>,
}

/// Whose verdict: offline or manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// That of `systemd-analyze security --offline=true`, which is wrong about PrivateMounts=.
    Offline,
    /// That of `systemd-analyze security`, which asks the running manager.
    Manager,
}

/// The form of the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScoreFormat {
    /// For people.
    Plain,
    /// For programs: one JSON object with a `schema` member.
    Json,
    /// For spreadsheets: a line each with name, exposure, level, the two sums and the badness of each row.
    Tsv,
}
