//! Resolves a path as the kernel does for a tracee: from its root, its directory, through its links.
//!
//! The result is canonical in the view of the tracee's mount namespace: a process that changed its root
//! sees `/x` and gets `/srv/jail/x`. Looking again is not the look the kernel took; between the two a path
//! can change, and the trace shows what was there a moment before or after.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, Stat, fstat, openat2, readlinkat, statat};
use rustix::io::Errno;
use rustix::process::Pid;

use super::own_numbers::is_magic;

/// As in the kernel.
const MOST_LINKS: usize = 40;

/// The root that a process sees.
#[derive(Debug, Clone)]
pub struct View {
    root: Rc<OwnedFd>,
    /// Canonical path of the root; empty for `/` itself.
    prefix: Rc<[u8]>,
}

/// Which process looks, for `/proc/self`.
#[derive(Debug, Clone, Copy)]
pub struct Looker {
    /// The process, by its number in the `procfs` it sees.
    pub process: i32,
    /// The thread, likewise.
    pub thread: i32,
}

/// Where a path leads.
#[derive(Debug, Default)]
pub struct Found {
    /// Canonical, whether or not something is there.
    pub path: Vec<u8>,
    /// What is there.
    pub stat: Option<Stat>,
    /// The links that were followed: where they lie, and what they say.
    pub links: Vec<(Vec<u8>, Vec<u8>)>,
    /// It ends in something without a path, a pipe or a memory file.
    pub nameless: bool,
}

/// The text of a link in `/proc`, such as `/proc/7/cwd`.
pub fn proc_link(task: Pid, name: &str) -> Option<Vec<u8>> {
    let path = format!("/proc/{}/{name}", task.as_raw_nonzero());
    let text = readlinkat(rustix::fs::CWD, path, Vec::with_capacity(256)).ok()?;
    Some(text.into_bytes())
}

impl View {
    /// The root of a task.
    pub fn of(task: Pid) -> Option<Self> {
        let path = format!("/proc/{}/root", task.as_raw_nonzero());
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(path, flags, Mode::empty()).ok()?;
        let mut prefix = proc_link(task, "root")?;
        if prefix == b"/" {
            prefix.clear();
        }
        Some(Self {
            root: Rc::new(root),
            prefix: prefix.into(),
        })
    }

    /// The path below the root, for a canonical one; `None` outside of the root.
    fn below<'a>(&self, canonical: &'a [u8]) -> Option<&'a [u8]> {
        let rest = canonical.strip_prefix(&*self.prefix)?;
        match rest {
            [] | [b'/'] => Some(b"."),
            [b'/', rest @ ..] => Some(rest),
            _ => None,
        }
    }

    fn open(&self, below: &[u8], follow: bool) -> Result<OwnedFd, Errno> {
        let mut flags = OFlags::PATH | OFlags::CLOEXEC;
        if !follow {
            flags |= OFlags::NOFOLLOW;
        }
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
        openat2(&*self.root, below, flags, Mode::empty(), resolve)
    }

    /// What is at a canonical path.
    pub fn stat(&self, canonical: &[u8]) -> Option<Stat> {
        let fd = self.open(self.below(canonical)?, false).ok()?;
        fstat(fd).ok()
    }

    /// What a name in a canonical directory is, whatever it is: a link is not followed.
    ///
    /// One call where [`View::stat`] takes three, for paths that the kernel itself just told.
    pub fn entry(&self, canonical: &[u8]) -> Option<Stat> {
        let below = self.below(canonical)?;
        statat(&*self.root, below, AtFlags::SYMLINK_NOFOLLOW).ok()
    }

    /// Whether a path that has no link on its way leads to nothing.
    pub fn is_missing(&self, base: &[u8], path: &[u8], follow: bool) -> bool {
        let full = self.full(base, path);
        let follow = follow || path.last() == Some(&b'/');
        !is_in_proc(&full)
            && self
                .below(&full)
                .is_some_and(|below| matches!(self.open(below, follow), Err(Errno::NOENT)))
    }

    fn full(&self, base: &[u8], path: &[u8]) -> Vec<u8> {
        if path.first() == Some(&b'/') {
            [&self.prefix, path].concat()
        } else {
            [base, b"/", path].concat()
        }
    }

    /// A canonical path, and what is there.
    pub fn at(&self, canonical: &[u8]) -> Found {
        Found {
            path: canonical.to_vec(),
            stat: self.stat(canonical),
            ..Found::default()
        }
    }

    /// Opens what is at a canonical path for reading its content.
    pub fn open_file(&self, canonical: &[u8]) -> Option<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
        let below = self.below(canonical)?;
        openat2(self.root.as_fd(), below, flags, Mode::empty(), resolve).ok()
    }

    /// Resolves `path`, relative to the canonical directory `base` unless it is absolute. `follow` says
    /// whether a link at the end is followed.
    pub fn resolve(&self, base: &[u8], path: &[u8], follow: bool, looker: Looker) -> Found {
        let full = self.full(base, path);
        if !is_in_proc(&full) {
            let tail = path.last() == Some(&b'/');
            let plain = self
                .below(&full)
                .map(|below| self.open(below, follow || tail));
            match plain {
                Some(Ok(fd)) => {
                    return Found {
                        path: self.normalize(&full),
                        stat: fstat(fd).ok(),
                        ..Found::default()
                    };
                }
                Some(Err(Errno::NOENT)) => {
                    return Found {
                        path: self.normalize(&full),
                        ..Found::default()
                    };
                }
                _ => {}
            }
        }
        let start = if path.first() == Some(&b'/') {
            self.prefix.to_vec()
        } else {
            base.to_vec()
        };
        self.walk(start, path, follow, looker)
    }

    /// Takes `.`, `..` and doubled slashes out, as is right where no link is on the way.
    fn normalize(&self, full: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(full.len());
        for component in full.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => self.climb(&mut out),
                _ => {
                    out.push(b'/');
                    out.extend_from_slice(component);
                }
            }
        }
        if out.is_empty() {
            out.push(b'/');
        }
        out
    }

    /// Goes to the directory above, but not above the root.
    fn climb(&self, at: &mut Vec<u8>) {
        if at.as_slice() != &*self.prefix {
            let cut = at.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            at.truncate(cut);
        }
    }

    fn walk(&self, start: Vec<u8>, path: &[u8], follow: bool, looker: Looker) -> Found {
        let mut at = start;
        if at == b"/" {
            at.clear();
        }
        let mut found = Found::default();
        let mut queue: VecDeque<Vec<u8>> = components(path).collect();
        let follow = follow || path.last() == Some(&b'/');
        let mut followed = 0;
        while let Some(component) = queue.pop_front() {
            if component == b".." {
                self.climb(&mut at);
                continue;
            }
            let mut next = at.clone();
            next.push(b'/');
            next.extend_from_slice(&component);
            if next == b"/proc/self" {
                at = format!("/proc/{}", looker.process).into_bytes();
                continue;
            }
            if next == b"/proc/thread-self" {
                at = format!("/proc/{}/task/{}", looker.process, looker.thread).into_bytes();
                continue;
            }
            if queue.is_empty() && !follow {
                at = next;
                break;
            }
            match self.link(&next) {
                Ok(_) if followed == MOST_LINKS => {
                    at = next;
                    break;
                }
                Ok(target) => {
                    followed += 1;
                    if is_magic(&next) {
                        if target.first() != Some(&b'/') {
                            found.nameless = true;
                            break;
                        }
                        at = target;
                        continue;
                    }
                    if target.first() == Some(&b'/') {
                        at = self.prefix.to_vec();
                    }
                    for component in components(&target).rev() {
                        queue.push_front(component);
                    }
                    found.links.push((next, target));
                }
                Err(Errno::INVAL) => at = next,
                Err(_) => {
                    at = next;
                    for component in queue.drain(..) {
                        if component == b".." {
                            self.climb(&mut at);
                        } else {
                            at.push(b'/');
                            at.extend_from_slice(&component);
                        }
                    }
                    break;
                }
            }
        }
        if at.is_empty() {
            at.push(b'/');
        }
        found.stat = self.stat(&at);
        found.path = at;
        found
    }

    fn link(&self, canonical: &[u8]) -> Result<Vec<u8>, Errno> {
        let below = self.below(canonical).ok_or(Errno::XDEV)?;
        Ok(readlinkat(&*self.root, below, Vec::with_capacity(256))?.into_bytes())
    }
}

