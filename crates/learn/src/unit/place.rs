//! What watching a unit needs on the host: the wrapper where the unit's processes can execute it, and the
//! drop-in where the service manager reads it. Both lie below `/run` and are gone after the next boot.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ringfence_policy::path::AbsPath;
use rustix::fs::{FlockOperation, StatVfsMountFlags, flock, statvfs};
use rustix::io::Errno;

use super::dropin::{DROP_IN, DropIn, Wrapper};

/// One directory per unit that is being watched.
const WATCHED: &str = "/run/ringfence/learn";
/// Where the service manager reads what does not outlive the boot.
const UNITS: &str = "/run/systemd/system";
/// Where a copy of the wrapper may be executed, first choice first: Debian mounts `/run` without execution.
const EXECUTABLE: [&str; 3] = [
    WATCHED,
    "/var/lib/ringfence/learn",
    "/usr/local/lib/ringfence",
];

/// Why the host cannot be prepared. Completes "cannot".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Another process watches the same unit.
    #[error("watch {unit}: another process already does")]
    Taken {
        /// The unit.
        unit: String,
    },
    /// Every directory in which services could execute a copy is mounted without execution.
    #[error("find a directory in which services may execute {}", program.display())]
    Nowhere {
        /// This program.
        program: PathBuf,
    },
    /// A file or directory could not be made.
    #[error("prepare {}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> PlaceError {
    let path = path.to_owned();
    move |source| PlaceError::Io { path, source }
}

/// A unit's place, until dropped.
#[derive(Debug)]
pub struct Place {
    unit: String,
    wrapper: Wrapper,
    directory: PathBuf,
    copy: Option<PathBuf>,
    /// Held as long as this process lives: how a later one tells what a dead one left.
    _lock: File,
}

impl Place {
    /// Prepares the host to watch a unit with this program as the wrapper. `own_view` says whether the unit
    /// has a mount view of its own; see [`has_own_view`](super::has_own_view).
    pub fn make(unit: &str, program: &Path, own_view: bool) -> Result<Self, PlaceError> {
        make_directory(Path::new(WATCHED))?;
        let directory = Path::new(WATCHED).join(unit);
        make_directory(&directory)?;
        let lock = lock(&directory).map_err(at(&directory))?;
        let lock = lock.ok_or_else(|| PlaceError::Taken {
            unit: unit.to_owned(),
        })?;
        let stand_in = directory.join("join");
        write(&stand_in, b"", 0o755).map_err(at(&stand_in))?;
        let copy = if suits(program, own_view) {
            None
        } else {
            Some(copy(program, unit)?)
        };
        let chosen = copy.as_deref().unwrap_or(program);
        let absolute = |path: &Path| {
            AbsPath::from_bytes(path.as_os_str().as_bytes())
                .map_err(|error| at(path)(io::Error::other(error)))
        };
        Ok(Self {
            wrapper: Wrapper {
                program: absolute(chosen)?,
                stand_in: absolute(&stand_in)?,
            },
            unit: unit.to_owned(),
            directory,
            copy,
            _lock: lock,
        })
    }

    /// Where the wrapper is.
    pub fn wrapper(&self) -> &Wrapper {
        &self.wrapper
    }

    /// Puts the drop-in where the service manager reads it, the next time that it reads.
    pub fn install(&self, drop_in: &DropIn) -> Result<PathBuf, PlaceError> {
        let path = drop_in_path(&self.unit);
        if let Some(parent) = path.parent() {
            make_directory(parent)?;
        }
        write(&path, drop_in.text.as_bytes(), 0o644).map_err(at(&path))?;
        Ok(path)
    }

