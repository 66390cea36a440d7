//! Files in and out: what a verb reads, and the three files of a policy, each replaced at once.
//!
//! A file is written beside its final name and renamed, so that a reader sees the old one or the new one,
//! and a crash leaves no half. Nothing is written through a symbolic link: its target may be anyone's.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Failure, OrFail};

/// An open directory that files are written into.
#[derive(Debug)]
pub struct Directory {
    handle: OwnedFd,
    path: PathBuf,
}

impl Directory {
    /// Opens a directory that exists.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        let handle = rustix::fs::open(path, flags, Mode::empty())
            .map_err(io::Error::from)
            .or_usage(|| format!("write into {}", path.display()))?;
        Ok(Self {
            handle,
            path: path.to_owned(),
        })
    }

    /// The path of a file in it, for people.
    pub fn path_of(&self, name: &str) -> PathBuf {
        if self.path == Path::new(".") {
            PathBuf::from(name)
        } else {
            self.path.join(name)
        }
    }

    /// What the file holds; `None` when there is none.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let what = || format!("read {}", self.path_of(name).display());
        let file = match rustix::fs::openat(&self.handle, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(self.is_a_link(name)),
            result => result.map_err(io::Error::from).or_cannot(what)?,
        };
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut File::from(file), &mut bytes).or_cannot(what)?;
        Ok(Some(bytes))
    }

    /// Replaces a file. Only a regular file is replaced.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        // Less the umask, as any program creates files.
        self.replace(name, bytes, Mode::from_raw_mode(0o666))
    }

    /// Replaces a file that is for its owner alone: a trace tells what a service touches.
    pub fn write_private(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        self.replace(name, bytes, Mode::from_raw_mode(0o600))
    }

    fn replace(&self, name: &str, bytes: &[u8], mode: Mode) -> Result<(), Failure> {
        match rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => match FileType::from_raw_mode(found.st_mode) {
                FileType::RegularFile => {}
                FileType::Symlink => return Err(self.is_a_link(name)),
                _ => {
                    return Err(self
                        .cannot_write(name)
                        .help("it is not a regular file; remove it"));
                }
            },
            Err(Errno::NOENT) => {}
            Err(error) => return Err(self.cannot_write(name).because(io::Error::from(error))),
        }
        let beside = format!(".{name}.{}", std::process::id());
        let written = self.write_beside(&beside, bytes, mode).and_then(|()| {
            rustix::fs::renameat(&self.handle, &beside, &self.handle, name)?;
            Ok(rustix::fs::fsync(&self.handle)?)
        });
        written.map_err(|error| {
            // The rest of a failed write; it may not be there at all.
            let _ = rustix::fs::unlinkat(&self.handle, &beside, AtFlags::empty());
            self.cannot_write(name).because(error)
        })
    }

    /// Replaces a file and keeps what it held as `name~`. Says whether it kept something.
    pub fn write_keeping_old(&self, name: &str, bytes: &[u8]) -> Result<bool, Failure> {
        let old = self.read(name)?.filter(|old| old != bytes);
        if let Some(old) = &old {
            self.write(&format!("{name}~"), old)?;
        }
        self.write(name, bytes)?;
        Ok(old.is_some())
    }

    fn write_beside(&self, name: &str, bytes: &[u8], mode: Mode) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&self.handle, name, flags, mode)?);
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn cannot_write(&self, name: &str) -> Failure {
        Failure::cannot(format!("write {}", self.path_of(name).display()))
    }

    fn is_a_link(&self, name: &str) -> Failure {
        self.cannot_write(name).help(
            "it is a symbolic link, which ringfence never follows; remove it or name another file",
        )
    }
}

/// The directory and the name of a file that is to be written.
pub fn place(path: &Path) -> Result<(Directory, String), Failure> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .filter(|_| !path.as_os_str().as_encoded_bytes().ends_with(b"/"))
        .ok_or_else(|| {
            Failure::usage(format!("write {}", path.display())).help("name a file, in UTF-8")
        })?;
    let directory = Directory::open(path.parent().unwrap_or(Path::new("")))?;
    Ok((directory, name.to_owned()))
}

/// Reads an input file whole.
pub fn read_input(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).or_usage(|| format!("read {}", path.display()))
}

/// Reads an input file that must be text.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read_input(path)?)
        .map_err(|error| error.utf8_error())
        .or_usage(|| format!("read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> (tempfile::TempDir, Directory) {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        (folder, directory)
    }

    #[test]
    fn a_manifest_that_differs_is_kept_and_an_equal_one_is_not() {
        let (folder, directory) = opened();
        assert!(!directory.write_keeping_old("a.toml", b"one").unwrap());
        assert!(!directory.write_keeping_old("a.toml", b"one").unwrap());
        assert!(directory.write_keeping_old("a.toml", b"two").unwrap());
        assert_eq!(std::fs::read(folder.path().join("a.toml")).unwrap(), b"two");
        assert_eq!(
            std::fs::read(folder.path().join("a.toml~")).unwrap(),
            b"one"
        );
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            2,
            "nothing is left beside"
        );
    }

    #[test]
    fn a_symbolic_link_is_neither_followed_nor_replaced() {
        let (folder, directory) = opened();
        let target = folder.path().join("target");
        std::fs::write(&target, "theirs").unwrap();
        std::os::unix::fs::symlink(&target, folder.path().join("a.toml")).unwrap();
        assert!(directory.write("a.toml", b"ours").is_err());
        assert!(directory.write_keeping_old("a.toml", b"ours").is_err());
        assert_eq!(std::fs::read(&target).unwrap(), b"theirs");
        assert!(folder.path().join("a.toml").is_symlink());
    }

    #[test]
    fn a_directory_is_not_replaced() {
        let (folder, directory) = opened();
        std::fs::create_dir(folder.path().join("a.toml")).unwrap();
        let failure = directory.write("a.toml", b"ours").unwrap_err();
        assert!(
            failure.text(false).contains("not a regular file"),
            "{failure:?}"
        );
    }

    #[test]
    fn a_path_that_names_no_file_is_wrong_usage() {
        for path in ["/", "..", "x/"] {
            let failure = place(Path::new(path)).unwrap_err();
            assert_eq!(failure.number(), 2, "{path}");
        }
    }
}
