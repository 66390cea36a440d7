//! What was typed after `ringfence check`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use ringfence_unit::name::UnitName;

use super::{Format, Model};

/// Let services only lose privileges: compare them with what a baseline file allows them.
///
/// The baseline lists for each service what it may do that it should not: the rows of `ringfence score` that
/// are open, and the findings of `ringfence scan`. A service that is listed may lose entries and gain none, and
/// one entry does not make up for another. A service that is not listed may have what the baseline grants to
/// new ones, which is nothing at first. So old services need not be mended at once, and everything can only
/// get better.
///
/// Directives that a host makes void are left out: a baseline means the same on every host.
///
/// Exits with 13 when a privilege grew, and with 1 when a unit does not load, for then nothing is known of it.
#[derive(Debug, Args)]
pub struct CheckUnits {
    /// The baseline, a TOML file.
    #[arg(long, required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub baseline: PathBuf,
    /// Take out of the baseline what services no longer have; where there is no file yet, write one with all
    /// that they have.
    ///
    /// Nothing is ever added to a file but new services that keep to what new ones may have.
    #[arg(long)]
    pub update: bool,
    /// Also write down what this service has gained, or has as a new one. May be given several times.
    #[arg(long, value_name = "UNIT", requires = "update")]
    pub accept: Vec<UnitName>,
    /// The release of systemd whose verdict counts [default: that of the baseline].
    #[arg(long, value_name = "VERSION")]
    pub systemd: Option<u32>,
    /// Whose verdict counts [default: that of the baseline, `manager` for a new one].
    #[arg(long = "as", value_name = "MODEL")]
    pub model: Option<Model>,
    /// Check the tree below this directory instead of this host.
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    pub root: Option<PathBuf>,
    /// The form of the result.
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub format: Format,
}
