//! `ringfence policy fmt`: the canonical form of manifests.

use std::fmt::Write as _;
use std::path::Path;

use ringfence_policy::lock::sha256;
use ringfence_policy::manifest::format as canonical;

use super::policy_derive::lock_name;
use crate::args::Fmt;
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::Output;
use crate::policy_file::{read_lock, wrong};
use crate::store;

/// Formats files in place, or names those that are not canonical. Nothing is written before every file
/// was read and understood.
pub fn fmt(typed: &Fmt, output: &Output) -> Result<ExitCode, Failure> {
    let mut changed = Vec::new();
    for path in &typed.files {
        let text = store::read_text(path)?;
        let formatted = canonical(&text).map_err(|errors| wrong(path, &errors, output))?;
        if formatted != text {
            changed.push((path, text, formatted));
        }
    }
    if typed.check {
        let mut names = String::new();
        for (path, ..) in &changed {
            let _ = writeln!(names, "{}", path.display());
        }
        output.result(&names)?;
        let code = if changed.is_empty() {
            ExitCode::Fine
        } else {
            ExitCode::Differs
        };
        return Ok(code);
    }
    for (path, text, formatted) in changed {
        rewrite(path, &text, &formatted, output)?;
        output.say(&format!("formatted {}", path.display()));
    }
    Ok(ExitCode::Fine)
}

/// Writes the formatted manifest. It says what it said before, so a lock that belonged to it still does.
fn rewrite(path: &Path, text: &str, formatted: &str, output: &Output) -> Result<(), Failure> {
    let (directory, name) = store::place(path)?;
    let lock = read_lock(path, output)?.filter(|lock| lock.is_for(text));
    directory.write(&name, formatted.as_bytes())?;
    if let Some(mut lock) = lock {
        lock.manifest_sha256 = sha256(formatted.as_bytes());
        directory.write(&lock_name(&directory, &name)?, lock.render().as_bytes())?;
    }
    Ok(())
}
