//! `ringfence harden`: learn, derive, confine, attack.

use std::path::Path;

use ringfence_compile::native::Plan;
use ringfence_policy::derive::Derived;
use ringfence_policy::policy::Policy;
use ringfence_policy::trace::Trace;
use ringfence_sandbox::explain_denials;

use super::{harden_unit, learn, policy_derive};
use crate::args::{Format, Harden, Waiting};
use crate::capture::{Capture, Streams};
use crate::denials;
use crate::enforcement;
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::proof;
use crate::rehearsal::{Trouble, rehearse};
use crate::report::{Confined, Hardened};
use crate::session::{Course, Purpose, Session};
use crate::site;
use crate::store::Directory;
use crate::workload::Workload;

/// The whole way at once.
pub fn harden(typed: &Harden, output: &Output) -> Result<ExitCode, Failure> {
    if let Some(unit) = &typed.unit {
        return harden_unit::harden(unit, typed, output);
    }
    let workload = learn::only_workload(&typed.workloads)?;
    let name = match &typed.name {
        Some(name) => name.clone(),
        None => learn::program_name(&typed.words)?,
    };
    let place = typed.output.as_deref().unwrap_or(Path::new("."));
    let directory = Directory::open(place)?;
    let (trace, course) = watched(typed, workload.as_ref(), output)?;
    if course.interrupted {
        return Ok(ExitCode::Interrupted);
    }
    let derived = policy_derive::from_trace(&trace, Some(&name))?;
    let written = write(&directory, &name, &trace, &derived)?;

    let policy = derived
        .manifest
        .policy(Some(&derived.lock))
        .or_cannot(|| "use the derived policy".to_owned())?;
    let policy = site::limited(policy, &typed.site, output)?;
    let target = enforcement::target()?;
    let command = derived.manifest.service.exec.clone();
    let (plan, _) = enforcement::plan(
        &derived.manifest,
        Some(&derived.lock),
        &policy,
        command,
        &target,
    )?;
    let trouble = rehearse(&plan, &course, workload.as_ref(), &typed.waiting, output)?;
    let proof = match &trouble {
        None => Some(proof::attack(&derived.manifest, &policy, &plan, output)?),
        Some(trouble) => {
            output.say(&trouble.last_lines);
            None
        }
    };
    let missing = match &trouble {
        None => Vec::new(),
        Some(_) => missing_grants(&plan, &policy, workload.as_ref(), &typed.waiting, output)?,
    };
    let hardened = Hardened {
        learned: learn::learned(&trace),
        derived: &derived,
        files: written.files,
        kept: written.kept,
        workload: workload.as_ref().map(Workload::text),
        confined: outcome(trouble, missing),
        notes: &plan.notes,
        proof: proof.as_ref(),
    };
    match typed.format {
        Format::Json => output.json(&hardened.json())?,
        Format::Plain => output.result(&hardened.plain(output))?,
    }
    Ok(match &proof {
        None => ExitCode::Cannot,
        // What is unproven is in the report; the service is confined all the same.
        Some(proof) => match proof::verdict(proof) {
            ExitCode::OpenControls => ExitCode::Fine,
            code => code,
        },
    })
}

fn watched(
    typed: &Harden,
    workload: Option<&Workload>,
    output: &Output,
) -> Result<(Trace, Course), Failure> {
    let prepare = || "set up the service's output".to_owned();
    let capture = Capture::new(output.echo()).or_cannot(prepare)?;
    let streams = Streams::captured(&capture).or_cannot(prepare)?;
    let purpose = workload.map_or(Purpose::StartOnly, Purpose::Use);
    let mut session = Session::new(purpose, &typed.waiting, Some(capture), output);
    let trace = learn::watched(&typed.words, &typed.waiting, &mut session)?;
    drop(streams);
    let course = session.finish();
    match &course.failure {
        Some(why) => Err(learn::failed(&typed.words, why, &course)),
        None => Ok((trace, course)),
    }
}

struct Written {
    files: Vec<String>,
    kept: Vec<String>,
}

fn write(
    directory: &Directory,
    name: &str,
    trace: &Trace,
    derived: &Derived,
) -> Result<Written, Failure> {
    let trace_name = format!("{name}.trace.jsonl");
    directory.write_private(&trace_name, trace.to_lines().as_bytes())?;
    let manifest = format!("{name}.toml");
    let kept = policy_derive::write(derived, directory, &manifest)?;
    let path = |name: &str| directory.path_of(name).display().to_string();
    Ok(Written {
        files: vec![
            path(&manifest),
            path(&format!("{name}.lock")),
            path(&trace_name),
        ],
        kept: kept.into_iter().map(|name| path(&name)).collect(),
    })
}

/// Runs the service once more, confined and traced, to hear which grants it misses.
fn missing_grants(
    plan: &Plan,
    policy: &Policy,
    workload: Option<&Workload>,
    waiting: &Waiting,
    output: &Output,
) -> Result<Vec<String>, Failure> {
    let prepare = || "set up the service's output".to_owned();
    let capture = Capture::new(output.echo()).or_cannot(prepare)?;
    let _streams = Streams::captured(&capture).or_cannot(prepare)?;
    let purpose = workload.map_or(Purpose::StartOnly, Purpose::Use);
    let mut session = Session::new(purpose, waiting, Some(capture), output);
    let (_, denials) = explain_denials(plan.clone(), policy, &mut |event| session.answer(event))
        .map_err(|error| denials::failed(&error))?;
    // How this run went is known from the one before it.
    drop(session.finish());
    Ok(denials::rows(&denials))
}

fn outcome(trouble: Option<Trouble>, missing: Vec<String>) -> Confined {
    match trouble {
        None => Confined::Passed,
        Some(trouble) => Confined::Failed {
            why: trouble.why,
            missing,
        },
    }
}
