//! A source with one more directory in front.

use std::path::{Path, PathBuf};

use super::{Entry, Source, SourceError};

/// A source whose units in one directory win over all others.
///
/// That is how `systemd-analyze security --offline=true FILE` looks: the directory of `FILE` comes first, and
/// the directories of the host stay behind it. Drop-ins of the host for a unit of the same name take part,
/// and `/usr/lib` wins over `/etc` when the file is in `/usr/lib`.
pub struct InFront<'a> {
    directory: PathBuf,
    rest: &'a dyn Source,
}

impl<'a> InFront<'a> {
    /// Puts a directory in front of a source that can read it.
    pub fn new(directory: PathBuf, rest: &'a dyn Source) -> Self {
        Self { directory, rest }
    }
}

impl Source for InFront<'_> {
    fn directories(&self) -> Vec<PathBuf> {
        let mut directories = vec![self.directory.clone()];
        directories.extend(self.rest.directories());
        directories
    }

    fn list(&self, directory: &Path) -> Result<Vec<Entry>, SourceError> {
        self.rest.list(directory)
    }

    fn read(&self, file: &Path) -> Result<Option<Vec<u8>>, SourceError> {
        self.rest.read(file)
    }

    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        self.rest.resolve(path)
    }
}
