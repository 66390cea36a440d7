//! Files below a root, reached and replaced without trusting anyone but root.
//!
//! Every directory on the way is opened by itself, never through a symbolic link, and has to belong to
//! root and be writable by nobody else. So nobody else can change what is written, or where it ends up.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use ringfence_policy::path::AbsPath;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::DeployError;

/// A root directory.
#[derive(Debug)]
pub struct Tree {
    root: OwnedFd,
    path: PathBuf,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Absent,
    /// A regular file.
    File {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Its permission bits.
        mode: u32,
    },
}

/// What to do where a directory is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Stop,
    Make,
}

/// A directory whose way was checked, and the name of a file in it.
#[derive(Debug)]
pub struct Spot {
    pub directory: OwnedFd,
    pub name: String,
}

impl Tree {
    /// Opens the root itself, which the caller vouches for.
    pub fn open(path: &Path) -> Result<Self, DeployError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root =
            rustix::fs::open(path, flags, Mode::empty()).map_err(|error| DeployError::Read {
                path: path.display().to_string(),
                source: error.into(),
            })?;
        Ok(Self {
            root,
            path: path.to_owned(),
        })
    }

    /// How a path is shown: with the root in front.
    pub fn shown(&self, path: &AbsPath) -> String {
        let below = path.as_path().strip_prefix("/").unwrap_or(Path::new(""));
        self.path.join(below).display().to_string()
    }

    /// The directory of a file; `None` when it does not exist.
    pub fn spot(&self, path: &AbsPath) -> Result<Option<Spot>, DeployError> {
        self.walk(path, Missing::Stop).map(|(spot, _)| spot)
    }

    /// The directory of a file, made where it is missing, and the directories that were made.
    pub fn make_spot(&self, path: &AbsPath) -> Result<(Spot, Vec<AbsPath>), DeployError> {
        let (spot, made) = self.walk(path, Missing::Make)?;
        // Walking to make gives a spot or an error.
        let spot = spot.ok_or_else(|| self.unsafe_place(path, "it cannot be reached"))?;
        Ok((spot, made))
    }

    /// What is at a path. Anything but a regular file is an error.
    pub fn read(&self, path: &AbsPath) -> Result<Content, DeployError> {
        match self.spot(path)? {
            Some(spot) => self.read_at(&spot, path),
            None => Ok(Content::Absent),
        }
    }

    /// What is at a spot.
    pub fn read_at(&self, spot: &Spot, path: &AbsPath) -> Result<Content, DeployError> {
        let cannot = |source: io::Error| DeployError::Read {
            path: self.shown(path),
            source,
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match rustix::fs::openat(&spot.directory, &spot.name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(Content::Absent),
            Err(Errno::LOOP) => {
                return Err(self.unsafe_place(path, "it is a symbolic link"));
            }
            result => File::from(result.map_err(|error| cannot(error.into()))?),
        };
        let found = rustix::fs::fstat(&file).map_err(|error| cannot(error.into()))?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(self.unsafe_place(path, "it is not a regular file"));
        }
        let mut bytes = Vec::new();
        (&file).read_to_end(&mut bytes).map_err(cannot)?;
        Ok(Content::File {
            bytes,
            mode: found.st_mode & 0o7777,
        })
    }

    /// The directories that would have to be made for a file, outermost first.
    pub fn missing_directories(&self, path: &AbsPath) -> Result<Vec<AbsPath>, DeployError> {
        let mut missing = Vec::new();
        let mut inner = path.clone();
        while let Some(parent) = inner.parent() {
            // The directory exists if something can be looked for in it.
            if self.spot(&inner)?.is_some() {
                break;
            }
            missing.push(parent.clone());
            inner = parent;
        }
        missing.reverse();
        Ok(missing)
    }

    /// Whether nobody but root can change a file or put another in its place.
    pub fn vouch(&self, path: &AbsPath) -> Result<(), DeployError> {
        let cannot = |error: Errno| DeployError::Read {
            path: self.shown(path),
            source: error.into(),
        };
        let spot = self.spot(path)?.ok_or_else(|| cannot(Errno::NOENT))?;
        let found = rustix::fs::statat(&spot.directory, &spot.name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(cannot)?;
        match distrust(&found) {
            Some(why) => Err(self.unsafe_place(path, &why)),
            None => Ok(()),
        }
    }

    /// Removes directories that are empty, the innermost first. One that is not stays.
    pub fn remove_empty(&self, directories: &[AbsPath]) {
        let mut innermost: Vec<&AbsPath> = directories.iter().collect();
        innermost.sort_by_key(|path| std::cmp::Reverse(path.as_bytes().len()));
        for path in innermost {
            if let Ok(Some(spot)) = self.spot(path) {
                let _ = rustix::fs::unlinkat(&spot.directory, &spot.name, AtFlags::REMOVEDIR);
            }
        }
    }

    fn walk(
        &self,
        path: &AbsPath,
        missing: Missing,
    ) -> Result<(Option<Spot>, Vec<AbsPath>), DeployError> {
        let text = std::str::from_utf8(path.as_bytes())
            .map_err(|_| self.unsafe_place(path, "its name is not UTF-8"))?;
        let (parents, name) = text.rsplit_once('/').unwrap_or(("", text));
        if name.is_empty() {
            return Err(self.unsafe_place(path, "it is the root directory"));
        }
        let mut made = Vec::new();
        let mut directory = self.root.try_clone().map_err(|source| DeployError::Read {
            path: self.path.display().to_string(),
            source,
        })?;
        let mut so_far = String::new();
        for component in parents.split('/').filter(|component| !component.is_empty()) {
            so_far.push('/');
            so_far.push_str(component);
            let here = AbsPath::from_bytes(so_far.as_bytes())
                .map_err(|error| self.unsafe_place(path, &error.to_string()))?;
            directory = match self.enter(&directory, component, &here)? {
                Some(next) => next,
                None if missing == Missing::Stop => return Ok((None, made)),
                None => {
                    let next = self.make_directory(&directory, component, &here)?;
                    made.push(here);
                    next
                }
            };
        }
        let spot = Spot {
            directory,
            name: name.to_owned(),
        };
        Ok((Some(spot), made))
    }

    /// A directory in a directory, once it is known that only root can change it.
    fn enter(
        &self,
        parent: &OwnedFd,
        name: &str,
        path: &AbsPath,
    ) -> Result<Option<OwnedFd>, DeployError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = match rustix::fs::openat(parent, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) => {
                let found = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW);
                let link = found
                    .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Symlink);
                let why = if link {
                    "it is a symbolic link"
                } else {
                    "it is not a directory"
                };
                return Err(self.unsafe_place(path, why));
            }
            result => result.map_err(|error| DeployError::Read {
                path: self.shown(path),
                source: error.into(),
            })?,
        };
        let found = rustix::fs::fstat(&directory).map_err(|error| DeployError::Read {
            path: self.shown(path),
            source: error.into(),
        })?;
        match distrust(&found) {
            Some(why) => Err(self.unsafe_place(path, &why)),
            None => Ok(Some(directory)),
        }
    }

    fn make_directory(
        &self,
        parent: &OwnedFd,
        name: &str,
        path: &AbsPath,
    ) -> Result<OwnedFd, DeployError> {
        let cannot = |error: Errno| DeployError::Write {
            path: self.shown(path),
            source: error.into(),
        };
        rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755)).map_err(cannot)?;
        rustix::fs::fsync(parent).map_err(cannot)?;
        let made = self.enter(parent, name, path)?;
        made.ok_or_else(|| cannot(Errno::NOENT))
    }

    fn unsafe_place(&self, path: &AbsPath, why: &str) -> DeployError {
        DeployError::Unsafe {
            path: self.shown(path),
            why: why.to_owned(),
        }
    }
}

