//! What there is on this host to be reached: the files behind the patterns of the attempts.
//!
//! Looked up once, outside of any confinement, so that an attempt inside knows what to ask for and can
//! tell a file of the host from another one of the same name. Only names and inode numbers are looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;

/// A file, directory, device or socket of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Where it is.
    #[serde(with = "crate::text")]
    pub path: PathBuf,
    /// Device and inode number. `None` beneath `/proc` and `/sys`, where every mount shows the same
    /// kernel under numbers of its own.
    pub identity: Option<(u64, u64)>,
}

/// The candidates of every attempt that has any.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Survey(BTreeMap<String, Vec<Candidate>>);

/// So many files make the point, and keep an attempt short.
const CANDIDATES_MAX: usize = 64;
/// A directory with more entries than this is not looked through to its end.
const ENTRIES_MAX: usize = 4096;

impl Survey {
    /// Looks for what the attempts want, beneath `root`.
    pub fn of(root: &Path, attempts: &[Attempt]) -> Self {
        let homes = homes(root);
        let mut found = BTreeMap::new();
        for attempt in attempts {
            let paths: BTreeSet<PathBuf> = attempt
                .targets
                .iter()
                .flat_map(|target| match target.strip_prefix("~/") {
                    Some(rest) => homes.iter().flat_map(|home| expand(home, rest)).collect(),
                    None => expand(root, target.trim_start_matches('/')),
                })
                .take(CANDIDATES_MAX)
                .collect();
            let mut candidates: Vec<Candidate> = paths
                .iter()
                .filter_map(|path| candidate(root, path))
                .collect();
            candidates.sort_by(|a, b| a.path.cmp(&b.path));
            candidates.dedup();
            if !candidates.is_empty() {
                found.insert(attempt.id.to_owned(), candidates);
            }
        }
        Self(found)
    }

    /// Adds the sockets that processes listen on, as `/proc/net/unix` lists them; those of the calling
    /// process's own kind are left out.
    pub(crate) fn add_sockets(&mut self, attempt: &str, root: &Path) {
        let list = fs::read(root.join("proc/net/unix")).unwrap_or_default();
        let mut sockets: Vec<Candidate> = listening(&list)
            .into_iter()
            .filter(|path| !path.starts_with("/run/ringfence") && !is_neighbor(path))
            .filter_map(|path| candidate(root, &path))
            .collect();
        sockets.sort_by(|a, b| a.path.cmp(&b.path));
        sockets.dedup();
        sockets.truncate(CANDIDATES_MAX);
        if !sockets.is_empty() {
            self.0.insert(attempt.to_owned(), sockets);
        }
    }

    /// What there is for the attempt of this id.
    pub fn candidates(&self, id: &str) -> &[Candidate] {
        self.0.get(id).map_or(&[], Vec::as_slice)
    }
}

/// The paths of listening sockets in a list of the kernel; unix(7). The flag is `SO_ACCEPTCON`.
fn listening(list: &[u8]) -> Vec<PathBuf> {
    const LISTENS: &[u8] = b"00010000";
    list.split(|byte| *byte == b'\n')
        .filter_map(|line| {
            // Seven fields, of which only the last, a path, may hold blanks.
            let start = line.iter().position(|byte| *byte == b'/')?;
            let (before, path) = line.split_at_checked(start)?;
            let flags = before
                .split(|byte| *byte == b' ')
                .filter(|field| !field.is_empty())
                .nth(3)?;
            (flags == LISTENS).then(|| PathBuf::from(OsStr::from_bytes(path)))
        })
        .collect()
}

/// Whether a socket belongs to what attempts aim at anyway.
fn is_neighbor(path: &Path) -> bool {
    path.parent()
        .and_then(Path::file_name)
        .is_some_and(|name| name.as_bytes().starts_with(b"ringfence-prove-"))
}

