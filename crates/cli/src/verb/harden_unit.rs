//! `ringfence harden --unit`: everything at once, on a unit of the running system.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ringfence_compile::systemd::declared;
use ringfence_policy::headroom::Headroom;
use ringfence_policy::known::known;
use ringfence_policy::lock::sha256;
use ringfence_policy::manifest::{Check, Seconds};
use ringfence_policy::trace::Trace;
use ringfence_unit::name::UnitName;
use ringfence_unit::score::Profile;

use super::learn::parse_workload;
use super::policy_derive;
use crate::args::{Format, Harden, Health};
use crate::capture::Streams;
use crate::deployment::{Stage, failure};
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::store::Directory;
use crate::unit_hardening::{
    End, Force, Hardened, Mask, Paper, Secrets, Standing, Verdict, checks, enforce,
};
use crate::unit_learning::{Exercises, Learned, learn_with_instances};
use crate::unit_policy::find;
use crate::workload::Workload;

/// Where the papers of units are kept unless someone says otherwise.
const PAPERS: &str = "/etc/ringfence";

/// Learns, confines and attacks a unit, and leaves it as it was when that fails.
pub fn harden(name: &UnitName, typed: &Harden, output: &Output) -> Result<ExitCode, Failure> {
    let workloads = typed
        .workloads
        .iter()
        .map(|text| parse_workload(text))
        .collect::<Result<Vec<_>, _>>()?;
    let timeout = Duration::from_secs(typed.waiting.timeout.into());
    let health = Health {
        timeout: Seconds(timeout.as_secs()),
        ..Health::default()
    };
    let stage = Stage::set(&health, output)?;
    // What systemctl or a workload prints is not the result of this verb.
    let streams = Streams::talking().or_cannot(|| "set up the output".to_owned())?;
    let claim = stage.claim(name)?;
    let mask = Mask::put(&stage.systemctl, name)?;
    let learned = learn_with_instances(name, &exercises(typed, &workloads, timeout), output);
    mask.lift()?;
    let learned = learned?;
    if learned.interrupted {
        return Ok(ExitCode::Interrupted);
    }
    let secrets = Secrets::of(&typed.on_unit.secrets, output)?;
    let paper = paper(&learned, typed, &workloads, &secrets)?;
    let checks = checks(&workloads, timeout)?;
    let mut force = Force {
        stage: &stage,
        claim: &claim,
        unit: Some(&learned.unit),
        name,
        site: &typed.site,
        workloads: &workloads,
        checks: &checks,
        confirm_within: typed
            .on_unit
            .confirm_within
            .map(|span| Duration::from_secs(span.0)),
        replace_edits: typed.on_unit.replace_edits,
        secrets,
        kept: None,
    };
    let compiled = force.compile(&paper)?;
    output.say(&force.change(&compiled)?.diff());
    let version = stage
        .systemctl
        .version()
        .map_err(|error| failure(error.into()))?
        .number;
    let mut notes = learned.notes.clone();
    notes.extend(
        compiled
            .unknown
            .iter()
            .map(|what| format!("unknown: {what}; taken for missing")),
    );
    let mut hardened = Hardened {
        unit: name.as_str(),
        systemd: version,
        paper,
        files: Vec::new(),
        coverage: compiled.coverage,
        notes,
        end: End::Shown,
        standing: None,
        confirm: false,
    };
    if !typed.on_unit.dry_run {
        typed.on_unit.consent(name, &stage)?;
        let profile = Profile::nearest(version);
        let policy = force.policy(&hardened.paper)?;
        let stands = |unit, policy, when| {
            Standing::of(unit, policy, &stage.systemctl, &profile, when, output)
        };
        let before = stands(&learned.unit, &policy, "as it was found")?;
        match enforce(hardened.paper.clone(), &mut force)? {
            Verdict::Enforced { paper, given_back } => {
                let now = find(name)?.ok_or_else(|| Failure::cannot(format!("find {name}")))?;
                let after = stands(&now, &force.policy(&paper)?, "as it is now")?;
                hardened.coverage = force.compile(&paper)?.coverage;
                hardened.paper = *paper;
                hardened.end = End::enforced(&given_back);
                hardened.standing = Some((before, after));
                hardened.confirm = force.kept.is_some_and(|kept| kept.awaiting.is_some());
            }
            Verdict::TakenBack { trouble, in_vain } => {
                hardened.end = End::taken_back(trouble, &in_vain);
            }
        }
        hardened.files = write(typed, &hardened.paper, &learned.trace)?;
    }
    drop(streams);
    match typed.format {
        Format::Json => output.json(&hardened.json())?,
        Format::Plain => output.result(&hardened.plain(output))?,
    }
    Ok(exit_code(&hardened, output))
}

