//! `ringfence apply`: a policy on a unit.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use ringfence_compile::coverage::Coverage;
use ringfence_host::deploy::{
    Affected, Awaiting, Change, Claim, Course, Deployment, Papers, affected,
};
use ringfence_unit::load::Unit;
use ringfence_unit::name::UnitName;

use crate::args::Apply;
use crate::check::Prepared;
use crate::deployment::{Stage, Trouble, edits, failure, guard_edits};
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::{Output, Tone};
use crate::policy_file::PolicyFile;
use crate::site;
use crate::table::{Row, table};
use crate::unit_policy::{Compiled, compile_for, find, has_main_file};

/// Shows, asks, writes, restarts, checks; and takes it back when anything fails.
pub fn apply(typed: &Apply, output: &Output) -> Result<ExitCode, Failure> {
    let file = PolicyFile::read(&typed.policy, output)?;
    let policy = site::limited(file.policy()?, &typed.site, output)?;
    let stage = Stage::set(&typed.health, output)?;
    let timeout = Duration::from_secs(typed.health.timeout.0);
    let check = file.manifest.check.as_ref();
    let check = check
        .map(|check| Prepared::new(check, timeout))
        .transpose()?;
    let found = find(&typed.unit)?;
    if found.is_none() {
        expect_named(&typed.unit, &file)?;
    }
    let unit = found.as_ref().map_or(&typed.unit, |unit| &unit.name);
    let template = unit.template();
    let unit = template.as_ref().unwrap_or(unit);
    let claim = stage.claim(unit)?;
    let packaged = packaged(found.as_ref(), unit, &claim)?;
    let compiled = compile_for(
        packaged,
        &file.manifest,
        file.lock.as_ref(),
        &policy,
        &stage.systemctl,
    )?;
    let units = affected(&stage.systemctl, unit, packaged.is_none()).map_err(failure)?;
    let change = claim.change(&compiled.artifacts).map_err(failure)?;
    note_other_changes(&stage, &units);
    output.result(&shown(&change, &compiled, output))?;
    if change.is_empty() {
        output.result(&format!("unchanged    {unit} has all of this already\n"))?;
        return Ok(ExitCode::Fine);
    }
    guard_edits(&change, typed.replace_edits)?;
    if typed.dry_run {
        return Ok(ExitCode::Differs);
    }
    if !typed.yes && !agreed(unit, &units, &stage)? {
        output.say("nothing is changed");
        return Ok(ExitCode::Fine);
    }
    let provisional: Vec<String> = file
        .lock
        .iter()
        .flat_map(|lock| lock.provisional.iter().map(ToString::to_string))
        .collect();
    let lock = file.lock.as_ref().map(ringfence_policy::lock::Lock::render);
    let papers = Papers {
        manifest: &file.text,
        lock: lock.as_deref(),
        provisional: &provisional,
    };
    let deployment = claim
        .write(&change, &papers, units, edits(typed.replace_edits))
        .map_err(failure)?;
    let within = typed.confirm_within.map(|span| Duration::from_secs(span.0));
    let tried = armed(&stage, &deployment, within).and_then(|awaiting| {
        stage.try_out(&deployment, check.as_ref())?;
        let kept = deployment.keep(awaiting);
        kept.map_err(|error| Trouble::Failed(failure(error)))?;
        Ok(awaiting)
    });
    match tried {
        Ok(awaiting) => {
            output.result(&kept(&deployment, unit, awaiting, output))?;
            Ok(ExitCode::Fine)
        }
        Err(trouble) => Err(stage.take_back(deployment, unit, trouble)),
    }
}

/// What else begins to count with the reload that the policy needs. It is not ours, and not undone.
fn note_other_changes(stage: &Stage<'_>, units: &[Affected]) {
    for affected in units {
        let unit = UnitName::parse(&affected.name).ok();
        let found = unit.and_then(|unit| stage.systemctl.state(&unit).ok());
        if found.is_some_and(|found| found.needs_daemon_reload) {
            stage.output.note(&format!(
                "files of {} changed since the service manager read them; that takes effect too",
                affected.name
            ));
        }
    }
}

