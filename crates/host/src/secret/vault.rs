//! Two directories that only root can look into: one with the secrets, one with what is needed to go back.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use ringfence_policy::lock::sha256;
use ringfence_policy::secret::Name;
use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::SecretError;

/// Where secrets are kept.
#[derive(Debug, Clone)]
pub struct Vault {
    secrets: PathBuf,
    originals: PathBuf,
}

/// An open directory that belongs to this user and to which nobody else has any right.
#[derive(Debug)]
pub(super) struct Private {
    handle: OwnedFd,
    pub path: PathBuf,
}

impl Default for Vault {
    /// Where secrets are kept on this host.
    fn default() -> Self {
        Self::at("/etc/ringfence/secrets", "/var/lib/ringfence/secrets")
    }
}

impl Vault {
    /// Secrets in the one directory, originals in the other.
    pub fn at(secrets: impl Into<PathBuf>, originals: impl Into<PathBuf>) -> Self {
        Self {
            secrets: secrets.into(),
            originals: originals.into(),
        }
    }

    /// The file of a secret: what `LoadCredential=` names.
    pub fn file(&self, name: &Name) -> PathBuf {
        self.secrets.join(name.as_str())
    }

    /// Whether nothing is known to have this name. Who may not look finds out when they write.
    pub fn is_free(&self, name: &Name) -> bool {
        self.file(name).symlink_metadata().is_err()
    }

    pub(super) fn secrets(&self) -> Result<Private, SecretError> {
        Private::make(&self.secrets)
    }

    /// The directory with what was kept of one file, one below for each time its secrets were taken out.
    pub(super) fn originals_of(&self, path: &Path) -> PathBuf {
        let text = path.to_string_lossy();
        let shown: String = text
            .trim_start_matches('/')
            .chars()
            .map(|c| if c == '/' { '-' } else { c })
            .take(100)
            .collect();
        let digest = sha256(path.as_os_str().as_encoded_bytes());
        self.originals
            .join(format!("{shown}-{}", digest.get(..8).unwrap_or(&digest)))
    }

    pub(super) fn originals(&self) -> &Path {
        &self.originals
    }
}

impl Private {
    /// Opens a directory, and makes it where it is missing.
    pub fn make(path: &Path) -> Result<Self, SecretError> {
        if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
            std::fs::create_dir_all(parent).map_err(SecretError::write(parent))?;
        }
        match rustix::fs::mkdir(path, Mode::from_raw_mode(0o700)) {
            Ok(()) | Err(Errno::EXIST) => Self::open(path),
            Err(error) => Err(SecretError::write(path)(error.into())),
        }
    }

    /// Opens a directory that is there.
    pub fn open(path: &Path) -> Result<Self, SecretError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => SecretError::Exposed {
                path: path.to_owned(),
            },
            error => SecretError::read(path)(error.into()),
        })?;
        let found =
            rustix::fs::fstat(&handle).map_err(|error| SecretError::read(path)(error.into()))?;
        if found.st_uid != rustix::process::geteuid().as_raw() || found.st_mode & 0o077 != 0 {
            return Err(SecretError::Exposed {
                path: path.to_owned(),
            });
        }
        Ok(Self {
            handle,
            path: path.to_owned(),
        })
    }

    /// Keeps other processes away until it is dropped.
    pub fn lock(&self) -> Result<(), SecretError> {
        match rustix::fs::flock(&self.handle, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(()),
            Err(Errno::WOULDBLOCK) => Err(SecretError::Busy {
                path: self.path.clone(),
            }),
            Err(error) => Err(SecretError::write(&self.path)(error.into())),
        }
    }

    /// Writes a new file. One that is there already is an error.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), SecretError> {
        let path = self.path.join(name);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.handle, name, flags, Mode::from_raw_mode(0o600))
            .map_err(|error| SecretError::write(&path)(error.into()))?;
        let mut file = File::from(file);
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.map_err(|error| {
            let _ = self.remove(name);
            SecretError::write(&path)(error)
        })
    }

    /// What a file holds; `None` where there is none.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, SecretError> {
        let path = self.path.join(name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = match rustix::fs::openat(&self.handle, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(SecretError::Link { path }),
            result => File::from(result.map_err(|error| SecretError::read(&path)(error.into()))?),
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(SecretError::read(&path))?;
        Ok(Some(bytes))
    }

    /// Removes a file. One that is not there is gone already.
    pub fn remove(&self, name: &str) -> Result<(), SecretError> {
        match rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(SecretError::write(self.path.join(name))(error.into())),
        }
    }

    /// Makes sure that what was written and removed here stays so.
    pub fn sync(&self) -> Result<(), SecretError> {
        rustix::fs::fsync(&self.handle)
            .map_err(|error| SecretError::write(&self.path)(error.into()))
    }

    /// The directories in this one whose names are numbers, in order.
    pub fn numbers(&self) -> Result<Vec<u32>, SecretError> {
        let entries = rustix::fs::Dir::read_from(&self.handle)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| SecretError::read(&self.path)(error.into()))?;
        let is_directory = |entry: &&rustix::fs::DirEntry| entry.file_type() == FileType::Directory;
        let names = entries
            .iter()
            .filter(is_directory)
            .filter_map(|entry| entry.file_name().to_str().ok());
        let mut numbers: Vec<u32> = names.filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}
