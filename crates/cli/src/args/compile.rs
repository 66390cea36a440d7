//! What was typed after `ringfence compile`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{Format, Site};

/// Write a policy as a systemd drop-in or unit, and say how exactly it is enforced.
///
/// Without `--unit` the result is a whole unit, made from the manifest alone, with its timer, sockets and
/// user. With `--unit` it is a drop-in beside that unit, whose commands stay what they are. Nothing is
/// applied.
///
/// The table says for each grant whether it is given exactly, wider or narrower, and for each control
/// whether it holds: a directive that the target does not know is lost and left out, one that it knows and
/// ignores is inert.
///
/// Exits with 10 when something that `[require] exact` names is not enforced exactly.
#[derive(Debug, Args)]
pub struct Compile {
    #[command(flatten)]
    pub site: Site,
    /// The manifest.
    #[arg(value_name = "POLICY", value_hint = ValueHint::FilePath)]
    pub policy: PathBuf,
    /// Compile for this version of systemd, on a host that has everything it can use [default: this host].
    #[arg(long, value_name = "VERSION")]
    pub systemd: Option<u32>,
    /// Write a drop-in for this unit: its name on this host, or the path of its file.
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,
    /// Write the files below this directory instead of printing them.
    #[arg(long, short, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    pub output: Option<PathBuf>,
    /// The form of the result.
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub format: Format,
}
