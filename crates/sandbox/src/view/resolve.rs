//! Follows a path on the host and remembers the symbolic links on the way.

use std::collections::HashMap;

use ringfence_policy::path::AbsPath;
use rustix::fs::{FileType, Mode, lstat, readlink};

/// As many links as the kernel follows in one path.
const MOST_LINKS: usize = 40;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The path without links.
    pub(crate) real: AbsPath,
    /// What is there; `None` when nothing is.
    pub(crate) kind: Option<FileType>,
    /// The links on the way: where each lies and what it says.
    pub(crate) links: Vec<(AbsPath, Vec<u8>)>,
}

impl Resolved {
    pub(crate) fn is_directory(&self) -> bool {
        self.kind == Some(FileType::Directory)
    }
}

/// What has been looked at, so that each directory on the way is looked at once.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    seen: HashMap<AbsPath, Entry>,
}

#[derive(Debug, Clone)]
enum Entry {
    Missing,
    Link(Vec<u8>),
    Other(FileType),
}

impl Resolver {
    /// Forgets a path that has changed since.
    pub(crate) fn forget(&mut self, path: &AbsPath) {
        self.seen.remove(path);
    }

    /// Follows `path`. Components that are not there, or cannot be looked at, are taken as they are.
    pub(crate) fn resolve(&mut self, path: &AbsPath) -> Resolved {
        let mut links = Vec::new();
        let mut real = AbsPath::root();
        let mut kind = Some(FileType::Directory);
        let mut rest: Vec<Vec<u8>> = path.components().rev().map(<[u8]>::to_vec).collect();
        while let Some(name) = rest.pop() {
            if name == b".." {
                real = real.parent().unwrap_or(real);
                continue;
            }
            let next = real.join(&name);
            match self.entry(&next) {
                Entry::Link(target) if links.len() < MOST_LINKS => {
                    if target.first() == Some(&b'/') {
                        real = AbsPath::root();
                    }
                    let parts = target.split(|byte| *byte == b'/');
                    let parts: Vec<_> = parts.filter(|p| !matches!(*p, b"" | b".")).collect();
                    rest.extend(parts.into_iter().rev().map(<[u8]>::to_vec));
                    links.push((next, target));
                    kind = Some(FileType::Directory);
                }
                Entry::Link(_) | Entry::Missing => {
                    kind = None;
                    real = next;
                }
                Entry::Other(found) => {
                    kind = kind.and(Some(found));
                    real = next;
                }
            }
        }
        Resolved { real, kind, links }
    }

    fn entry(&mut self, path: &AbsPath) -> Entry {
        if let Some(known) = self.seen.get(path) {
            return known.clone();
        }
        let entry = match lstat(path.as_path()) {
            Err(_) => Entry::Missing,
            Ok(found) => match FileType::from_raw_mode(found.st_mode) {
                FileType::Symlink => match readlink(path.as_path(), Vec::new()) {
                    Ok(target) => Entry::Link(target.into_bytes()),
                    Err(_) => Entry::Missing,
                },
                other => Entry::Other(other),
            },
        };
        self.seen.insert(path.clone(), entry.clone());
        entry
    }
}

/// Permissions of directories that only lead somewhere.
pub(crate) const PASSAGE: Mode = Mode::from_raw_mode(0o755);

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn path(path: &std::path::Path) -> AbsPath {
        use std::os::unix::ffi::OsStrExt;
        AbsPath::from_bytes(path.as_os_str().as_bytes()).unwrap()
    }

    #[test]
    fn links_on_the_way_and_at_the_end_are_followed() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        std::fs::create_dir(top.join("real")).unwrap();
        std::fs::write(top.join("real/file"), "x").unwrap();
        symlink("real", top.join("way")).unwrap();
        symlink("../way/./file", top.join("real/end")).unwrap();
        let found = Resolver::default().resolve(&path(&top.join("way/end")));
        assert_eq!(found.real, path(&top.join("real/file")));
        assert_eq!(found.kind, Some(FileType::RegularFile));
        let links: Vec<_> = found.links.iter().map(|(at, _)| at.clone()).collect();
        let expected = [top.join("way"), top.join("real/end"), top.join("way")];
        assert_eq!(links, expected.map(|p| path(&p)));
    }

    #[test]
    fn loops_and_missing_paths_lead_to_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        symlink("loop", top.join("loop")).unwrap();
        let mut resolver = Resolver::default();
        assert_eq!(resolver.resolve(&path(&top.join("loop"))).kind, None);
        assert_eq!(resolver.resolve(&path(&top.join("no/such"))).kind, None);
    }
}
