//! `ringfence score`: how exposed units are, as systemd sees it.

use ringfence_unit::score::Model;

use crate::args::{self, Score, ScoreFormat};
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::score::{Scored, Verdict, find, json, plain, tsv};
use crate::survey::release;

pub fn score(typed: &Score, output: &Output) -> Result<ExitCode, Failure> {
    let verdict = Verdict {
        profile: release(typed.systemd, typed.root.as_deref(), output)?,
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
