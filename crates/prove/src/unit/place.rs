//! What a proof leaves on the host while it lasts: unit files, sockets, and a directory that says so.
//!
//! The directory is locked by whoever uses it. One that is there and not locked was left by a proof that
//! could not end as it should, and everything of it is removed by the next.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use ringfence_host::systemd::{Systemctl, SystemctlError};
use ringfence_unit::name::UnitName;
use rustix::fs::FlockOperation;

use super::directories;
use super::error::UnitError;

/// Where each proof has a directory, named after its unit.
const PROOFS: &str = "/run/ringfence/prove";
/// Where the units are.
const UNITS: &str = "/run/systemd/system";
/// After any drop-in that a site has for all services, so that nothing of it counts against what this says.
const DROP_IN: &str = "zzz-ringfence-prove.conf";
/// Within the directory: the directories that were made, one a line.
const MADE: &str = "made";

/// The names of the two units: the copy, and the one that confines nothing.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) copy: UnitName,
    pub(super) bare: UnitName,
}

impl Names {
    pub(super) fn of(unit: &UnitName) -> Result<Self, UnitError> {
        let name = |prefix: &str| {
            UnitName::parse(&format!("{prefix}-{unit}")).map_err(|source| UnitError::Name {
                unit: unit.clone(),
                source,
            })
        };
        Ok(Self {
            copy: name("ringfence-prove")?,
            bare: name("ringfence-bare")?,
        })
    }

    fn both(&self) -> [&UnitName; 2] {
        [&self.copy, &self.bare]
    }
}

/// A place for one proof. What is in it is removed with the value.
#[derive(Debug)]
pub(super) struct Place<'a> {
    systemctl: &'a Systemctl,
    unit: UnitName,
    pub(super) names: Names,
    directory: PathBuf,
    lock: Option<File>,
}

impl<'a> Place<'a> {
    /// Takes it, after what earlier proofs left is removed.
    pub(super) fn claim(unit: &UnitName, systemctl: &'a Systemctl) -> Result<Self, UnitError> {
        let names = Names::of(unit)?;
        make_root_directory(Path::new(PROOFS))?;
        clear_abandoned(systemctl)?;
        let directory = Path::new(PROOFS).join(unit.as_str());
        match DirBuilder::new().mode(0o700).create(&directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(UnitError::file("create", directory)(error));
            }
            _ => {}
        }
        let lock = lock(&directory).map_err(UnitError::file("lock", &directory))?;
        let lock = lock.ok_or_else(|| UnitError::Busy { unit: unit.clone() })?;
        Ok(Self {
            systemctl,
            unit: unit.clone(),
            names,
            directory,
            lock: Some(lock),
        })
    }

    /// A socket for the manager to connect to.
    pub(super) fn listen(&self, name: &UnitName) -> Result<(UnixListener, PathBuf), UnitError> {
        let path = self.directory.join(name.as_str()).with_extension("socket");
        let listener = UnixListener::bind(&path).map_err(UnitError::file("listen on", &path))?;
        listener
            .set_nonblocking(true)
            .map_err(UnitError::file("listen on", &path))?;
        Ok((listener, path))
    }

    /// Remembers directories that starting the copy will make.
    pub(super) fn will_make(&self, made: &[PathBuf]) -> Result<(), UnitError> {
        let lines: Vec<String> = made.iter().map(|path| path.display().to_string()).collect();
        let path = self.directory.join(MADE);
        fs::write(&path, lines.join("\n")).map_err(UnitError::file("write", &path))
    }

    /// Removes everything. Dropping does the same and cannot say why it did not.
    pub(super) fn leave(mut self) -> Result<(), UnitError> {
        let lock = self.lock.take();
        let cleared = clear(&self.unit, &self.directory, self.systemctl);
        drop(lock);
        cleared
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.lock.is_some() {
            let _ = clear(&self.unit, &self.directory, self.systemctl);
        }
    }
}

/// Writes a unit. The manager does not know it before it is told to read its files.
pub(super) fn write(name: &UnitName, text: &str) -> Result<(), UnitError> {
    let (main, drop_ins) = files(name);
    let drop_in = drop_ins.join(DROP_IN);
    fs::create_dir_all(&drop_ins).map_err(UnitError::file("create", &drop_ins))?;
    fs::write(&main, "[Unit]\n").map_err(UnitError::file("write", &main))?;
    fs::write(&drop_in, text).map_err(UnitError::file("write", &drop_in))
}

/// Makes a directory that is root's alone, and takes no other for it.
fn make_root_directory(path: &Path) -> Result<(), UnitError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o755);
    builder
        .create(path)
        .map_err(UnitError::file("create", path))?;
    let found = fs::symlink_metadata(path).map_err(UnitError::file("look at", path))?;
    if !found.is_dir() || found.uid() != 0 || found.mode() & 0o022 != 0 {
        let error = io::Error::other("it is not a directory that only root writes to");
        return Err(UnitError::file("use", path)(error));
    }
    Ok(())
}

/// Locks a directory until the file is closed; `None` when someone else has it locked.
fn lock(directory: &Path) -> io::Result<Option<File>> {
    let file = File::open(directory)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Removes what proofs left that did not end as they should.
fn clear_abandoned(systemctl: &Systemctl) -> Result<(), UnitError> {
    let proofs = Path::new(PROOFS);
    for entry in fs::read_dir(proofs).map_err(UnitError::file("list", proofs))? {
        let entry = entry.map_err(UnitError::file("list", proofs))?;
        let name = entry.file_name();
        let Some(unit) = name.to_str().and_then(|name| UnitName::parse(name).ok()) else {
            continue;
        };
        let directory = entry.path();
        if let Ok(Some(_lock)) = lock(&directory) {
            clear(&unit, &directory, systemctl)?;
        }
    }
    Ok(())
}

/// The main file of a unit, and the directory of its drop-ins.
fn files(name: &UnitName) -> (PathBuf, PathBuf) {
    let main = Path::new(UNITS).join(name.as_str());
    let drop_ins = Path::new(UNITS).join(format!("{name}.d"));
    (main, drop_ins)
}

fn clear(unit: &UnitName, directory: &Path, systemctl: &Systemctl) -> Result<(), UnitError> {
    let names = Names::of(unit)?;
    for name in names.both() {
        let (main, _) = files(name);
        if main.exists() {
            // It may not have been read, or started, yet.
            match systemctl.stop(name) {
                Ok(()) | Err(SystemctlError::NotFound { .. } | SystemctlError::BadUnit { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            let _ = systemctl.reset_failed(name);
        }
    }
    let made = directory.join(MADE);
    if let Ok(lines) = fs::read_to_string(&made) {
        let paths: Vec<PathBuf> = lines.lines().map(PathBuf::from).collect();
        directories::remove(&paths);
    }
    let mut wrote = false;
    for name in names.both() {
        let (main, drop_ins) = files(name);
        wrote |= gone(&main, |path| fs::remove_file(path))?;
        wrote |= gone(&drop_ins, |path| fs::remove_dir_all(path))?;
    }
    if wrote {
        systemctl.daemon_reload()?;
    }
    gone(directory, |path| fs::remove_dir_all(path)).map(drop)
}

/// Removes something; says whether it was there.
fn gone(path: &Path, remove: impl Fn(&Path) -> io::Result<()>) -> Result<bool, UnitError> {
    match remove(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(UnitError::file("remove", path)(error)),
    }
}