fn exit_code(hardened: &Hardened<'_>, output: &Output) -> ExitCode {
    match &hardened.end {
        End::TakenBack(refused, _) => {
            output.say(&refused.lines);
            ExitCode::Cannot
        }
        // What is still open is in the report, and most of it in the coverage: no unit can say it. Who wants an
        // exit code for that asks `prove --unit`.
        _ => ExitCode::Fine,
    }
}

fn exercises<'a>(typed: &Harden, workloads: &'a [Workload], timeout: Duration) -> Exercises<'a> {
    Exercises {
        workloads,
        reload: true,
        rotate: true,
        restart: true,
        timeout,
        pin: !typed.waiting.free,
    }
}

/// The manifest: what was learned, what the vendor says, and how to see that it works.
fn paper(
    learned: &Learned,
    typed: &Harden,
    workloads: &[Workload],
    secrets: &Secrets,
) -> Result<Paper, Failure> {
    let name = match &typed.name {
        Some(name) => name.clone(),
        None => learned.unit.name.stem().to_owned(),
    };
    let derived = policy_derive::from_trace(&learned.trace, Some(&name))?;
    let (mut manifest, mut lock) = (derived.manifest, derived.lock);
    let policy = manifest
        .policy(Some(&lock))
        .or_cannot(|| "use the derived policy".to_owned())?;
    let vendor = declared(&learned.unit).into_iter().chain(known(&lock.exec));
    manifest
        .entries
        .extend(vendor.filter(|entry| !policy.allows(&entry.grant)));
    manifest.leave_headroom(&Headroom::of_host(memory()));
    manifest.check = workloads.first().map(|workload| Check {
        workload: Some(workload.words()),
        http: None,
        timeout: Some(Seconds(typed.waiting.timeout.into())),
    });
    secrets.enter(&mut manifest)?;
    manifest.normalize();
    let text = manifest.render();
    lock.manifest_sha256 = sha256(text.as_bytes());
    Ok(Paper {
        manifest,
        text,
        lock: Some(lock),
    })
}

/// Bytes of memory of this host.
fn memory() -> u64 {
    let info = rustix::system::sysinfo();
    info.totalram.saturating_mul(info.mem_unit.max(1).into())
}

/// Writes manifest, lock and trace; returns where they are.
fn write(typed: &Harden, paper: &Paper, trace: &Trace) -> Result<Vec<String>, Failure> {
    let path = typed
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(PAPERS));
    if path == Path::new(PAPERS) {
        std::fs::create_dir_all(&path).or_cannot(|| format!("make {PAPERS}"))?;
    }
    let directory = Directory::open(&path)?;
    let name = &paper.manifest.service.name;
    let traced = format!("{name}.trace.jsonl");
    let (manifest, lock) = (format!("{name}.toml"), format!("{name}.lock"));
    directory.write_private(&traced, trace.to_lines().as_bytes())?;
    directory.write_keeping_old(&manifest, paper.text.as_bytes())?;
    if let Some(paper) = &paper.lock {
        directory.write(&lock, paper.render().as_bytes())?;
    }
    Ok([manifest, lock, traced]
        .iter()
        .map(|name| directory.path_of(name).display().to_string())
        .collect())
}
