//! `ringfence learn --unit`: watches a unit where the service manager runs it, and writes a trace.

use std::path::PathBuf;
use std::time::Duration;

use ringfence_sys::signal::{Signal, ignore};
use ringfence_unit::name::UnitName;

use super::learn::{parse_workload, summary};
use super::policy_merge::read_trace;
use crate::args::Learn;
use crate::capture::Streams;
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::store;
use crate::unit_learning::{Exercises, learn_unit};

/// Watches a unit, and writes or extends its trace.
pub fn learn(unit: &UnitName, typed: &Learn, output: &Output) -> Result<ExitCode, Failure> {
    let workloads = typed
        .workloads
        .iter()
        .map(|text| parse_workload(text))
        .collect::<Result<Vec<_>, _>>()?;
    let path = typed
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.trace.jsonl", unit.stem())));
    let (directory, name) = store::place(&path)?;
    let before = match directory.read(&name)? {
        Some(bytes) if typed.merge => Some(read_trace(&path, &bytes)?),
        _ => None,
    };
    // The tracer blocks these and hears them all the same. One that comes when it is done must not end us
    // before the unit is put back.
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        ignore(signal).or_cannot(|| "prepare for signals".to_owned())?;
    }
    let exercises = Exercises {
        workloads: &workloads,
        reload: !typed.no_reload,
        rotate: !typed.no_rotate,
        restart: !typed.no_restart,
        timeout: Duration::from_secs(typed.waiting.timeout.into()),
        pin: !typed.waiting.free,
    };
    let learned = {
        // What systemctl or a workload prints is not the result of this verb.
        let _streams = Streams::talking().or_cannot(|| "set up the output".to_owned())?;
        learn_unit(unit, &exercises, output)?
    };
    for note in &learned.notes {
        output.note(note);
    }
    let trace = before.map_or_else(
        || learned.trace.clone(),
        |before| before.join(learned.trace.clone()),
    );
    directory.write_private(&name, trace.to_lines().as_bytes())?;
    output.result(&summary(&trace, &path))?;
    Ok(if learned.interrupted {
        ExitCode::Interrupted
    } else {
        ExitCode::Fine
    })
}
