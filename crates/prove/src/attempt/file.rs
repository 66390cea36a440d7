//! Opening files of the host, for reading or for writing, without reading or writing them.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, FileType, Mode, OFlags, access, fstat, open};
use rustix::io::Errno;

use crate::context::Context;
use crate::outcome::{How, Outcome, Reach};
use crate::survey::Candidate;

/// Where services keep what they make.
pub(super) const STATE: [&str; 6] = [
    "/var/lib/*",
    "/var/cache/*",
    "/var/spool/*",
    "/run/*",
    "/srv/*",
    "/opt/*",
];

/// What to do with each candidate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Open it; a directory is opened for listing.
    Read,
    /// Open a file for appending; create a file without a name in a directory, which is gone when closed.
    Write,
}

/// Tries every candidate.
pub(super) fn open_each(candidates: &[Candidate], way: Way) -> Outcome {
    let verb = if way == Way::Read {
        "opened"
    } else {
        "may write"
    };
    each(candidates, verb, |candidate| open_one(candidate, way))
}

/// Candidates that are not the service's own and not shared by all, such as `/tmp`.
pub(super) fn of_others(context: &Context, candidates: &[Candidate]) -> Vec<Candidate> {
    let own = |candidate: &&Candidate| {
        let within = |own: &PathBuf| {
            let own = std::fs::canonicalize(own);
            own.is_ok_and(|own| own.starts_with(&candidate.path) || candidate.path.starts_with(own))
        };
        !context.writable.iter().any(within)
    };
    candidates.iter().filter(own).cloned().collect()
}

/// Tries something with every candidate: reached when one could be, else stopped as the first was.
pub(super) fn each(
    candidates: &[Candidate],
    verb: &str,
    attempt: impl Fn(&Candidate) -> Result<(), How>,
) -> Outcome {
    let mut paths = Vec::new();
    let mut stopped = None;
    for candidate in candidates {
        match attempt(candidate) {
            Ok(()) => paths.push(candidate.path.clone()),
            Err(how) => {
                stopped.get_or_insert(how);
            }
        }
    }
    if !paths.is_empty() {
        let detail = format!("{verb} {}", listed(&paths));
        return Outcome::Reached(Reach { detail, paths });
    }
    stopped.map_or_else(
        || Outcome::cannot("this host has nothing of the kind"),
        Outcome::Stopped,
    )
}

/// `/a`, `/a and /b`, or `/a and 3 more`.
pub(crate) fn listed(paths: &[impl AsRef<Path>]) -> String {
    let shown = |path: &dyn AsRef<Path>| {
        use std::os::unix::ffi::OsStrExt;
        let bytes = path.as_ref().as_os_str().as_bytes();
        ringfence_policy::path::escape(bytes).into_owned()
    };
    match paths {
        [] => "nothing".into(),
        [one] => shown(one),
        [one, two] => format!("{} and {}", shown(one), shown(two)),
        [one, rest @ ..] => format!("{} and {} more", shown(one), rest.len()),
    }
}

fn open_one(candidate: &Candidate, way: Way) -> Result<(), How> {
    // Not blocking keeps a pipe or a modem from holding the attempt; not controlling keeps a terminal out.
    let common = OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = match way {
        Way::Read => open(&candidate.path, common | OFlags::RDONLY, Mode::empty()),
        Way::Write => {
            let append = common | OFlags::WRONLY | OFlags::APPEND;
            match open(&candidate.path, append, Mode::empty()) {
                Err(Errno::ISDIR) => return create_nameless(candidate).map(drop),
                // A program that runs cannot be opened for writing, which the kernel finds out after the
                // rights, but before it looks whether the mount is read-only. It can still be replaced.
                Err(Errno::TXTBSY) => {
                    return access(&candidate.path, Access::WRITE_OK)
                        .map_err(|errno| How::Errno(errno.raw_os_error()));
                }
                result => result,
            }
        }
    };
    match opened {
        Ok(file) => same(candidate, &file),
        Err(errno) => Err(How::Errno(errno.raw_os_error())),
    }
}

/// Creates a file without a name in a directory. `EXCL` means that it can never get one.
fn create_nameless(candidate: &Candidate) -> Result<rustix::fd::OwnedFd, How> {
    let errno = |errno: Errno| How::Errno(errno.raw_os_error());
    let directory = open(
        &candidate.path,
        OFlags::CLOEXEC | OFlags::RDONLY | OFlags::DIRECTORY,
        Mode::empty(),
    );
    // A directory that may be written and not listed cannot be looked at; its path has to do.
    if let Ok(directory) = directory {
        same(candidate, &directory)?;
    }
    nameless(&candidate.path).map_err(errno)
}

/// A new file without a name, in which at most as much can be stored as the directory's file system has.
pub(super) fn nameless(directory: &Path) -> Result<rustix::fd::OwnedFd, Errno> {
    let flags = OFlags::CLOEXEC | OFlags::RDWR | OFlags::TMPFILE | OFlags::EXCL;
    open(directory, flags, Mode::RUSR | Mode::WUSR)
}

/// Whether what was opened is what the survey saw, and not another file under the same name, such as an
/// empty directory that a confinement puts in its place.
fn same(candidate: &Candidate, file: impl rustix::fd::AsFd) -> Result<(), How> {
    let Some(identity) = candidate.identity else {
        return Ok(());
    };
    let here = fstat(file).map_err(|errno| How::Errno(errno.raw_os_error()))?;
    let device = FileType::from_raw_mode(here.st_mode);
    let node = matches!(device, FileType::BlockDevice | FileType::CharacterDevice);
    // A device node leads to the same device, whoever made the node.
    if node || identity == (here.st_dev, here.st_ino) {
        return Ok(());
    }
    Err(How::Other("another file is in its place".into()))
}

/// The first of these directories in which a file without a name can be created.
pub(super) fn writable(directories: &[PathBuf]) -> Option<&Path> {
    directories
        .iter()
        .map(PathBuf::as_path)
        .find(|directory| nameless(directory).is_ok())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn candidate(path: &Path, identity: Option<(u64, u64)>) -> Candidate {
        Candidate {
            path: path.to_owned(),
            identity,
        }
    }

    fn seen(path: &Path) -> Candidate {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(path).unwrap();
        candidate(path, Some((metadata.dev(), metadata.ino())))
    }

    #[test]
    fn writing_leaves_files_and_directories_as_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "content").unwrap();
        let outcome = open_each(&[seen(directory.path()), seen(&file)], Way::Write);
        let Outcome::Reached(reach) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(reach.paths, [directory.path().to_owned(), file.clone()]);
        assert_eq!(fs::read(&file).unwrap(), b"content");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn another_file_of_the_same_name_is_not_reached() {
        let directory = tempfile::tempdir().unwrap();
        let outcome = open_each(&[candidate(directory.path(), Some((0, 0)))], Way::Read);
        let how = How::Other("another file is in its place".into());
        assert_eq!(outcome, Outcome::Stopped(how));
    }

    #[test]
    fn nothing_to_open_is_no_answer_and_a_missing_file_is_one() {
        assert!(matches!(open_each(&[], Way::Read), Outcome::CannotTry(_)));
        let gone = candidate(Path::new("/no/such/file"), None);
        assert_eq!(
            open_each(&[gone], Way::Read),
            Outcome::Stopped(How::Errno(2))
        );
    }

    #[test]
    fn long_lists_are_counted() {
        assert_eq!(listed(&["/a"]), "/a");
        assert_eq!(listed(&["/a", "/b"]), "/a and /b");
        assert_eq!(listed(&["/a", "/b", "/c"]), "/a and 2 more");
    }
}
