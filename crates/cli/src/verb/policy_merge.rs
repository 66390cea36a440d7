//! `ringfence policy merge`: joins traces, or manifests.

use std::path::{Path, PathBuf};

use ringfence_policy::lock::{Lock, sha256};
use ringfence_policy::manifest::Manifest;
use ringfence_policy::merge::{MergeError, merge as join, merge_locks};
use ringfence_policy::trace::Trace;

use super::policy_derive::lock_name;
use crate::args::Merge;
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::policy_file::PolicyFile;
use crate::store;

/// Joins files of one kind and prints or writes the result.
pub fn merge(typed: &Merge, output: &Output) -> Result<ExitCode, Failure> {
    let inputs = typed
        .files
        .iter()
        .map(|path| Ok((path, store::read_input(path)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let traces = inputs
        .iter()
        .filter(|(_, bytes)| looks_like_a_trace(bytes))
        .count();
    let joined = match traces {
        0 => joined_manifests(&typed.files, output)?,
        count if count == inputs.len() => Joined {
            text: joined_traces(&inputs)?,
            lock: None,
        },
        _ => {
            return Err(Failure::usage("merge traces with manifests")
                .help("derive a manifest from the traces first: `ringfence policy derive`"));
        }
    };
    match &typed.output {
        Some(path) => {
            let (directory, name) = store::place(path)?;
            directory.write(&name, joined.text.as_bytes())?;
            if let Some(lock) = &joined.lock {
                directory.write(&lock_name(&directory, &name)?, lock.as_bytes())?;
            }
        }
        None => output.result(&joined.text)?,
    }
    Ok(ExitCode::Fine)
}

/// A trace is JSON Lines, and no manifest starts with a brace.
fn looks_like_a_trace(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

fn joined_traces(inputs: &[(&PathBuf, Vec<u8>)]) -> Result<String, Failure> {
    let mut joined = Trace::new();
    for (path, bytes) in inputs {
        joined = joined.join(read_trace(path, bytes)?);
    }
    Ok(joined.to_lines())
}

/// Reads a trace; an error names the file and the line.
pub fn read_trace(path: &Path, bytes: &[u8]) -> Result<Trace, Failure> {
    Trace::from_lines(bytes).or_usage(|| format!("read {}", path.display()))
}

/// The joined file, and for manifests the joined lock where there is one, as text.
struct Joined {
    text: String,
    lock: Option<String>,
}

fn joined_manifests(paths: &[PathBuf], output: &Output) -> Result<Joined, Failure> {
    let mut manifest: Option<Manifest> = None;
    let mut lock: Option<Lock> = None;
    for path in paths {
        let file = PolicyFile::read(path, output)?;
        // Finds a missing lock, and says what to do about it.
        file.policy()?;
        let failure = |error: MergeError| {
            Failure::usage(error.to_string()).help(format!(
                "it is {} that differs from those before it",
                path.display()
            ))
        };
        manifest = Some(match manifest {
            None => file.manifest,
            Some(before) => join(&before, &file.manifest).map_err(failure)?,
        });
        lock = match (lock, file.lock) {
            (Some(before), Some(own)) => {
                Some(merge_locks(&before, &own, String::new()).map_err(failure)?)
            }
            (before, own) => before.or(own),
        };
    }
    let manifest = manifest
        .ok_or_else(|| Failure::usage("merge nothing"))?
        .render();
    let lock = lock.map(|mut lock| {
        lock.manifest_sha256 = sha256(manifest.as_bytes());
        lock.render()
    });
    Ok(Joined {
        text: manifest,
        lock,
    })
}
