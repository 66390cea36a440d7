//! The wrapper: waits to be watched, loads the filter, and becomes the command.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ringfence_sys::process::exec;
use ringfence_sys::seccomp::{FilterFlags, load_filter};
use ringfence_sys::signal::{self, Signal, SignalSet};

use crate::ptrace::filter_program;

/// The signal that tells the wrapper that it is watched: one that nobody sends by habit.
pub(crate) const WATCHED: i32 = 63;

/// The signal that the wrapper blocks while it waits, for the tracer to see that it may answer: earlier, the
/// answer would kill it. The answer's own signal does not tell, since the kernel shows a signal that is waited
/// for as one that is not blocked.
pub(crate) const READY: i32 = 62;

/// How long the wrapper waits for the tracer. The tracer looks for it every few milliseconds; who waits longer
/// waits for one that is gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the service manager looks for a program without a slash, when the unit does not say.
const SEARCHED: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a command is to find besides its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manner {
    /// What it sees as its own name, where that is not how the program is found (`@`).
    pub name: Option<OsString>,
    /// Where a program without a slash is searched, as in `PATH`.
    pub search: Option<OsString>,
    /// `SIGPIPE` ends it. The service manager ignores that signal for services unless `IgnoreSIGPIPE=no`, and
    /// so does every Rust program from its first moment on, so this one cannot know how it was started.
    pub sigpipe: bool,
}

/// Becomes the command once it is watched, or unwatched when nobody comes. Returns only with an error.
///
/// `argv` begins with the program as the unit names it. The calling process must have one thread.
pub fn join(argv: &[OsString], manner: &Manner) -> io::Error {
    match prepare(argv, manner) {
        Err(error) => error,
        Ok((program, words, environment)) => exec(&program, &words, &environment),
    }
}

type Prepared = (CString, Vec<CString>, Vec<CString>);

fn prepare(argv: &[OsString], manner: &Manner) -> io::Result<Prepared> {
    let (program, rest) = argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let path = string(find(program, manner.search.as_deref())?.as_os_str())?;
    let words: Vec<CString> = std::iter::once(manner.name.as_ref().unwrap_or(program))
        .chain(rest)
        .map(|word| string(word))
        .collect::<io::Result<_>>()?;
    let environment = std::env::vars_os()
        .map(|(key, value)| CString::new([key.as_bytes(), b"=", value.as_bytes()].concat()))
        .collect::<Result<_, _>>()?;
    if manner.sigpipe {
        signal::set_default(Signal::PIPE)?;
    }
    if wait_for_tracer()? {
        load()?;
    }
    Ok((path, words, environment))
}

/// Whether a tracer came.
fn wait_for_tracer() -> io::Result<bool> {
    let number = |raw| Signal::from_raw(raw).ok_or(io::ErrorKind::InvalidInput);
    let answer: SignalSet = [number(WATCHED)?].into_iter().collect();
    let before = signal::block(answer.with(number(READY)?))?;
    let came = signal::wait(answer, Some(PATIENCE));
    signal::set_mask(before)?;
    Ok(came?.is_some())
}

fn load() -> io::Result<()> {
    // With CAP_SYS_ADMIN a filter needs no `no_new_privs`, which would change what the service may do.
    match load_filter(filter_program(), FilterFlags::empty()) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            rustix::thread::set_no_new_privs(true)?;
            load_filter(filter_program(), FilterFlags::empty()).map(drop)
        }
        loaded => loaded.map(drop),
    }
}

/// Finds the program as the service manager does: a path is taken as it is, a name is searched.
fn find(program: &OsStr, search: Option<&OsStr>) -> io::Result<PathBuf> {
    if program.as_bytes().contains(&b'/') {
        return Ok(PathBuf::from(program));
    }
    let search = search.unwrap_or(OsStr::new(SEARCHED));
    search
        .as_bytes()
        .split(|byte| *byte == b':')
        .map(|directory| Path::new(OsStr::from_bytes(directory)).join(program))
        .find(|path| {
            path.metadata()
                .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        })
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

fn string(text: &OsStr) -> io::Result<CString> {
    Ok(CString::new(text.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_searched_and_a_path_is_not() {
        let sh = find(OsStr::new("sh"), None).unwrap();
        assert!(sh.ends_with("bin/sh") && sh.is_absolute());
        assert!(find(OsStr::new("sh"), Some(OsStr::new("/nowhere:/proc"))).is_err());
        let path = Path::new("/no/such");
        assert_eq!(find(path.as_os_str(), None).unwrap(), path);
    }
}
