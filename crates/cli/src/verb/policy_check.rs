//! `ringfence policy check`: is a manifest right, is its lock fresh, and what does this host enforce?

use ringfence_compile::native::{Coverage, Target};
use serde::Serialize;

use crate::args::{Check, Format};
use crate::coverage_table::rows;
use crate::enforcement;
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::{Output, Tone};
use crate::policy_file::PolicyFile;
use crate::site;
use crate::table::table;

/// What was found about one manifest.
#[derive(Serialize)]
struct Checked {
    file: String,
    name: String,
    /// `fresh`, `stale`, or `missing`.
    lock: &'static str,
    coverage: Coverage,
}

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    target: &'a Target,
    files: &'a [Checked],
}

/// Checks every file; the first that is wrong ends it.
pub fn check(typed: &Check, output: &Output) -> Result<ExitCode, Failure> {
    let target = enforcement::target()?;
    let mut checked = Vec::new();
    for path in &typed.files {
        let file = PolicyFile::read(path, output)?;
        let policy = site::limited(file.policy()?, &typed.site, output)?;
        let command = file.manifest.service.exec.clone();
        let (_, coverage) = enforcement::plan(
            &file.manifest,
            file.lock.as_ref(),
            &policy,
            command,
            &target,
        )?;
        checked.push(Checked {
            file: path.display().to_string(),
            name: file.manifest.service.name.clone(),
            lock: match &file.lock {
                None => "missing",
                Some(_) if file.lock_is_stale() => "stale",
                Some(_) => "fresh",
            },
            coverage,
        });
    }
    match typed.format {
        Format::Json => output.json(&Json {
            schema: "ringfence.check/1",
            target: &target,
            files: &checked,
        })?,
        Format::Plain => {
            let text: String = checked
                .iter()
                .map(|one| plain(one, &target, output))
                .collect();
            output.result(&text)?;
        }
    }
    let stale = checked.iter().any(|one| one.lock == "stale");
    Ok(if stale {
        ExitCode::Differs
    } else {
        ExitCode::Fine
    })
}

fn plain(checked: &Checked, target: &Target, output: &Output) -> String {
    let lock = match checked.lock {
        "stale" => {
            "the lock is stale: the manifest was edited after it was made (its system calls still hold)"
        }
        "missing" => "no lock: nothing was learned for this manifest",
        _ => "the lock is fresh",
    };
    let mut text = format!(
        "{}  {} on Linux {}, native sandbox\n{:8}  {lock}\n",
        output.tone(Tone::Strong, &checked.file),
        checked.name,
        target.kernel,
        "",
    );
    let rows = rows(&checked.coverage, output);
    text.push_str(&table(&rows, output));
    text
}
