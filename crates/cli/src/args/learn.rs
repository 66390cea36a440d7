//! What to watch, how to use it, and where to write what was seen.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use ringfence_unit::name::UnitName;

use super::Waiting;

/// Watch a command or a unit and write down what it uses.
///
/// Starts the command under the tracer and writes a trace: one JSON line for each distinct fact. With a
/// workload the command is stopped with SIGTERM once the workload is done; without one it is watched until
/// it ends, or until SIGINT or SIGTERM asks ringfence to stop it.
///
/// A unit is watched where the service manager runs it, with its own identity, sockets and sandbox. It is
/// restarted for that, used by the workloads, reloaded, has its logs rotated, is restarted once more, and
/// used again after each of these. In the end it is restarted as it was, or stopped if it did not run.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub struct Learn {
    /// A service unit to watch in place of a command.
    #[arg(
        long,
        value_name = "UNIT",
        conflicts_with_all = ["words", "ready"],
        value_parser = service_name
    )]
    pub unit: Option<UnitName>,
    /// A command that uses the service. With `--unit` there may be several.
    ///
    /// Split into words as a shell would, but run without one; write `sh -c '...'` where you need one.
    #[arg(long = "workload", value_name = "COMMAND", value_hint = ValueHint::CommandString)]
    pub workloads: Vec<String>,
    /// Do not reload the unit.
    #[arg(long, requires = "unit")]
    pub no_reload: bool,
    /// Do not rotate the unit's logs.
    ///
    /// Otherwise logrotate(8) is run with the configuration that names a log which the unit writes. Nothing is
    /// deleted: old logs are kept whatever the configuration says.
    #[arg(long, requires = "unit")]
    pub no_rotate: bool,
    /// Do not restart the unit a second time.
    #[arg(long, requires = "unit")]
    pub no_restart: bool,
    /// The trace file [default: NAME.trace.jsonl, NAME being the program's file name or the unit's name].
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Add to what the trace file already holds instead of replacing it.
    #[arg(long)]
    pub merge: bool,
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

/// A unit's name; without a suffix it is that of a service, as systemctl(1) has it.
pub(super) fn service_name(text: &str) -> Result<UnitName, String> {
    let name = match text.rsplit_once('.') {
        Some((_, "service")) => text.to_owned(),
        _ => format!("{text}.service"),
    };
    let name = UnitName::parse(&name).map_err(|error| error.to_string())?;
    if name.is_template() {
        return Err("a template runs nothing; name one of its instances".to_owned());
    }
    Ok(name)
}
