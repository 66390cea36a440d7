//! `ringfence score`: how exposed units are, as systemd sees it.

use ringfence_host::systemd::Systemctl;
use ringfence_unit::score::{Model, Profile};

use crate::args::{self, Score, ScoreFormat};
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::score::{Scored, Verdict, find, json, plain, tsv};

pub fn score(typed: &Score, output: &Output) -> Result<ExitCode, Failure> {
    let verdict = Verdict {
        profile: profile(typed.systemd, output)?,
        model: match typed.model {
            args::Model::Offline => Model::Offline,
            args::Model::Manager => Model::Manager,
        },
    };
    let found = find(&typed.units, typed.root.as_deref(), verdict)
        .or_cannot(|| "look for units".to_owned())?;
    let scored: Vec<Scored<'_>> = found
        .iter()
        .map(|found| Scored::of(found, verdict))
        .collect();
    match typed.format {
        ScoreFormat::Plain => output.result(&plain(&scored, verdict, output))?,
        ScoreFormat::Json => output.json(&json(&scored, verdict))?,
        ScoreFormat::Tsv => output.result(&tsv(&scored))?,
    }
    let mut code = ExitCode::Fine;
    for scored in &scored {
        let Some(trouble) = scored.trouble(verdict) else {
            continue;
        };
        code = ExitCode::Cannot;
        // For people it stands beside the score.
        if typed.format != ScoreFormat::Plain {
            output.note(&format!("{}: {trouble}", scored.name));
        }
    }
    Ok(code)
}

/// The release that was asked for, or else this host's, or one that is like it.
fn profile(asked: Option<u32>, output: &Output) -> Result<Profile, Failure> {
    if let Some(version) = asked {
        let nearest = Profile::nearest(version);
        return Profile::of(version)
            .or_usage(|| format!("score as systemd {version} does"))
            .map_err(|failure| {
                failure.help(format!("`--systemd {}` is most like it", nearest.version()))
            });
    }
    let Ok(installed) = Systemctl::default().version() else {
        let newest = Profile::newest();
        output.note(&format!(
            "no systemd is installed here: scoring as {newest} does"
        ));
        return Ok(newest);
    };
    Profile::of(installed.number).or_else(|_| {
        let nearest = Profile::nearest(installed.number);
        let number = installed.number;
        output.note(&format!(
            "there is no profile of systemd {number}: scoring as {nearest} does"
        ));
        Ok(nearest)
    })
}
