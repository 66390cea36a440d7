//! From a policy file to what this host's native sandbox makes of it.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ringfence_compile::native::{CompileError, Coverage, Plan, Settings, Target, compile};
use ringfence_policy::lock::Lock;
use ringfence_policy::manifest::Manifest;
use ringfence_policy::policy::Policy;

use crate::error::Failure;
use crate::exit::ExitCode;

/// The facts about this host. Copies this process, which must have one thread.
pub fn target() -> Result<Target, Failure> {
    ringfence_sandbox::detect()
        .map_err(|error| Failure::new(ExitCode::HostCannot, error.to_string()))
}

/// Compiles a policy for this host.
pub fn plan(
    manifest: &Manifest,
    lock: Option<&Lock>,
    policy: &Policy,
    command: Vec<String>,
    target: &Target,
) -> Result<(Plan, Coverage), Failure> {
    let settings = Settings {
        exec: command,
        ..Settings::new(manifest, lock)
    };
    compile(policy, &settings, target).map_err(|error| {
        // The message already says what cannot be done.
        let failure = |code| Failure::new(code, error.to_string());
        match &error {
            CompileError::Inexact { .. } => failure(ExitCode::OpenControls)
                .help("`ringfence policy check` lists what this host enforces"),
            CompileError::OtherUser { .. } => failure(ExitCode::HostCannot).help("run it as root"),
            _ => failure(ExitCode::Cannot),
        }
    })
}

/// The command with its program as an absolute path, found as a shell finds it.
pub fn resolved(words: &[OsString]) -> Result<Vec<String>, Failure> {
    let mut command = Vec::with_capacity(words.len());
    for word in words {
        let text = word.to_str().ok_or_else(|| {
            Failure::usage(format!("run `{}`", word.to_string_lossy()))
                .help("the words of a command are UTF-8")
        })?;
        command.push(text.to_owned());
    }
    if let Some(program) = command.first_mut() {
        let found = find(Path::new(program.as_str())).ok_or_else(|| {
            Failure::usage(format!("run `{program}`: no such program"))
                .help("name it by its path, or look at PATH")
        })?;
        *program = found.to_string_lossy().into_owned();
    }
    Ok(command)
}

fn find(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return std::path::absolute(program)
            .ok()
            .filter(|path| is_program(path));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|path| is_program(path))
        .and_then(|path| std::path::absolute(path).ok())
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
