//! A source that is nowhere on a disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::{Entry, EntryKind, SYSTEM_DIRECTORIES, Source, SourceError};

/// How many links a path may have.
const LINKS: usize = 40;

/// Unit files in memory, for tests and for units that are not installed yet.
#[derive(Debug, Clone)]
pub struct Memory {
    directories: Vec<PathBuf>,
    nodes: BTreeMap<PathBuf, Node>,
}

#[derive(Debug, Clone)]
enum Node {
    File(Vec<u8>),
    Link(PathBuf),
}

impl Default for Memory {
    fn default() -> Self {
        Self::with_directories(SYSTEM_DIRECTORIES)
    }
}

impl Memory {
    /// No files, and these unit directories.
    pub fn with_directories<P: Into<PathBuf>>(directories: impl IntoIterator<Item = P>) -> Self {
        let null = (PathBuf::from("/dev/null"), Node::File(Vec::new()));
        Self {
            directories: directories.into_iter().map(Into::into).collect(),
            nodes: BTreeMap::from([null]),
        }
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>, text: impl Into<Vec<u8>>) -> Self {
        self.nodes.insert(path.into(), Node::File(text.into()));
        self
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn link(mut self, path: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        self.nodes.insert(path.into(), Node::Link(target.into()));
        self
    }

    /// The path with all links followed, whether it exists or not.
    fn chase(&self, path: &Path) -> Option<PathBuf> {
        let mut done = PathBuf::new();
        let mut left: Vec<PathBuf> = components(path);
        let mut links = 0;
        while let Some(component) = left.pop() {
            if component.as_os_str() == ".." {
                done.pop();
                continue;
            }
            let next = done.join(&component);
            match self.nodes.get(&next) {
                Some(Node::Link(target)) if links < LINKS => {
                    links += 1;
                    left.extend(components(target));
                }
                Some(Node::Link(_)) => return None,
                _ => done = next,
            }
        }
        Some(done)
    }

    fn exists(&self, path: &Path) -> bool {
        self.nodes.keys().any(|node| node.starts_with(path))
    }
}

/// The components of a path, the last one first.
fn components(path: &Path) -> Vec<PathBuf> {
    let components = path.components().filter(|c| *c != Component::CurDir);
    let mut components: Vec<_> = components.map(|c| PathBuf::from(c.as_os_str())).collect();
    components.reverse();
    components
}

impl Source for Memory {
    fn directories(&self) -> Vec<PathBuf> {
        self.directories.clone()
    }

    fn list(&self, directory: &Path) -> Result<Vec<Entry>, SourceError> {
        let Some(directory) = self.chase(directory) else {
            return Ok(Vec::new());
        };
        let mut seen = BTreeSet::new();
        let mut entries = Vec::new();
        for (path, node) in &self.nodes {
            let Ok(below) = path.strip_prefix(&directory) else {
                continue;
            };
            let mut components = below.components();
            let Some(name) = components.next().and_then(|c| c.as_os_str().to_str()) else {
                continue;
            };
            let kind = match (components.next(), node) {
                (Some(_), _) => EntryKind::Directory,
                (None, Node::File(_)) => EntryKind::File,
                (None, Node::Link(target)) => EntryKind::Link(target.clone()),
            };
            if seen.insert(name.to_owned()) {
                let name = name.to_owned();
                entries.push(Entry { name, kind });
            }
        }
        Ok(entries)
    }

    fn read(&self, file: &Path) -> Result<Option<Vec<u8>>, SourceError> {
        let file = self.chase(file);
        Ok(match file.and_then(|file| self.nodes.get(&file)) {
            Some(Node::File(bytes)) => Some(bytes.clone()),
            _ => None,
        })
    }

    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        self.chase(path).filter(|path| self.exists(path))
    }
}