/// Who besides root, or besides us, could change a file or directory.
fn distrust(found: &Stat) -> Option<String> {
    let ours = rustix::process::geteuid().as_raw();
    if found.st_uid != 0 && found.st_uid != ours {
        return Some(format!("it belongs to user {}", found.st_uid));
    }
    // An access list that lets someone write shows in the group's bits.
    (found.st_mode & 0o022 != 0).then(|| {
        format!(
            "others than its owner can write to it (mode {:o})",
            found.st_mode & 0o7777
        )
    })
}

/// Writes a new file into a directory. It is on the disk when this returns.
pub fn create(directory: impl AsFd, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let wanted = Mode::from_raw_mode(mode & 0o7777);
    let mut file = File::from(rustix::fs::openat(&directory, name, flags, wanted)?);
    // Whatever the umask took away.
    rustix::fs::fchmod(&file, wanted)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Removes a file. One that is not there is as good.
pub fn remove(directory: impl AsFd, name: &str) -> io::Result<()> {
    match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Replaces a file at once: whoever reads it sees the old or the new bytes, and after a crash too.
pub fn replace(directory: impl AsFd, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    let beside = format!(".{name}.new");
    remove(&directory, &beside)?;
    let written = create(&directory, &beside, bytes, mode).and_then(|()| {
        rustix::fs::renameat(&directory, &beside, &directory, name)?;
        Ok(rustix::fs::fsync(&directory)?)
    });
    if written.is_err() {
        // The rest of a failed write; it may not be there at all.
        let _ = remove(&directory, &beside);
    }
    written
}
