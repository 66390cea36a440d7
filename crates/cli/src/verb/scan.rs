//! `ringfence scan`: every service of a place, ranked.

use ringfence_compile::systemd::Target;
use ringfence_host::systemd::Systemctl;
use ringfence_host::target::detect;
use ringfence_unit::score::Model;

use crate::args::{self, Scan, ScanFormat};
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::scan::{Scanned, json, plain, sarif};
use crate::score::Verdict;
use crate::survey::{Judged, release, services};

pub fn scan(typed: &Scan, output: &Output) -> Result<ExitCode, Failure> {
    let root = typed.root.as_deref();
    let verdict = Verdict {
        profile: release(typed.systemd, root, output)?,
        model: match typed.model {
            args::Model::Offline => Model::Offline,
            args::Model::Manager => Model::Manager,
        },
    };
    let services = services(root, &verdict.profile).or_cannot(|| "look for services".to_owned())?;
    let target = match root {
        None => target(output),
        Some(_) => None,
    };
    let judged = services.loaded.iter();
    let judged = judged
        .map(|service| Judged::of(service, verdict, target.as_ref()))
        .collect();
    let scanned = Scanned::new(judged, &services, verdict, root);
    match typed.format {
        ScanFormat::Plain => output.result(&plain(&scanned, typed.brief, output))?,
        ScanFormat::Json => output.json(&json(&scanned))?,
        ScanFormat::Sarif => output.json(&sarif(&scanned))?,
    }
    let nothing = scanned.ranked.is_empty() && services.broken.is_empty();
    Ok(if nothing && typed.format != ScanFormat::Sarif {
        ExitCode::NothingMatched
    } else {
        ExitCode::Fine
    })
}

/// The facts of this host, for what they make void.
fn target(output: &Output) -> Option<Target> {
    let detected = match detect(&Systemctl::default()) {
        Ok(detected) => detected,
        Err(error) => {
            output.note(&format!(
                "which directives are void here is not known: {error}"
            ));
            return None;
        }
    };
    if !detected.unknown.is_empty() {
        let unknown = detected.unknown.join("; ");
        output.note(&format!(
            "not known, so nothing is called void for it: {unknown}"
        ));
    }
    Some(taken_for_there(detected.target))
}

/// What is unknown of a host is taken for missing in its target. Here that would make findings out of
/// nothing, so it is taken for there. No kernel is without a security module, and no host without a
/// controller.
fn taken_for_there(mut target: Target) -> Target {
    let full = Target::of_version(target.version, target.arch);
    if target.lsm.is_empty() {
        target.lsm = full.lsm;
    }
    if target.controllers.is_empty() {
        target.controllers = full.controllers;
        target.cgroups = full.cgroups;
    }
    target
}
