//! What was typed after `ringfence scan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::Model;

/// Rank the services of a host by how exposed they are, and say what each could do.
///
/// Every service that has a unit file is looked at, running or not: aliases once, templates as templates. The
/// services of users' own managers are not among them. The figure is that of `systemd-analyze security`.
/// Three lines for each service say what it can do when it is exploited, what it can read, and what it can
/// exhaust, as far as its unit tells. Findings are lines that raise the figure and protect nothing, that
/// break the service, or that take a command out of the confinement; and, for this host itself, directives
/// that it accepts and ignores.
///
/// Nothing is started and nothing is changed. What a unit says is not what holds: `ringfence prove` attacks.
#[derive(Debug, Args)]
pub struct Scan {
    /// The release of systemd whose verdict is asked for [default: that of the host].
    ///
    /// Below a root directory it is the one that is installed there.
    #[arg(long, value_name = "VERSION")]
    pub systemd: Option<u32>,
    /// Whose verdict is asked for.
    #[arg(long = "as", value_name = "MODEL", default_value = "manager")]
    pub model: Model,
    /// The form of the result.
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub format: ScanFormat,
    /// Scan the tree below this directory instead of this host.
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    pub root: Option<PathBuf>,
    /// Leave the three lines for each service out of the plain form.
    #[arg(long)]
    pub brief: bool,
}

/// The form of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScanFormat {
    /// For people; it ends in a table.
    Plain,
    /// For programs: one JSON object with a `schema` member.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
}
