//! What to harden, how to use it, and what may be done to a unit without asking.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use ringfence_policy::manifest::Seconds;
use ringfence_unit::name::UnitName;

use super::deploy::span;
use super::learn::service_name;
use super::{Format, Site, Waiting, plain_name};
use crate::deployment::Stage;
use crate::error::Failure;

/// Learn a command or a unit, confine it, and attack the confinement.
///
/// Starts the command under the tracer, waits until it is ready, runs the workload against it and stops
/// it with SIGTERM. From what was seen it writes NAME.toml, NAME.lock and NAME.trace.jsonl. Then it starts
/// the command again in the native sandbox, runs the workload again, and attacks the sandbox with every
/// attempt it knows, first without and then with the confinement.
///
/// A command that ends by itself is a batch job: it is its own workload.
///
/// A unit is learned where the service manager runs it (see `ringfence learn --unit`). What it may do becomes a
/// drop-in beside the packaged unit. The drop-in is shown, applied, and the unit restarted and used; a copy
/// of it is attacked as it was and as it is. When the unit does not work with it, exactly what it misses is given
/// back and marked as provisional, and when that does not help, everything is as it was before. Exits with 0
/// when the unit works with its policy; `ringfence prove --unit` judges what is still open.
///
/// The service is really run, several times, with everything it does. What the workload does not exercise
/// is not learned, and will be denied: the report lists what is known to be missing.
#[derive(Debug, Args)]
pub struct Harden {
    /// A service unit of the running system, in place of a command.
    #[arg(
        long,
        value_name = "UNIT",
        conflicts_with_all = ["words", "ready"],
        value_parser = service_name
    )]
    pub unit: Option<UnitName>,
    /// A command that uses the service, run while learning and again to check the confined service. With
    /// `--unit` there may be several.
    ///
    /// Split into words as a shell would, but run without one; write `sh -c '...'` where you need one.
    /// It must exit with 0. While the service does not listen yet, a workload that fails is tried again.
    #[arg(long = "workload", value_name = "COMMAND", value_hint = ValueHint::CommandString)]
    pub workloads: Vec<String>,
    /// The policy's name [default: the program's file name, or the unit's name].
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    pub name: Option<String>,
    /// The directory for NAME.toml, NAME.lock and NAME.trace.jsonl; it must exist [default: the current one,
    /// or /etc/ringfence for a unit].
    ///
    /// A manifest that is already there and differs is kept as NAME.toml~.
    #[arg(long, short, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    pub output: Option<PathBuf>,
    /// The form of the report on standard output.
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub format: Format,
    #[command(flatten)]
    pub on_unit: OnUnit,
    #[command(flatten)]
    pub site: Site,
    #[command(flatten)]
    pub waiting: Waiting,
    /// The command, with its arguments, after `--`.
    #[arg(
        last = true,
        required_unless_present = "unit",
        value_name = "COMMAND",
        value_hint = ValueHint::CommandWithArguments
    )]
    pub words: Vec<OsString>,
}

/// What may be done to a unit.
#[derive(Debug, Args)]
#[command(next_help_heading = "For a unit")]
pub struct OnUnit {
    /// Apply without asking.
    #[arg(long, short, requires = "unit")]
    pub yes: bool,
    /// Learn, show what would change, and change nothing. The unit is restarted to learn it.
    #[arg(long, requires = "unit", conflicts_with = "yes")]
    pub dry_run: bool,
    /// Move the secrets in this configuration file of the service into files of root's, and start the service
    /// with a rendered copy in its place. May be given several times; see `ringfence secrets extract`.
    ///
    /// Undone together with the policy when the unit does not work with it; `ringfence secrets restore` after
    /// `ringfence rollback` undoes it later.
    #[arg(long, value_name = "FILE", requires = "unit", value_hint = ValueHint::FilePath)]
    pub secrets: Vec<PathBuf>,
    /// Roll back unless `ringfence confirm UNIT` comes within this time: for a unit that carries the very
    /// connection over which you work.
    #[arg(long, value_name = "TIME", requires = "unit", value_parser = span)]
    pub confirm_within: Option<Seconds>,
    /// Replace files of ringfence's that were edited by hand since. Their content is kept.
    #[arg(long, requires = "unit")]
    pub replace_edits: bool,
}

impl OnUnit {
    /// Asks whether what was shown may be applied, unless that is said already.
    pub fn consent(&self, unit: &UnitName, stage: &Stage<'_>) -> Result<(), Failure> {
        if self.yes || stage.agreed(&format!("Apply this to {unit}, and restart it?"))? {
            return Ok(());
        }
        Err(Failure::cannot(format!("harden {unit}: it is not wanted")).help("nothing was changed"))
    }
}