    /// Takes the drop-in away; says whether there was one.
    pub fn uninstall(&self) -> Result<bool, PlaceError> {
        remove_drop_in(&self.unit)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Place {
    /// Takes everything away, as dropping does.
    pub fn clear(&self) {
        // Each of these may be gone already, and what stays does no harm and goes with the next boot.
        let _ = self.uninstall();
        if let Some(copy) = &self.copy {
            let _ = std::fs::remove_file(copy);
        }
        let _ = std::fs::remove_file(self.directory.join("join"));
        let _ = std::fs::remove_dir(&self.directory);
    }
}

/// Takes away the drop-ins that processes left that are dead by now, and names their units. The service
/// manager still has to read its files anew, and the services to be restarted.
pub fn sweep() -> Result<Vec<String>, PlaceError> {
    let mut swept = Vec::new();
    let entries = match std::fs::read_dir(WATCHED) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(swept),
        Err(error) => return Err(at(Path::new(WATCHED))(error)),
    };
    for entry in entries {
        let entry = entry.map_err(at(Path::new(WATCHED)))?;
        let (path, Ok(unit)) = (entry.path(), entry.file_name().into_string()) else {
            continue;
        };
        if !path.is_dir() {
            continue;
        }
        let Some(_lock) = lock(&path).map_err(at(&path))? else {
            continue;
        };
        if remove_drop_in(&unit)? {
            swept.push(unit);
        }
        // A wrapper that still waits runs from the copy and needs no name for it.
        let _ = std::fs::remove_dir_all(&path);
    }
    Ok(swept)
}

fn drop_in_path(unit: &str) -> PathBuf {
    Path::new(UNITS).join(format!("{unit}.d")).join(DROP_IN)
}

fn remove_drop_in(unit: &str) -> Result<bool, PlaceError> {
    let path = drop_in_path(unit);
    let was_there = match std::fs::remove_file(&path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(at(&path)(error)),
    };
    if let (true, Some(parent)) = (was_there, path.parent()) {
        // Not empty when the administrator has drop-ins there.
        let _ = std::fs::remove_dir(parent);
    }
    Ok(was_there)
}

/// `None` when somebody else has it.
fn lock(directory: &Path) -> io::Result<Option<File>> {
    let file = File::open(directory)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

fn make_directory(path: &Path) -> Result<(), PlaceError> {
    let mut builder = DirBuilder::new();
    builder
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(at(path))?;
    // Services of other users pass through, whatever the umask here is.
    for directory in path.ancestors() {
        if directory.starts_with("/run/ringfence") {
            let open = Permissions::from_mode(0o755);
            std::fs::set_permissions(directory, open).map_err(at(directory))?;
        }
    }
    Ok(())
}

/// Writes a file as a whole: written, synced, renamed.
fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut temporary = OsString::from(path);
    // Not the suffix of a drop-in, so nobody reads it half-written.
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&temporary)?;
    file.write_all(content)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)
}

/// Whether services can execute the program where it is.
fn suits(program: &Path, own_view: bool) -> bool {
    let others = |path: &Path, bits: u32| {
        path.metadata()
            .is_ok_and(|found| found.permissions().mode() & bits == bits)
    };
    others(program, 0o005)
        && may_execute_in(program)
        && (own_view
            || program
                .ancestors()
                .skip(1)
                .all(|above| others(above, 0o001)))
}

fn may_execute_in(path: &Path) -> bool {
    statvfs(path).is_ok_and(|found| !found.f_flag.contains(StatVfsMountFlags::NOEXEC))
}

fn copy(program: &Path, unit: &str) -> Result<PathBuf, PlaceError> {
    let content = std::fs::read(program).map_err(at(program))?;
    for place in EXECUTABLE {
        let place = Path::new(place);
        make_directory(place)?;
        if may_execute_in(place) {
            let path = place.join(format!("{unit}.join"));
            write(&path, &content, 0o755).map_err(at(&path))?;
            return Ok(path);
        }
    }
    Err(PlaceError::Nowhere {
        program: program.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_below_a_closed_directory_suits_only_units_that_are_shown_it() {
        let top = tempfile::tempdir().unwrap();
        let program = top.path().join("x");
        write(&program, b"", 0o755).unwrap();
        std::fs::set_permissions(top.path(), Permissions::from_mode(0o700)).unwrap();
        assert!(!suits(&program, false));
        assert!(suits(&program, true));
        std::fs::set_permissions(&program, Permissions::from_mode(0o700)).unwrap();
        assert!(!suits(&program, true));
    }

    #[test]
    fn one_process_at_a_time_has_the_lock() {
        let top = tempfile::tempdir().unwrap();
        let held = lock(top.path()).unwrap();
        assert!(held.is_some());
        assert!(lock(top.path()).unwrap().is_none());
        drop(held);
        assert!(lock(top.path()).unwrap().is_some());
    }
}