/// What the kernel would show as `/proc/self` is the tracer's own here, so that goes the long way.
fn is_in_proc(full: &[u8]) -> bool {
    full.windows(5).any(|part| part == b"/proc")
}

fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = Vec<u8>> {
    path.split(|byte| *byte == b'/')
        .filter(|component| !component.is_empty() && *component != b".")
        .map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    const LOOKER: Looker = Looker {
        process: 4711,
        thread: 4712,
    };

    fn view() -> View {
        View::of(rustix::process::getpid()).unwrap()
    }

    #[test]
    fn links_on_the_way_are_followed_and_told() {
        let directory = tempfile::tempdir().unwrap();
        let top = directory.path().canonicalize().unwrap();
        std::fs::create_dir_all(top.join("real/deep")).unwrap();
        std::fs::write(top.join("real/deep/file"), "").unwrap();
        symlink("real", top.join("one")).unwrap();
        symlink(top.join("one/deep"), top.join("two")).unwrap();
        let base = top.as_os_str().as_bytes();

        let found = view().resolve(base, b"./two/../deep//file", true, LOOKER);

        assert_eq!(
            found.path,
            top.join("real/deep/file").as_os_str().as_bytes()
        );
        assert!(found.stat.is_some());
        let links: Vec<_> = found.links.iter().map(|(at, _)| at.clone()).collect();
        assert_eq!(
            links,
            [
                top.join("two").as_os_str().as_bytes(),
                top.join("one").as_os_str().as_bytes()
            ]
        );
    }

    #[test]
    fn a_missing_path_is_canonical_up_to_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let top = directory.path().canonicalize().unwrap();
        symlink(&top, top.join("here")).unwrap();
        let found = view().resolve(
            b"/",
            top.join("here/no/../such").as_os_str().as_bytes(),
            true,
            LOOKER,
        );
        assert_eq!(found.path, top.join("such").as_os_str().as_bytes());
        assert!(found.stat.is_none());
        let found = view().resolve(top.as_os_str().as_bytes(), b"no/such", false, LOOKER);
        assert_eq!(found.path, top.join("no/such").as_os_str().as_bytes());
    }

    #[test]
    fn a_loop_of_links_ends() {
        let directory = tempfile::tempdir().unwrap();
        symlink("b", directory.path().join("a")).unwrap();
        symlink("a", directory.path().join("b")).unwrap();
        let base = directory.path().as_os_str().as_bytes();
        let found = view().resolve(base, b"a", true, LOOKER);
        assert_eq!(found.links.len(), MOST_LINKS);
    }

    #[test]
    fn proc_self_is_the_one_who_looks() {
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        let looker = Looker {
            process: pid,
            thread: pid,
        };
        let found = view().resolve(b"/", b"/proc/self/status", true, looker);
        assert_eq!(found.path, format!("/proc/{pid}/status").into_bytes());
        assert!(found.stat.is_some());
    }
}
