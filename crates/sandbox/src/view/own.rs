//! Directories and files that a service owns and that may not exist yet.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use ringfence_policy::grant::DirectoryKind;
use ringfence_policy::path::AbsPath;
use rustix::fs::{
    AtFlags, CWD, Gid, Mode, OFlags, Uid, chownat, fchown, lstat, mkdir, open, openat,
};
use rustix::io::Errno;

use crate::error::{SandboxError, Step};
use crate::identity::Ids;

/// Where a directory of the service's own lies on the host.
///
/// A system service has it where its grant says. Without root it lies where the XDG base directory
/// specification puts such things for a user.
pub(crate) fn place(kind: DirectoryKind, name: &str, granted: &AbsPath, root: bool) -> AbsPath {
    if root {
        return granted.clone();
    }
    let home = std::env::var("HOME").unwrap_or_else(|_| "/".to_owned());
    let (variable, fallback) = match kind {
        DirectoryKind::State | DirectoryKind::Logs => {
            ("XDG_STATE_HOME", format!("{home}/.local/state"))
        }
        DirectoryKind::Cache => ("XDG_CACHE_HOME", format!("{home}/.cache")),
        DirectoryKind::Runtime => (
            "XDG_RUNTIME_DIR",
            format!("/run/user/{}", rustix::process::getuid().as_raw()),
        ),
    };
    let base = std::env::var(variable).unwrap_or(fallback);
    let below = match kind {
        DirectoryKind::Logs => format!("{base}/log/{name}"),
        _ => format!("{base}/{name}"),
    };
    below.parse().unwrap_or_else(|_| granted.clone())
}

/// Creates a directory with its parents and sees to it that the service owns it, with all that is in it.
///
/// An owner that has to change means that the service's user id has: the content was its own before.
pub(crate) fn directory(path: &AbsPath, ids: &Ids) -> Result<(), SandboxError> {
    let step = || format!("create the service's directory {path}");
    for part in path.ancestors().collect::<Vec<_>>().into_iter().rev() {
        match mkdir(part.as_path(), Mode::from_raw_mode(0o755)) {
            // A parent that cannot be made may be there; whether all of it is, is found out at the end.
            Err(Errno::EXIST | Errno::ACCESS | Errno::ROFS) => {}
            other => other.step(step)?,
        }
    }
    let found = lstat(path.as_path()).step(step)?;
    if (found.st_uid, found.st_gid) != (ids.uid, ids.gid) {
        give(path.as_path(), ids).step(|| format!("give {path} to uid {}", ids.uid))?;
    }
    Ok(())
}

/// Gives a tree to the service, without following links.
fn give(path: &Path, ids: &Ids) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = open(path, flags, Mode::empty())?;
    give_below(&directory, ids)
}

fn give_below(directory: &OwnedFd, ids: &Ids) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(ids.uid), Gid::from_raw(ids.gid));
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(directory)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    for name in names {
        // Going through descriptors, nobody can swap a directory for a link between look and change.
        match openat(directory, &name, flags, Mode::empty()) {
            Ok(child) => give_below(&child, ids)?,
            Err(_) => chownat(
                directory,
                &name,
                Some(uid),
                Some(gid),
                AtFlags::SYMLINK_NOFOLLOW,
            )?,
        }
    }
    Ok(fchown(directory, Some(uid), Some(gid))?)
}

/// Creates an empty file as the service's user, in a directory that exists; says whether it is there now.
///
/// Root takes that user's ids for the moment, so that nothing is created where the service itself could
/// not, and no link that it left behind is followed.
pub(crate) fn file(path: &AbsPath, ids: &Ids) -> bool {
    use rustix::thread::{set_thread_res_gid, set_thread_res_uid};
    let root = rustix::process::getuid().is_root();
    let become_user = |uid: u32, gid: u32| -> rustix::io::Result<()> {
        let keep = (Uid::ROOT, Gid::ROOT);
        if uid == 0 {
            set_thread_res_uid(keep.0, Uid::ROOT, keep.0)?;
            set_thread_res_gid(keep.1, Gid::from_raw(gid), keep.1)
        } else {
            set_thread_res_gid(keep.1, Gid::from_raw(gid), keep.1)?;
            set_thread_res_uid(keep.0, Uid::from_raw(uid), keep.0)
        }
    };
    if root && ids.uid != 0 && become_user(ids.uid, ids.gid).is_err() {
        return false;
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let made = openat(CWD, path.as_path(), flags, Mode::from_raw_mode(0o644)).is_ok();
    let back = !root || ids.uid == 0 || become_user(0, 0).is_ok();
    made && back
}
