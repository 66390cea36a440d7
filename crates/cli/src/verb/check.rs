//! `ringfence check --baseline`: services may lose privileges and gain none.

use std::collections::{BTreeMap, BTreeSet};

use ringfence_unit::score::Model;

use crate::args::{self, CheckUnits, Format};
use crate::baseline::{Baseline, Ratchet, json, plain};
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::score::Verdict;
use crate::store::place;
use crate::survey::{Judged, Open, release, services};

pub fn check(typed: &CheckUnits, output: &Output) -> Result<ExitCode, Failure> {
    let shown = typed.baseline.display();
    let exists = typed.baseline.symlink_metadata().is_ok();
    if !exists && !typed.update {
        return Err(
            Failure::usage(format!("read {shown}: there is no such file"))
                .help("`--update` writes one with what services have now"),
        );
    }
    let old = if exists {
        Some(Baseline::read(&typed.baseline)?)
    } else {
        None
    };
    let verdict = verdict(typed, old.as_ref(), output)?;
    let services = services(typed.root.as_deref(), &verdict.profile)
        .or_cannot(|| "look for services".to_owned())?;
    let judged = services.loaded.iter();
    let judged: Vec<_> = judged
        .map(|service| Judged::of(service, verdict, None))
        .collect();
    let open: BTreeMap<String, Open> = judged
        .iter()
        .map(|judged| (judged.name.to_string(), judged.open()))
        .collect();
    let unknown: BTreeSet<String> = services
        .broken
        .iter()
        .map(|(name, _)| name.to_string())
        .collect();
    let accepted: BTreeSet<String> = typed.accept.iter().map(ToString::to_string).collect();
    if let Some(missing) = accepted.iter().find(|name| !open.contains_key(*name)) {
        return Err(Failure::usage(format!(
            "accept {missing}: there is no such service"
        )));
    }
    let base = old.clone().unwrap_or_else(|| Baseline {
        systemd: verdict.profile.version(),
        model: verdict.model,
        new: Open::new(),
        services: open.clone(),
    });
    let mut ratchet = Ratchet::compare(&base, &open, &unknown);
    if typed.update {
        let tightened = base.tightened(&open, &unknown, &accepted);
        if old.as_ref() != Some(&tightened) {
            let (directory, name) = place(&typed.baseline)?;
            directory.write(&name, tightened.to_text().as_bytes())?;
            output.note(&format!(
                "wrote {shown}: {} services",
                tightened.services.len()
            ));
        }
        ratchet = Ratchet::compare(&tightened, &open, &unknown);
    }
    let not_loaded: Vec<String> = unknown.into_iter().collect();
    match typed.format {
        Format::Plain => output.result(&plain(&ratchet, &judged, output))?,
        Format::Json => output.json(&json(&ratchet, &not_loaded))?,
    }
    for (name, error) in &services.broken {
        output.note(&format!("nothing is known of {name}: cannot {error}"));
    }
    if ratchet.is_loose() {
        output.note("the baseline allows more than services have; `--update` takes it out");
    }
    Ok(if ratchet.grew() {
        output.say(&format!(
            "help: take back what grew, or write it down: ringfence check --baseline {shown} --update --accept UNIT"
        ));
        ExitCode::Grown
    } else if services.broken.is_empty() {
        ExitCode::Fine
    } else {
        ExitCode::Cannot
    })
}

/// Whose verdict counts: what a baseline holds was said by one, and another would say something else.
fn verdict(
    typed: &CheckUnits,
    old: Option<&Baseline>,
    output: &Output,
) -> Result<Verdict, Failure> {
    let asked = typed.model.map(|model| match model {
        args::Model::Offline => Model::Offline,
        args::Model::Manager => Model::Manager,
    });
    let Some(old) = old else {
        return Ok(Verdict {
            profile: release(typed.systemd, typed.root.as_deref(), output)?,
            model: asked.unwrap_or(Model::Manager),
        });
    };
    let other = typed.systemd.is_some_and(|version| version != old.systemd)
        || asked.is_some_and(|model| model != old.model);
    if other {
        let what = format!(
            "compare with {}: it holds what systemd {} says as {}",
            typed.baseline.display(),
            old.systemd,
            old.model
        );
        return Err(Failure::usage(what).help(
            "leave out `--systemd` and `--as`, or begin a new baseline by writing it to another file",
        ));
    }
    Ok(Verdict {
        profile: release(Some(old.systemd), None, output)?,
        model: old.model,
    })
}
