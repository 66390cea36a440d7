//! Where unit files come from.

use std::io;
use std::path::{Path, PathBuf};

/// The directories in which the service manager of a system looks for units, highest precedence first.
///
/// `/lib/systemd/system` counts where `/usr` is a directory apart; elsewhere it is the same directory again,
/// which changes nothing.
pub const SYSTEM_DIRECTORIES: [&str; 13] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// A file system with unit files: a host, a directory tree, or a test's own.
///
/// All paths are absolute and as the service manager of that system sees them: a source for a directory
/// tree puts its root in front, and keeps links inside it.
pub trait Source {
    /// The unit directories, highest precedence first.
    fn directories(&self) -> Vec<PathBuf>;

    /// What is in a directory, in any order: nothing where there is none. The directory may be reached
    /// through links. Names that are not UTF-8 are left out, for no unit and no drop-in has one.
    fn list(&self, directory: &Path) -> Result<Vec<Entry>, SourceError>;

    /// The bytes of a file, links followed: none where it does not exist, a link leads nowhere, or it is a
    /// directory. `/dev/null`, and any other device, reads as empty.
    fn read(&self, file: &Path) -> Result<Option<Vec<u8>>, SourceError>;

    /// The path without links: none where it does not exist.
    fn resolve(&self, path: &Path) -> Option<PathBuf>;
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is, links not followed.
    pub kind: EntryKind,
}

/// What an entry of a directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, with its text.
    Link(PathBuf),
    /// A socket, a pipe or a device.
    Other,
}

/// A directory or file that is there and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("read {}: {source}", path.display())]
pub struct SourceError {
    /// What cannot be read.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}
