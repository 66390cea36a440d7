//! The unit files of a host, or of a directory tree that holds one.

use std::ffi::OsStr;
use std::io;
use std::ops::RangeInclusive;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use ringfence_unit::load::{Entry, EntryKind, SYSTEM_DIRECTORIES, Source, SourceError};
use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// As many links as the kernel follows in one path.
const MOST_LINKS: usize = 40;

/// How much room a file gets at first, whatever size it says it has.
const FIRST_ROOM: RangeInclusive<usize> = 512..=64 * 1024;

/// Unit files below a root directory, as the service manager of that tree would find them.
///
/// Links are followed as if the root were `/`: one that points out of the tree ends inside of it. The kernel
/// does that (`RESOLVE_IN_ROOT` of openat2(2), Linux 5.6), so that a link that is replaced meanwhile changes
/// nothing about it.
#[derive(Debug)]
pub struct HostUnits {
    root: OwnedFd,
    /// As the kernel names it.
    real: PathBuf,
}

impl HostUnits {
    /// This host's.
    pub fn of_host() -> Result<Self, SourceError> {
        Self::below(Path::new("/"))
    }

    /// Those of the tree below a directory.
    pub fn below(root: &Path) -> Result<Self, SourceError> {
        let cannot = |source: io::Error| SourceError {
            path: root.to_owned(),
            source,
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle =
            rustix::fs::open(root, flags, Mode::empty()).map_err(|error| cannot(error.into()))?;
        let real = std::fs::canonicalize(root).map_err(cannot)?;
        Ok(Self { root: handle, real })
    }

    fn open(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        loop {
            let opened = rustix::fs::openat2(
                &self.root,
                path,
                flags | OFlags::CLOEXEC,
                Mode::empty(),
                ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS,
            );
            match opened {
                // A rename elsewhere made the kernel unsure whether the root was left.
                Err(Errno::AGAIN | Errno::INTR) => {}
                other => return other,
            }
        }
    }

    /// Opens what a path leads to, without reading it; `None` where nothing is.
    fn find(&self, path: &Path) -> Result<Option<OwnedFd>, SourceError> {
        match self.open(path, OFlags::PATH) {
            Ok(found) => Ok(Some(found)),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(error) => Err(failed(path, error)),
        }
    }

    /// Whether a path is a link to /dev/null. A tree that is not running often has an empty /dev.
    fn is_null(&self, path: &Path) -> bool {
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            if path == Path::new("/dev/null") {
                return true;
            }
            let Some(target) = self.link(&path) else {
                return false;
            };
            path = path.parent().unwrap_or(Path::new("/")).join(target);
        }
        false
    }

    /// The text of a link.
    fn link(&self, path: &Path) -> Option<PathBuf> {
        let handle = self.open(path, OFlags::PATH | OFlags::NOFOLLOW).ok()?;
        let target = rustix::fs::readlinkat(&handle, "", Vec::new()).ok()?;
        Some(PathBuf::from(OsStr::from_bytes(target.as_bytes())))
    }
}

impl Source for HostUnits {
    fn directories(&self) -> Vec<PathBuf> {
        SYSTEM_DIRECTORIES.iter().map(PathBuf::from).collect()
    }

    fn list(&self, directory: &Path) -> Result<Vec<Entry>, SourceError> {
        let opened = match self.open(directory, OFlags::RDONLY | OFlags::DIRECTORY) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(Vec::new()),
            result => result.map_err(|error| failed(directory, error))?,
        };
        let mut entries = Vec::new();
        for entry in Dir::new(opened).map_err(|error| failed(directory, error))? {
            let entry = entry.map_err(|error| failed(directory, error))?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if matches!(name, "." | "..") {
                continue;
            }
            let path = directory.join(name);
            let kind = match entry.file_type() {
                FileType::Unknown => self.kind(&path),
                known => Some(known),
            };
            let kind = match kind {
                Some(FileType::RegularFile) => EntryKind::File,
                Some(FileType::Directory) => EntryKind::Directory,
                // One that is gone since was not there.
                Some(FileType::Symlink) => match self.link(&path) {
                    Some(target) => EntryKind::Link(target),
                    None => continue,
                },
                Some(_) => EntryKind::Other,
                None => continue,
            };
            entries.push(Entry {
                name: name.to_owned(),
                kind,
            });
        }
        Ok(entries)
    }

    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, SourceError> {
        let Some(found) = self.find(path)? else {
            return Ok(self.is_null(path).then(Vec::new));
        };
        let stat = rustix::fs::fstat(&found).map_err(|error| failed(path, error))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Directory => return Ok(None),
            // To open a device may do something.
            _ => return Ok(Some(Vec::new())),
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match self.open(path, flags) {
            Err(Errno::NOENT) => return Ok(None),
            result => result.map_err(|error| failed(path, error))?,
        };
        let size = usize::try_from(stat.st_size).unwrap_or(0);
        read_all(&file, size)
            .map(Some)
            .map_err(|error| failed(path, error))
    }

    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        let Some(found) = self.find(path).ok()? else {
            return self.is_null(path).then(|| PathBuf::from("/dev/null"));
        };
        let link = format!("/proc/self/fd/{}", found.as_raw_fd());
        let real = std::fs::read_link(link).ok()?;
        let below = real.strip_prefix(&self.real).ok()?;
        Some(Path::new("/").join(below))
    }
}

