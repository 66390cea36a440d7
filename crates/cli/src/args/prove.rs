//! What to attack.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use ringfence_unit::name::UnitName;

use super::learn::service_name;
use super::{Format, Site};

/// Attack the sandbox that a policy makes, or the one that a unit has.
///
/// Each attempt runs twice, in a process of its own: bare, and confined exactly as `ringfence run` would
/// confine the service. Attempts are bounded: they show that something can be reached and destroy nothing.
///
/// A unit is attacked in a copy: a unit of its own with the same user, sandbox and limits, in which this
/// program stands in the place of the service's. The service itself is neither stopped nor restarted, and its
/// directories stay as they are. Bare is then the same user in a unit that confines nothing.
///
/// Exits with 0 when nothing got through that the policy does not grant, with 11 when something did, and
/// with 10 when that could not be shown for some attempt.
#[derive(Debug, Args)]
pub struct Prove {
    /// A service unit to attack in place of the native sandbox. Needs root.
    #[arg(long, value_name = "UNIT", value_parser = service_name)]
    pub unit: Option<UnitName>,
    /// Leave out what ringfence added to the unit.
    #[arg(long, requires = "unit")]
    pub as_packaged: bool,
    #[command(flatten)]
    pub site: Site,
    /// The manifest [default: the empty policy, which is what every service gets].
    #[arg(value_name = "POLICY", value_hint = ValueHint::FilePath)]
    pub policy: Option<PathBuf>,
    /// The form of the report.
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub format: Format,
}