/// Symbolic links are resolved, because policies and confinements speak of what is behind them.
pub(crate) fn candidate(root: &Path, path: &Path) -> Option<Candidate> {
    let path = fs::canonicalize(path).ok()?;
    let metadata = fs::metadata(&path).ok()?;
    let kernel = path.starts_with(root.join("proc")) || path.starts_with(root.join("sys"));
    let identity = (!kernel).then(|| (metadata.dev(), metadata.ino()));
    Some(Candidate { path, identity })
}

/// Every home directory: root's, those of `/etc/passwd` and those beneath `/home`.
///
/// Accounts of the system often have `/usr/bin` or `/dev` for a home, where nobody lives.
fn homes(root: &Path) -> BTreeSet<PathBuf> {
    let mut homes: BTreeSet<PathBuf> = expand(root, "home/*").into_iter().collect();
    homes.insert(root.join("root"));
    let accounts = fs::read_to_string(root.join("etc/passwd")).unwrap_or_default();
    for line in accounts.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        if let [_, _, _, _, _, home, _] = fields[..]
            && let Some(home) = home.strip_prefix('/').filter(|home| !home.is_empty())
            && !["bin", "dev", "proc", "sbin", "sys", "usr"]
                .iter()
                .any(|shared| Path::new(home).starts_with(shared))
        {
            homes.insert(root.join(home));
        }
    }
    homes.retain(|home| home.is_dir());
    homes
}

/// The existing paths beneath `top` that match a pattern in which a component may hold one `*`.
pub(crate) fn expand(top: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![top.to_path_buf()];
    for component in pattern.split('/') {
        found = match component.split_once('*') {
            None if component.is_empty() => found,
            None => found.iter().map(|path| path.join(component)).collect(),
            Some((prefix, suffix)) => found
                .iter()
                .flat_map(|path| matching(path, prefix, suffix))
                .collect(),
        };
    }
    found.retain(|path| path.exists());
    found
}

fn matching(directory: &Path, prefix: &str, suffix: &str) -> Vec<PathBuf> {
    let fits = |name: &OsStr| {
        let name = name.as_bytes();
        name.len() >= prefix.len() + suffix.len()
            && name.starts_with(prefix.as_bytes())
            && name.ends_with(suffix.as_bytes())
    };
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .take(ENTRIES_MAX)
        .filter_map(Result::ok)
        .filter(|entry| fits(&entry.file_name()))
        .map(|entry| entry.path())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_names_and_homes_come_from_three_places() {
        let root = tempfile::tempdir().unwrap();
        for home in ["root", "home/ann", "var/lib/build", "usr/games"] {
            let keys = root.path().join(home).join(".ssh");
            fs::create_dir_all(&keys).unwrap();
            fs::write(keys.join("id_ed25519"), "").unwrap();
        }
        fs::create_dir(root.path().join("etc")).unwrap();
        let accounts = "root:x:0:0::/root:/bin/sh\nbuild:x:9:9::/var/lib/build:/bin/sh\n\
                        games:x:5:5::/usr/games:/bin/sh\nbad line\n";
        fs::write(root.path().join("etc/passwd"), accounts).unwrap();
        let homes = homes(root.path());
        assert_eq!(homes.len(), 3, "{homes:?}");
        let keys: Vec<_> = homes.iter().flat_map(|h| expand(h, ".ssh/id_*")).collect();
        assert_eq!(keys.len(), 3);
        assert!(expand(root.path(), "home/*/.ssh/*.pub").is_empty());
    }

    #[test]
    fn sockets_that_listen_at_a_path_are_found() {
        let list = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 16234 /run/a b.sock\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 16235 /run/connected\n\
            0000000000000000: 00000002 00000000 00010000 0005 01 16236 @abstract\n\
            0000000000000000: 00000002 00000000 00000000 0002 01 16237\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 16238 /run/c\n";
        assert_eq!(
            listening(list),
            [Path::new("/run/a b.sock"), Path::new("/run/c")]
        );
    }

    #[test]
    fn what_the_kernel_shows_has_no_identity() {
        let root = Path::new("/");
        let of = |path: &str| candidate(root, Path::new(path)).unwrap().identity;
        assert_eq!(of("/proc/sys/kernel/hostname"), None);
        assert!(of("/etc/passwd").is_some());
    }
}
