//! A configuration file: read once, and replaced only by what is for it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Uid, XattrFlags};
use rustix::io::Errno;

use super::SecretError;

/// Nobody writes a larger configuration by hand.
const LARGEST: u64 = 4 << 20;

/// A configuration file as it was when it was opened.
///
/// Its directory stays open, and was reached without following a symbolic link; so the file that is replaced is
/// the one that was read, even where someone else owns the directory.
#[derive(Debug)]
pub struct Config {
    path: PathBuf,
    directory: OwnedFd,
    name: OsString,
    text: String,
    looks: Looks,
}

/// What a file is to everybody but its reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looks {
    pub owner: u32,
    pub group: u32,
    pub mode: u32,
    /// Access lists and security labels.
    pub attributes: Vec<(String, Vec<u8>)>,
}

impl Config {
    /// Reads a file. The path has to be absolute.
    pub fn open(path: &Path) -> Result<Self, SecretError> {
        let unfit = |why: &str| SecretError::Unfit {
            path: path.to_owned(),
            why: why.to_owned(),
        };
        let (Some(parent), Some(name), true) =
            (path.parent(), path.file_name(), path.is_absolute())
        else {
            return Err(unfit("it is not the absolute path of a file"));
        };
        let wrong = |error: Errno| match error {
            Errno::LOOP => SecretError::Link {
                path: path.to_owned(),
            },
            error => SecretError::read(path)(error.into()),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat2(
            rustix::fs::CWD,
            parent,
            flags,
            Mode::empty(),
            ResolveFlags::NO_SYMLINKS,
        )
        .map_err(wrong)?;
        let file = open_at(&directory, name).map_err(wrong)?;
        let found = rustix::fs::fstat(&file).map_err(wrong)?;
        check(&found).map_err(unfit)?;
        let looks = Looks::of(&file, &found).map_err(SecretError::read(path))?;
        let text = read(&file).map_err(SecretError::read(path))?;
        let text = String::from_utf8(text).map_err(|error| {
            let line = error
                .as_bytes()
                .iter()
                .take(error.utf8_error().valid_up_to())
                .filter(|byte| **byte == b'\n');
            unfit(&format!("line {} is not text in UTF-8", line.count() + 1))
        })?;
        Ok(Self {
            path: path.to_owned(),
            directory,
            name: name.to_owned(),
            text,
            looks,
        })
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name without the directories.
    pub fn file_name(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }

    pub(super) fn looks(&self) -> &Looks {
        &self.looks
    }

    /// Puts a file with these bytes in its place that looks like this, if it is still what was read.
    pub(super) fn replace(&self, bytes: &[u8], looks: &Looks) -> Result<(), SecretError> {
        let beside = OsString::from(format!(".ringfence.{}", std::process::id()));
        let written = self
            .write_beside(&beside, bytes, looks)
            .map_err(SecretError::write(&self.path));
        let replaced = written.and_then(|()| self.is_unchanged()).and_then(|()| {
            rustix::fs::renameat(&self.directory, &beside, &self.directory, &self.name)
                .and_then(|()| rustix::fs::fsync(&self.directory))
                .map_err(|error| SecretError::write(&self.path)(error.into()))
        });
        if replaced.is_err() {
            // What is left of a failed write; it may not be there at all.
            let _ = rustix::fs::unlinkat(&self.directory, &beside, AtFlags::empty());
        }
        replaced
    }

    fn is_unchanged(&self) -> Result<(), SecretError> {
        let now = open_at(&self.directory, &self.name)
            .map_err(io::Error::from)
            .and_then(|file| read(&file));
        match now {
            Ok(bytes) if bytes == self.text.as_bytes() => Ok(()),
            _ => Err(SecretError::Changed {
                path: self.path.clone(),
            }),
        }
    }

    fn write_beside(&self, beside: &OsStr, bytes: &[u8], looks: &Looks) -> io::Result<()> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Left over from a process of the same number that was killed.
        match rustix::fs::unlinkat(&self.directory, beside, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let file = rustix::fs::openat(&self.directory, beside, flags, Mode::from_raw_mode(0o600))?;
        let mut file = File::from(file);
        file.write_all(bytes)?;
        looks.give(&file)?;
        file.sync_all()
    }
}

fn open_at(directory: &OwnedFd, name: &OsStr) -> Result<File, Errno> {
    // A FIFO would make a reader wait for ever.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(directory, name, flags, Mode::empty()).map(File::from)
}

fn check(found: &Stat) -> Result<(), &'static str> {
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err("it is not a regular file");
    }
    // Its other name would go on having the secrets, and may be in a place that is not the administrator's.
    if found.st_nlink > 1 {
        return Err("it has more than one name (hard links)");
    }
    if u64::try_from(found.st_size).unwrap_or(u64::MAX) > LARGEST {
        return Err("it is larger than 4 MiB");
    }
    Ok(())
}

fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Looks {
    fn of(file: &File, found: &Stat) -> io::Result<Self> {
        Ok(Self {
            owner: found.st_uid,
            group: found.st_gid,
            mode: found.st_mode & 0o7777,
            attributes: attributes(file)?,
        })
    }

    fn give(&self, file: &File) -> io::Result<()> {
        // The owner comes before the mode: a change of owner takes set-id bits away.
        let found = rustix::fs::fstat(file)?;
        if (found.st_uid, found.st_gid) != (self.owner, self.group) {
            rustix::fs::fchown(
                file,
                Some(Uid::from_raw(self.owner)),
                Some(Gid::from_raw(self.group)),
            )?;
        }
        for (name, value) in &self.attributes {
            rustix::fs::fsetxattr(file, name.as_str(), value, XattrFlags::empty())?;
        }
        Ok(rustix::fs::fchmod(file, Mode::from_raw_mode(self.mode))?)
    }
}

/// The extended attributes of a file; none where the file system has none.
fn attributes(file: &File) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut list = vec![0; 64 << 10];
    let length = match rustix::fs::flistxattr(file, list.as_mut_slice()) {
        Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(Vec::new()),
        result => result?,
    };
    list.truncate(length);
    let names = list
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty());
    names
        .filter_map(|name| std::str::from_utf8(name).ok())
        .map(|name| {
            let mut value = vec![0; 64 << 10];
            let length = rustix::fs::fgetxattr(file, name, value.as_mut_slice())?;
            value.truncate(length);
            Ok((name.to_owned(), value))
        })
        .collect()
}
