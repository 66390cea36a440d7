//! Starting a command under the tracer.
//!
//! The child waits on a pipe until it is seized, so nothing of it goes unseen, loads the filter last, and
//! executes. What it does between the filter and `execve` is nothing.

use std::ffi::{CString, OsStr, OsString};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ringfence_sys::process::{Fork, exec, exit_now, fork};
use ringfence_sys::ptrace;
use ringfence_sys::seccomp::{FilterFlags, load_filter};
use ringfence_sys::signal::{self, SignalSet};
use rustix::process::Pid;

use super::{LearnError, filter};
use crate::watch::Watch;

/// Everything a tracee stops for.
pub fn stops() -> ptrace::Options {
    use ptrace::Options;
    Options::SYSCALL_GOOD
        | Options::FORK
        | Options::VFORK
        | Options::CLONE
        | Options::EXEC
        | Options::EXIT
        | Options::SECCOMP
        | Options::EXIT_KILL
}

/// A child that is seized and about to execute.
pub struct Launched {
    /// Its number.
    pub pid: Pid,
    /// Tells the error number when `execve` or what comes before it failed; closed by a successful exec.
    pub failure: OwnedFd,
}

/// Finds the program as execvp(3) does.
fn find(name: &OsStr, watch: &Watch) -> Result<PathBuf, LearnError> {
    let missing = |source| LearnError::Program {
        program: name.to_owned(),
        source,
    };
    if name.is_empty() {
        return Err(missing(io::ErrorKind::NotFound.into()));
    }
    let directory = watch.directory.as_deref().unwrap_or(Path::new(""));
    if name.as_bytes().contains(&b'/') {
        return check(&directory.join(name))
            .map(|()| PathBuf::from(name))
            .map_err(missing);
    }
    let path = match &watch.environment {
        None => std::env::var_os("PATH"),
        Some(pairs) => pairs
            .iter()
            .find(|(key, _)| key == "PATH")
            .map(|(_, value)| value.clone()),
    };
    let path = path.unwrap_or_else(|| OsString::from("/bin:/usr/bin"));
    let mut error = io::Error::from(io::ErrorKind::NotFound);
    for entry in path.as_bytes().split(|byte| *byte == b':') {
        let candidate = Path::new(OsStr::from_bytes(entry)).join(name);
        match check(&directory.join(&candidate)) {
            // An empty entry of PATH is the working directory.
            Ok(()) if entry.is_empty() => return Ok(Path::new(".").join(name)),
            Ok(()) => return Ok(candidate),
            Err(reason) if reason.kind() == io::ErrorKind::PermissionDenied => error = reason,
            Err(_) => {}
        }
    }
    Err(missing(error))
}

fn check(path: &Path) -> io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() || metadata.permissions().mode() & 0o111 == 0 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(rustix::fs::access(path, rustix::fs::Access::EXEC_OK)?)
}

fn string(bytes: impl Into<Vec<u8>>) -> Result<CString, LearnError> {
    CString::new(bytes).map_err(|error| LearnError::Nul {
        text: OsString::from_vec(error.into_vec()),
    })
}

/// Forks, seizes the child and lets it go towards `execve`. `mask` is the signal mask it starts with.
pub fn launch(watch: &Watch, mask: SignalSet) -> Result<Launched, LearnError> {
    let name = watch.argv.first().ok_or(LearnError::Nothing)?;
    let program = find(name, watch)?;
    let path = string(program.clone().into_os_string().into_vec())?;
    let argv = watch
        .argv
        .iter()
        .map(|argument| string(argument.as_bytes()))
        .collect::<Result<Vec<_>, _>>()?;
    let pairs: Vec<(OsString, OsString)> = match &watch.environment {
        Some(pairs) => pairs.clone(),
        None => std::env::vars_os().collect(),
    };
    let environment = pairs
        .iter()
        .map(|(key, value)| string([key.as_bytes(), b"=", value.as_bytes()].concat()))
        .collect::<Result<Vec<_>, _>>()?;
    let filter = filter::program();
    let start = |source: io::Error| LearnError::Start {
        program: name.clone(),
        source,
    };
    let pipe = || {
        rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
            .map_err(|errno| start(errno.into()))
    };
    let (gate, opener) = pipe()?;
    let (failure, report) = pipe()?;
    match fork().map_err(LearnError::Fork)? {
        Fork::Child => {
            drop((opener, failure));
            let error = child(watch, mask, &gate, filter, || {
                exec(&path, &argv, &environment)
            });
            let number = error.raw_os_error().unwrap_or(0);
            // Nobody is left to tell when this fails.
            let _ = rustix::io::write(&report, &number.to_ne_bytes());
            exit_now(127)
        }
        Fork::Parent(pid) => {
            drop((gate, report));
            ptrace::seize(pid, stops()).map_err(LearnError::Seize)?;
            std::fs::File::from(opener).write_all(b"g").map_err(start)?;
            Ok(Launched { pid, failure })
        }
    }
}

/// What the child does; returns only with an error.
fn child(
    watch: &Watch,
    mask: SignalSet,
    gate: &OwnedFd,
    filter: Vec<ringfence_sys::seccomp::Instruction>,
    exec: impl FnOnce() -> io::Error,
) -> io::Error {
    let prepare = || -> io::Result<()> {
        if let Some(directory) = &watch.directory {
            rustix::process::chdir(directory)?;
        }
        if let Some(output) = &watch.output {
            rustix::stdio::dup2_stdout(output)?;
            rustix::stdio::dup2_stderr(output)?;
        }
        signal::reset_dispositions()?;
        let mut byte = [0];
        if rustix::io::read(gate, &mut byte)? == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        signal::set_mask(mask)?;
        // With CAP_SYS_ADMIN a filter needs no `no_new_privs`, which would change what the service may do.
        match load_filter(filter.clone(), FilterFlags::empty()) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                rustix::thread::set_no_new_privs(true)?;
                load_filter(filter, FilterFlags::empty())?;
            }
            loaded => drop(loaded?),
        }
        Ok(())
    };
    match prepare() {
        Err(error) => error,
        Ok(()) => exec(),
    }
}
