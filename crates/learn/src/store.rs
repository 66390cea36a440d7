//! Keeping a trace in a file.
//!
//! A trace tells what a service touches, so the file is for its owner alone. It is replaced as a whole:
//! a reader sees the old trace or the new one, also after a crash.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ringfence_policy::trace::{Trace, TraceError};

/// Why a trace could not be kept or read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The new file could not be written or put in place.
    #[error("write {}: {source}", path.display())]
    Write {
        /// The trace's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file could not be read.
    #[error("read {}: {source}", path.display())]
    Read {
        /// The trace's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a trace.
    #[error("read {}: {source}", path.display())]
    Content {
        /// The trace's path.
        path: PathBuf,
        /// Which line, and why.
        source: TraceError,
    },
}

/// Writes a trace, mode 0600. A symbolic link in the place of the file is replaced, not followed.
pub fn save(path: &Path, trace: &Trace) -> Result<(), StoreError> {
    replace(path, trace.to_lines().as_bytes()).map_err(|source| StoreError::Write {
        path: path.to_owned(),
        source,
    })
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut temporary = name.to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = directory.join(temporary);
    // A file left by a crashed process of the same number is in the way of `create_new`, which is what
    // keeps us from writing through a link that somebody else put there.
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&temporary, path))
        .and_then(|()| File::open(directory)?.sync_all());
    if written.is_err() {
        // The first error is the one to tell; the file may be gone already.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Reads a trace back.
pub fn load(path: &Path) -> Result<Trace, StoreError> {
    let text = std::fs::read(path).map_err(|source| StoreError::Read {
        path: path.to_owned(),
        source,
    })?;
    Trace::from_lines(&text).map_err(|source| StoreError::Content {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, symlink};

    #[test]
    fn a_saved_trace_loads_and_replaces_a_link_without_following_it() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("precious");
        std::fs::write(&target, "keep").unwrap();
        let path = directory.path().join("x.trace.jsonl");
        symlink(&target, &path).unwrap();

        save(&path, &Trace::new()).unwrap();

        assert_eq!(load(&path).unwrap(), Trace::new());
        assert_eq!(std::fs::read(&target).unwrap(), b"keep");
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        assert!(metadata.is_file());
        assert_eq!(metadata.mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_failed_save_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("taken");
        std::fs::create_dir(&path).unwrap();
        assert!(save(&path, &Trace::new()).is_err());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