fn armed(
    stage: &Stage<'_>,
    deployment: &Deployment<'_>,
    within: Option<Duration>,
) -> Result<Option<Awaiting>, Trouble> {
    within
        .map(|within| deployment.arm(&stage.systemctl, within))
        .transpose()
        .map_err(|error| Trouble::Failed(failure(error)))
}

/// The unit that the policy goes beside; `None` when the policy brings the unit itself.
fn packaged<'a>(
    found: Option<&'a Unit>,
    unit: &UnitName,
    claim: &Claim,
) -> Result<Option<&'a Unit>, Failure> {
    let Some(found) = found else {
        return Ok(None);
    };
    let main_file = PathBuf::from(format!("/etc/systemd/system/{unit}"));
    let ours =
        has_main_file(found, &main_file) && claim.has_written(&main_file).map_err(failure)?;
    Ok((!ours).then_some(found))
}

/// A unit that is not there has to be the one that the policy brings.
fn expect_named(unit: &UnitName, file: &PolicyFile) -> Result<(), Failure> {
    let name = &file.manifest.service.name;
    if unit.as_str() == format!("{name}.service") {
        return Ok(());
    }
    Err(
        Failure::usage(format!("find {unit}: no unit directory has it")).help(format!(
            "`systemctl list-unit-files` lists the units there are; for a unit of its own, give `--unit {name}`"
        )),
    )
}

/// The diff, and what it is worth.
fn shown(change: &Change, compiled: &Compiled, output: &Output) -> String {
    let mut text = String::new();
    for line in change.diff().lines() {
        let tone = match line.as_bytes().first() {
            Some(b'+') => Some(Tone::Good),
            Some(b'-') => Some(Tone::Bad),
            Some(b'@') => Some(Tone::Dim),
            _ => None,
        };
        match tone {
            Some(tone) => text.push_str(&output.tone(tone, line)),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&worth(&compiled.coverage, output));
    for unknown in &compiled.unknown {
        let _ = writeln!(text, "unknown      {unknown}; taken for missing");
    }
    text
}

/// How many rows are exact, and those that are not.
fn worth(coverage: &Coverage, output: &Output) -> String {
    let rows: Vec<Row> = coverage
        .inexact()
        .map(|row| Row {
            tone: Tone::Unsure,
            word: row.status.word().to_lowercase(),
            subject: row.subject.to_string(),
            detail: row.status.why().to_owned(),
        })
        .collect();
    let all = coverage.rows().len();
    let exact = all.saturating_sub(rows.len());
    format!("exact        {exact} of {all}\n{}", table(&rows, output))
}

/// Asks, and says what comes with a yes.
fn agreed(unit: &UnitName, units: &[Affected], stage: &Stage<'_>) -> Result<bool, Failure> {
    let restarts = units
        .iter()
        .filter(|affected| affected.course == Course::Restart)
        .count();
    let what = match restarts {
        0 => String::new(),
        1 => ", and restart it".to_owned(),
        more => format!(", and restart {more} instances"),
    };
    stage.agreed(&format!("Apply this to {unit}{what}?"))
}

fn kept(
    deployment: &Deployment<'_>,
    unit: &UnitName,
    awaiting: Option<Awaiting>,
    output: &Output,
) -> String {
    let generation = deployment.generation();
    let does = if deployment.runs() {
        "it works with it"
    } else {
        "it does not run, and has it when it is started"
    };
    let mut text = format!(
        "{}      generation {generation} of {unit}; {does}\n",
        output.tone(Tone::Good, "applied")
    );
    if awaiting.is_some() {
        let _ = writeln!(
            text,
            "{}  it is rolled back unless `ringfence confirm {unit}` comes in time",
            output.tone(Tone::Unsure, "unconfirmed")
        );
    }
    text
}