impl HostUnits {
    fn kind(&self, path: &Path) -> Option<FileType> {
        let handle = self.open(path, OFlags::PATH | OFlags::NOFOLLOW).ok()?;
        let stat = rustix::fs::fstat(&handle).ok()?;
        Some(FileType::from_raw_mode(stat.st_mode))
    }
}

/// Reads a file to its end. It may have another size by now, or none that the kernel knows.
fn read_all(file: &OwnedFd, size: usize) -> Result<Vec<u8>, Errno> {
    let room = size.saturating_add(1);
    let mut bytes = Vec::with_capacity(room.clamp(*FIRST_ROOM.start(), *FIRST_ROOM.end()));
    loop {
        match rustix::io::read(file, rustix::buffer::spare_capacity(&mut bytes)) {
            Ok(0) => return Ok(bytes),
            Ok(_) if bytes.len() == bytes.capacity() => bytes.reserve(bytes.len()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

fn failed(path: &Path, error: Errno) -> SourceError {
    SourceError {
        path: path.to_owned(),
        source: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_unit::load::load;
    use ringfence_unit::name::UnitName;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn tree() -> (tempfile::TempDir, HostUnits) {
        let folder = tempfile::tempdir().unwrap();
        for directory in ["etc/systemd/system/a.service.d", "usr/lib/systemd/system"] {
            fs::create_dir_all(folder.path().join(directory)).unwrap();
        }
        let units = HostUnits::below(folder.path()).unwrap();
        (folder, units)
    }

    #[test]
    fn a_unit_is_read_with_its_drop_ins() {
        let (folder, units) = tree();
        fs::write(
            folder.path().join("usr/lib/systemd/system/a.service"),
            "[Service]\nExecStart=/bin/a\nUser=one\n",
        )
        .unwrap();
        fs::write(
            folder.path().join("etc/systemd/system/a.service.d/x.conf"),
            "[Service]\nUser=two\n",
        )
        .unwrap();
        let unit = load(&UnitName::parse("a.service").unwrap(), &units).unwrap();
        assert_eq!(unit.last("Service", "User").unwrap().value, "two");
        assert_eq!(unit.files.len(), 2);
    }

    #[test]
    fn links_do_not_lead_out_of_the_tree() {
        let (folder, units) = tree();
        let outside = tempfile::NamedTempFile::new().unwrap();
        fs::write(outside.path(), "[Service]\nUser=theirs\n").unwrap();
        let link = folder.path().join("etc/systemd/system/a.service");
        symlink(outside.path(), &link).unwrap();
        let seen = Path::new("/etc/systemd/system/a.service");
        assert_eq!(units.read(seen).unwrap(), None);
        assert_eq!(units.resolve(seen), None);
        fs::remove_file(&link).unwrap();
        symlink("../../../../../../../../etc/hostname", &link).unwrap();
        fs::write(folder.path().join("etc/hostname"), "inside").unwrap();
        assert_eq!(units.read(seen).unwrap().unwrap(), b"inside");
        assert_eq!(units.resolve(seen).unwrap(), Path::new("/etc/hostname"));
    }

    #[test]
    fn a_mask_is_a_mask_where_there_are_no_devices() {
        let (folder, units) = tree();
        let link = folder.path().join("etc/systemd/system/a.service");
        symlink("/dev/null", link).unwrap();
        let seen = Path::new("/etc/systemd/system/a.service");
        assert_eq!(units.read(seen).unwrap().unwrap(), b"");
        assert_eq!(units.resolve(seen).unwrap(), Path::new("/dev/null"));
    }

    #[test]
    fn entries_are_told_apart_and_a_loop_is_nothing() {
        let (folder, units) = tree();
        let system = folder.path().join("etc/systemd/system");
        symlink("loop", system.join("loop")).unwrap();
        fs::write(system.join("f.service"), "").unwrap();
        let directory = Path::new("/etc/systemd/system");
        let mut entries = units.list(directory).unwrap();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let kinds: Vec<_> = entries.into_iter().map(|entry| entry.kind).collect();
        assert_eq!(
            kinds,
            [
                EntryKind::Directory,
                EntryKind::File,
                EntryKind::Link("loop".into())
            ]
        );
        assert_eq!(units.read(&directory.join("loop")).unwrap(), None);
        assert_eq!(units.list(Path::new("/nowhere")).unwrap(), []);
    }
}
