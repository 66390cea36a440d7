//! `ringfence apply`: a policy on a unit.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ringfence_compile::coverage::Coverage;
use ringfence_host::deploy::{Affected, Change, Claim, Course, affected};
use ringfence_policy::grant::Grant;
use ringfence_unit::load::Unit;
use ringfence_unit::name::UnitName;

use super::policy_derive;
use crate::args::Apply;
use crate::check::Prepared;
use crate::deployment::{Stage, failure, guard_edits};
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::{Output, Tone};
use crate::policy_file::PolicyFile;
use crate::site;
use crate::store;
use crate::table::{Row, table};
use crate::unit_hardening::{Force, Kept, Paper, Secrets, Verdict, enforce};
use crate::unit_policy::{Compiled, compile_for, find, has_main_file};
use crate::workload::Workload;

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
    let paper = Paper {
        manifest: file.manifest.clone(),
        text: file.text.clone(),
        lock: file.lock.clone(),
    };
    let command = file.manifest.check.as_ref();
    let command = command.and_then(|check| Workload::of_words(check.workload.as_deref()?));
    let mut force = Force {
        stage: &stage,
        claim: &claim,
        unit: packaged,
        name: found.as_ref().map_or(unit, |unit| &unit.name),
        site: &typed.site,
        workloads: command.as_slice(),
        checks: check.as_slice(),
        confirm_within: typed.confirm_within.map(|span| Duration::from_secs(span.0)),
        replace_edits: typed.replace_edits,
        secrets: Secrets::default(),
        kept: None,
    };
    match enforce(paper, &mut force)? {
        Verdict::Enforced { paper, given_back } => {
            if !given_back.is_empty() {
                save(&typed.policy, &paper)?;
            }
            output.result(&in_force(unit, &given_back, force.kept, typed, output))?;
            Ok(ExitCode::Fine)
        }
        Verdict::TakenBack { trouble, in_vain } => {
            let what = format!("keep {unit} running under this policy: {}", trouble.why);
            let failure = Failure::cannot(what).lines(&trouble.lines);
            let failure = in_vain.iter().fold(failure, |failure, grant| {
                failure.help(format!("giving back `{grant}` did not help"))
            });
            Err(failure.help("everything is as it was before"))
        }
    }
}

/// Writes a policy that was widened where it came from. What was there is kept.
fn save(path: &Path, paper: &Paper) -> Result<(), Failure> {
    let (directory, name) = store::place(path)?;
    directory.write_keeping_old(&name, paper.text.as_bytes())?;
    if let Some(lock) = &paper.lock {
        let name = policy_derive::lock_name(&directory, &name)?;
        directory.write(&name, lock.render().as_bytes())?;
    }
    Ok(())
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

fn in_force(
    unit: &UnitName,
    given_back: &[Grant],
    kept: Option<Kept>,
    typed: &Apply,
    output: &Output,
) -> String {
    let Some(kept) = kept else {
        return String::new();
    };
    let does = if kept.runs {
        "it works with it"
    } else {
        "it does not run, and has it when it is started"
    };
    let mut text = format!(
        "{}      generation {} of {unit}; {does}\n",
        output.tone(Tone::Good, "applied"),
        kept.generation
    );
    for grant in given_back {
        let _ = writeln!(
            text,
            "{}  {grant}: given back, it does not work without; review it in {}",
            output.tone(Tone::Unsure, "provisional"),
            typed.policy.display()
        );
    }
    if kept.awaiting.is_some() {
        let _ = writeln!(
            text,
            "{}  it is rolled back unless `ringfence confirm {unit}` comes in time",
            output.tone(Tone::Unsure, "unconfirmed")
        );
    }
    text
}
