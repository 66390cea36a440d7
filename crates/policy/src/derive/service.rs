//! The service's own settings: its name, its command, where it runs and how it ends.

use std::collections::BTreeSet;

use super::DeriveError;
use super::fold::own_installation;
use crate::manifest::Kind;
use crate::path::{AbsPath, unescape};
use crate::trace::{Address, Fact, Outcome, Run, Trace};

/// The run whose command becomes the manifest's.
///
/// Runs of different programs are different services. Runs that differ only in their arguments are one;
/// the first in canonical order speaks for them.
pub(super) fn representative(trace: &Trace) -> Result<&Run, DeriveError> {
    let mut runs = trace.runs();
    let first = runs.next().ok_or(DeriveError::NoRun)?;
    for other in runs {
        if other.exec != first.exec {
            return Err(DeriveError::Programs(
                first.exec.clone(),
                other.exec.clone(),
            ));
        }
        if other.sha256 != first.sha256 {
            return Err(DeriveError::Builds(first.exec.clone()));
        }
        if other.arch != first.arch {
            return Err(DeriveError::Machines(
                first.arch.clone(),
                other.arch.clone(),
            ));
        }
    }
    Ok(first)
}

/// The command: the program by the name it was called, and its arguments.
///
/// Programs with several names look at the one they were called by (`redis-server` is a link to
/// `redis-check-rdb` in Debian), so the resolved path alone may start another program.
pub(super) fn command(trace: &Trace, run: &Run) -> Vec<String> {
    let program = called_by(trace, run).unwrap_or_else(|| run.exec.clone());
    let arguments = run.argv.iter().skip(1).map(|text| plain(text));
    std::iter::once(plain(&program.to_string()))
        .chain(arguments)
        .collect()
}

/// The unescaped text, where it is UTF-8; a manifest is text.
fn plain(escaped: &str) -> String {
    unescape(escaped)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_else(|| escaped.to_owned())
}

fn called_by(trace: &Trace, run: &Run) -> Option<AbsPath> {
    let called = unescape(run.argv.first()?).ok()?;
    if let Ok(path) = AbsPath::from_bytes(&called) {
        return Some(path);
    }
    let name = called.rsplit(|byte| *byte == b'/').next()?;
    if run.exec.file_name() == Some(name) {
        return None;
    }
    trace.facts().find_map(|(fact, _)| match fact {
        Fact::Link { path, .. } if path.file_name() == Some(name) && is_in_bin(path) => {
            Some(path.clone())
        }
        _ => None,
    })
}

fn is_in_bin(path: &AbsPath) -> bool {
    path.parent()
        .is_some_and(|parent| matches!(parent.file_name(), Some(b"bin" | b"sbin" | b"libexec")))
}

/// The name: that of the unit, or the last component of the command, of the characters that names may have.
pub(super) fn name(run: &Run, command: &[String]) -> String {
    let unit = run
        .unit
        .as_ref()
        .and_then(|unit| unit.name.strip_suffix(".service"));
    if let Some(unit) = unit {
        return plain_name(unit);
    }
    let program = command.first().map_or("", String::as_str);
    plain_name(program.rsplit('/').next().unwrap_or_default())
}

fn plain_name(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "._-@".contains(*c))
        .collect();
    let kept = kept.trim_start_matches(['-', '.']);
    if kept.is_empty() {
        "service".to_owned()
    } else {
        kept.to_owned()
    }
}

/// The names under which the service's own configuration may lie below `/etc`.
pub(super) fn own_names(name: &str, run: &Run) -> BTreeSet<Vec<u8>> {
    let program = run.exec.file_name().unwrap_or_default();
    [name.as_bytes(), program]
        .into_iter()
        .flat_map(|whole| {
            let stem = whole
                .split(|byte| !byte.is_ascii_alphabetic())
                .next()
                .unwrap_or_default();
            [whole.to_vec(), stem.to_vec()]
        })
        .filter(|name| name.len() > 1)
        .collect()
}

/// The working directory, if the service used anything in it; else it was only where someone stood.
pub(super) fn directory(trace: &Trace, run: &Run) -> Option<AbsPath> {
    let top = &run.directory;
    let installed = own_installation(&run.exec);
    let used = trace.service_facts().any(|(fact, _)| match fact {
        Fact::File {
            path,
            outcome: Outcome::Done,
            ..
        } => path.is_within(top) && !installed.iter().any(|own| path.is_within(own)),
        _ => false,
    });
    (top.parent().is_some() && used).then(|| top.clone())
}

/// How it tells that it is ready.
pub(super) fn kind(trace: &Trace, serves: bool) -> Kind {
    let notifies = trace.service_facts().any(|(fact, _)| match fact {
        Fact::Connect {
            address: Address::Unix(path),
            ..
        } => path.file_name() == Some(b"notify"),
        _ => false,
    });
    let ended_well = trace
        .runs()
        .all(|run| run.ended.as_deref() == Some("exit 0"));
    match (notifies, serves, ended_well) {
        (true, _, _) => Kind::Notify,
        (false, false, true) => Kind::Oneshot,
        _ => Kind::Simple,
    }
}
