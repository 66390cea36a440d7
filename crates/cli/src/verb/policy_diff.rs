//! `ringfence policy diff`: which privileges a new manifest adds.

use ringfence_policy::diff::{Change, Diff as Difference, diff as compare};
use serde::Serialize;

use crate::args::{Diff, Format};
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::{Output, Tone};
use crate::policy_file::PolicyFile;
use crate::table::{Row, table};

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    grew: bool,
    #[serde(flatten)]
    difference: &'a Difference,
}

/// Compares two manifests by what they allow.
pub fn diff(typed: &Diff, output: &Output) -> Result<ExitCode, Failure> {
    let old = PolicyFile::read(&typed.old, output)?.policy()?;
    let new = PolicyFile::read(&typed.new, output)?.policy()?;
    let difference = compare(&old, &new);
    let grew = difference.grew();
    match typed.format {
        Format::Json => {
            let json = Json {
                schema: "ringfence.diff/1",
                grew,
                difference: &difference,
            };
            output.json(&json)?;
        }
        Format::Plain => output.result(&plain(&difference, output))?,
    }
    Ok(if grew {
        ExitCode::Grown
    } else {
        ExitCode::Fine
    })
}

fn plain(difference: &Difference, output: &Output) -> String {
    if difference.is_empty() {
        return "no privilege differs\n".to_owned();
    }
    let grown = rows(&difference.grown, "grown", Tone::Bad);
    let rows: Vec<Row> = grown
        .chain(rows(&difference.shrunk, "shrunk", Tone::Good))
        .collect();
    table(&rows, output)
}

fn rows(changes: &[Change], word: &str, tone: Tone) -> impl Iterator<Item = Row> {
    changes.iter().map(move |change| Row {
        tone,
        word: word.to_owned(),
        subject: change.grant.to_string(),
        detail: format!("risk {}: {}", change.risk.level, change.risk.sentence),
    })
}
