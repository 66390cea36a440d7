//! `ringfence policy derive`: from traces to a manifest and its lock.

use std::path::Path;

use ringfence_policy::derive::{Derived, Options, derive as derive_policy};
use ringfence_policy::trace::Trace;

use super::policy_merge::read_trace;
use crate::args::Derive;
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::policy_file::lock_path;
use crate::store::{self, Directory};

/// Derives from the join of all traces, and prints or writes the manifest.
pub fn derive(typed: &Derive, output: &Output) -> Result<ExitCode, Failure> {
    let mut trace = Trace::new();
    for path in &typed.traces {
        trace = trace.join(read_trace(path, &store::read_input(path)?)?);
    }
    let derived = from_trace(&trace, typed.name.as_deref())?;
    match &typed.output {
        Some(path) => {
            let (directory, name) = store::place(path)?;
            let lock = lock_name(&directory, &name)?;
            let kept = write(&derived, &directory, &name)?;
            let path = |name: &str| directory.path_of(name).display().to_string();
            output.say(&format!("wrote {} and {}", path(&name), path(&lock)));
            if let Some(kept) = kept {
                output.say(&format!(
                    "kept the manifest that was there as {}",
                    path(&kept)
                ));
            }
        }
        None => output.result(&derived.manifest.render())?,
    }
    Ok(ExitCode::Fine)
}

/// Derives from a trace. What cannot be derived from is wrong input.
pub fn from_trace(trace: &Trace, name: Option<&str>) -> Result<Derived, Failure> {
    let options = Options {
        name: name.map(str::to_owned),
        ..Options::default()
    };
    derive_policy(trace, &options).or_usage(|| "derive a policy from the trace".to_owned())
}

/// Writes a manifest and its lock. What was there and differs is kept; its new name is returned.
pub fn write(
    derived: &Derived,
    directory: &Directory,
    name: &str,
) -> Result<Option<String>, Failure> {
    let kept = directory.write_keeping_old(name, derived.manifest.render().as_bytes())?;
    directory.write(
        &lock_name(directory, name)?,
        derived.lock.render().as_bytes(),
    )?;
    Ok(kept.then(|| format!("{name}~")))
}

/// The name of the lock of a manifest with this name.
pub fn lock_name(directory: &Directory, name: &str) -> Result<String, Failure> {
    lock_path(Path::new(name))
        .into_os_string()
        .into_string()
        .ok()
        .filter(|lock| lock != name)
        .ok_or_else(|| {
            Failure::usage(format!("write {}", directory.path_of(name).display()))
                .help("a manifest's name ends with `.toml`; `.lock` is its lock's")
        })
}
