//! Makes the mounts of a view and turns it into the root.
//!
//! Runs in the new mount namespace. Every mount is prepared detached and then moved into place, so nothing
//! is visible for a moment with more than it should allow.

use std::os::fd::{AsFd, OwnedFd};

use ringfence_compile::native::{Proc, View};
use ringfence_policy::path::AbsPath;
use ringfence_sys::mount::{MountAttributes, MountFlags, set_attributes};
use rustix::fs::{AtFlags, CWD, FileType, Mode, StatxFlags, mkdirat, mknodat, statx, symlinkat};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, UnmountFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen,
    mount_change, move_mount, open_tree, unmount,
};

use super::arrange::{Arrangement, Bind, Node, nearest};
use super::cover::{Covers, SECRET};
use super::resolve::PASSAGE;
use crate::error::{SandboxError, Step};

/// What the builder must know besides the arrangement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Powers {
    /// The mount namespace belongs to the host's user namespace: device nodes can be made.
    pub(crate) make_nodes: bool,
    /// There is a pid namespace of our own to mount proc(5) for.
    pub(crate) own_pids: bool,
    /// Set-user-ID programs keep their effect.
    pub(crate) set_user_id: bool,
}

/// Builds the view and makes it the root of the calling process. The old root still lies on top of it, until
/// [`drop_old_root`].
pub(crate) fn enter(
    view: &View,
    arrangement: &Arrangement,
    powers: Powers,
) -> Result<(), SandboxError> {
    // Otherwise our mounts would appear on the host, and later ones of the host in here.
    mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )
    .step(|| "keep mounts to ourselves")?;
    let umask = rustix::process::umask(Mode::empty());
    let builder = Builder {
        root: root(view, arrangement, powers)?,
        arrangement,
        powers,
    };
    builder.fill(view)?;
    rustix::process::umask(umask);
    builder.pivot()
}

pub(super) struct Builder<'a> {
    pub(super) root: OwnedFd,
    pub(super) arrangement: &'a Arrangement,
    powers: Powers,
}

/// What is put at a path.
enum Item<'a> {
    Link(&'a [u8]),
    Node(&'a Node),
}

/// The bottom of the view, attached: an empty file system, or the host's root when all of it is granted.
fn root(view: &View, arrangement: &Arrangement, powers: Powers) -> Result<OwnedFd, SandboxError> {
    let root = if let Some(Node::Bind(bind)) = arrangement.nodes.get(&AbsPath::root()) {
        piece(&AbsPath::root(), bind, powers)?
    } else {
        let mut attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        if !powers.make_nodes {
            attributes |= MountAttrFlags::MOUNT_ATTR_NODEV;
        }
        let options = [("size", view.private_size.as_str()), ("mode", "0755")];
        filesystem("tmpfs", &options, attributes)?
    };
    attach(&root, CWD, "/").step(|| "attach the new root")?;
    Ok(root)
}

impl Builder<'_> {
    fn fill(&self, view: &View) -> Result<(), SandboxError> {
        // By path, so that what lies in a private directory is put there when that is in place.
        let links = self.arrangement.links.iter();
        let nodes = self.arrangement.nodes.iter();
        let mut all: Vec<(&AbsPath, Item<'_>)> = links
            .map(|(path, target)| (path, Item::Link(target)))
            .chain(nodes.map(|(path, node)| (path, Item::Node(node))))
            .collect();
        all.sort_by_key(|(path, _)| *path);
        for (path, item) in all {
            match item {
                _ if path.parent().is_none() => {}
                Item::Link(target) => self.link(path, target)?,
                Item::Node(Node::Bind(bind)) => self.bind(path, bind)?,
                Item::Node(Node::Private) => self.private(path, view)?,
            }
        }
        self.devices(view)?;
        self.proc(view.proc)
    }

    fn bind(&self, path: &AbsPath, bind: &Bind) -> Result<(), SandboxError> {
        self.passages(path)?;
        let in_our_root = self.is_in_root(path);
        if bind.device && in_our_root && self.make_node(path)? {
            return Ok(());
        }
        let in_private = path
            .parent()
            .and_then(|parent| nearest(&self.arrangement.nodes, &parent))
            .is_some_and(|(_, node)| node == Node::Private);
        if in_our_root || in_private {
            self.point(path, bind.directory)?;
        }
        let piece = piece(path, bind, self.powers)?;
        attach(&piece, &self.root, relative(path)).step(|| format!("show {path}"))
    }

    fn link(&self, path: &AbsPath, target: &[u8]) -> Result<(), SandboxError> {
        self.passages(path)?;
        match symlinkat(target, &self.root, relative(path)) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(errno) => Err(errno).step(|| format!("link {path}")),
        }
    }

    fn private(&self, path: &AbsPath, view: &View) -> Result<(), SandboxError> {
        self.passages(path)?;
        let step = || format!("make the private directory {path}");
        let piece = if self.is_in_root(path) {
            // A part of the file system at the bottom, so that one bound holds for all of them together.
            // Sticky and for everyone, as /tmp is: whoever the service becomes can use it.
            let mode = Mode::from_raw_mode(0o1777);
            make_directory(&self.root, relative(path), mode).step(step)?;
            let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
            let piece = open_tree(&self.root, relative(path), flags).step(step)?;
            let attributes = MountAttributes {
                set: MountFlags::NO_SUID | MountFlags::NO_DEVICES | MountFlags::NO_EXEC,
                ..MountAttributes::default()
            };
            set_attributes(piece.as_fd(), "", &attributes, false).step(step)?;
            piece
        } else {
            empty(&view.private_size, "1777")?
        };
        match attach(&piece, &self.root, relative(path)) {
            // The piece of the host around it has no such directory, and none can be made there.
            Err(Errno::NOENT) if !self.is_in_root(path) => Ok(()),
            other => other.step(step),
        }
    }

    /// The small things in `/dev` that every program expects.
    fn devices(&self, view: &View) -> Result<(), SandboxError> {
        let dev = AbsPath::root().join(b"dev");
        if !self.is_in_root(&dev.join(b"null")) {
            return Ok(());
        }
        let step = || "furnish /dev".to_owned();
        make_directory(&self.root, b"dev", PASSAGE).step(step)?;
        let mut links = vec![
            ("/proc/self/fd", "dev/fd"),
            ("/proc/self/fd/0", "dev/stdin"),
            ("/proc/self/fd/1", "dev/stdout"),
            ("/proc/self/fd/2", "dev/stderr"),
        ];
        if view.terminals {
            make_directory(&self.root, b"dev/pts", PASSAGE).step(step)?;
            // A devpts of our own: the terminals of the host are not in it.
            let options = [("ptmxmode", "0666"), ("mode", "0620")];
            let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
            let pts = filesystem("devpts", &options, attributes)?;
            attach(&pts, &self.root, b"dev/pts".as_slice()).step(step)?;
            links.push(("pts/ptmx", "dev/ptmx"));
        }
        for (target, link) in links {
            match symlinkat(target, &self.root, link) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno).step(step),
            }
        }
        Ok(())
    }

    fn proc(&self, proc: Proc) -> Result<(), SandboxError> {
        let options: &[(&str, &str)] = match proc {
            Proc::Absent => return Ok(()),
            Proc::Processes => &[("subset", "pid")],
            Proc::Granted | Proc::All => &[],
        };
        let path = AbsPath::root().join(b"proc");
        if self.is_in_root(&path) {
            make_directory(&self.root, b"proc", PASSAGE).step(|| "make /proc")?;
        }
        let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
            | MountAttrFlags::MOUNT_ATTR_NODEV
            | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        let mounted = if self.powers.own_pids || self.powers.make_nodes {
            filesystem("proc", options, attributes)?
        } else {
            // A pid namespace that is not ours cannot be mounted, only shown.
            let bind = Bind {
                source: None,
                directory: true,
                write: true,
                code: false,
                device: false,
            };
            piece(&path, &bind, self.powers)?
        };
        attach(&mounted, &self.root, b"proc".as_slice()).step(|| "mount /proc")?;
        match proc {
            Proc::Absent | Proc::Processes => Ok(()),
            Proc::Granted => Covers::new(self).below(&path, &|_| true),
            Proc::All => Covers::new(self).below(&path, &|name| SECRET.contains(&name)),
        }
    }

    /// Whether `path` lies in the file system at the bottom, in which everything has to be created.
    fn is_in_root(&self, path: &AbsPath) -> bool {
        path.parent()
            .is_none_or(|parent| nearest(&self.arrangement.nodes, &parent).is_none())
    }

    /// Creates the directories that lead to `path`, where they are ours to create.
    fn passages(&self, path: &AbsPath) -> Result<(), SandboxError> {
        let mut above: Vec<_> = path.ancestors().skip(1).collect();
        above.pop();
        for directory in above.into_iter().rev() {
            if self.arrangement.links.contains_key(&directory) {
                continue;
            }
            match nearest(&self.arrangement.nodes, &directory) {
                Some((_, Node::Bind(_))) => {}
                Some((at, Node::Private)) if at == directory => {}
                _ => make_directory(&self.root, relative(&directory), PASSAGE)
                    .step(|| format!("make {directory}"))?,
            }
        }
        Ok(())
    }

    fn point(&self, path: &AbsPath, directory: bool) -> Result<(), SandboxError> {
        let step = || format!("make a place for {path}");
        if directory {
            return make_directory(&self.root, relative(path), PASSAGE).step(step);
        }
        let mode = Mode::from_raw_mode(0o444);
        match mknodat(&self.root, relative(path), FileType::RegularFile, mode, 0) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(errno) => Err(errno).step(step),
        }
    }

    /// Makes a device node of ours, which is cheaper than a mount of the host's.
    fn make_node(&self, path: &AbsPath) -> Result<bool, SandboxError> {
        let minor = match path.as_bytes() {
            b"/dev/null" => 3,
            b"/dev/zero" => 5,
            b"/dev/full" => 7,
            b"/dev/random" => 8,
            b"/dev/urandom" => 9,
            _ => return Ok(false),
        };
        if !self.powers.make_nodes {
            return Ok(false);
        }
        let (mode, device) = (Mode::from_raw_mode(0o666), rustix::fs::makedev(1, minor));
        match mknodat(
            &self.root,
            relative(path),
            FileType::CharacterDevice,
            mode,
            device,
        ) {
            Ok(()) => Ok(true),
            // Device cgroups and security modules may refuse what capabilities allow.
            Err(Errno::PERM) => Ok(false),
            Err(errno) => Err(errno).step(|| format!("make {path}")),
        }
    }

    /// Makes the view read-only at its bottom and the root of this process, and drops the old one.
    fn pivot(&self) -> Result<(), SandboxError> {
        let step = || "change to the new root";
        let attributes = MountAttributes {
            set: MountFlags::READ_ONLY,
            ..MountAttributes::default()
        };
        set_attributes(self.root.as_fd(), "", &attributes, false).step(step)?;
        rustix::process::fchdir(&self.root).step(step)?;
        // The old root ends up on top of the new one, as pivot_root(2) explains.
        rustix::process::pivot_root(".", ".").step(step)
    }
}

/// Takes the old root away. The working directory is that of [`enter`].
///
/// It is gone at once, but the call returns only after a grace period of the kernel, some milliseconds.
pub(crate) fn drop_old_root() -> Result<(), SandboxError> {
    unmount(".", UnmountFlags::DETACH).step(|| "let go of the old root")?;
    rustix::process::chdir("/").step(|| "change to the new root")
}

/// Waits until the old root is gone, which another process of the mount namespace sees to.
pub(crate) fn await_new_root() -> Result<(), SandboxError> {
    let mount = |path: &str| {
        let found = statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID);
        found
            .map(|found| found.stx_mnt_id)
            .step(|| "look at the new root")
    };
    // Above the root is what lies on top of it.
    while mount("/")? != mount("/..")? {
        rustix::thread::sched_yield();
    }
    rustix::process::chdir("/").step(|| "change to the new root")
}

/// A detached copy of a piece of the host with the attributes it is to have.
fn piece(path: &AbsPath, bind: &Bind, powers: Powers) -> Result<OwnedFd, SandboxError> {
    let source = bind.source.as_ref().unwrap_or(path);
    let step = || {
        let manner = if bind.write { "writable" } else { "read-only" };
        format!("mount {path} {manner}")
    };
    // Recursive, because a mount that hides something below it may not be copied without what hides it.
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE
        | OpenTreeFlags::AT_SYMLINK_NOFOLLOW;
    let piece = open_tree(CWD, source.as_path(), flags).step(step)?;
    let mut set = MountFlags::empty();
    for (wanted, flag) in [
        (!powers.set_user_id, MountFlags::NO_SUID),
        (!bind.device, MountFlags::NO_DEVICES),
        (!bind.write, MountFlags::READ_ONLY),
        (!bind.code, MountFlags::NO_EXEC),
    ] {
        if wanted {
            set |= flag;
        }
    }
    let attributes = MountAttributes {
        set,
        ..MountAttributes::default()
    };
    set_attributes(piece.as_fd(), "", &attributes, true).step(step)?;
    Ok(piece)
}

/// An empty file system of our own.
pub(super) fn empty(size: &str, mode: &str) -> Result<OwnedFd, SandboxError> {
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    filesystem("tmpfs", &[("size", size), ("mode", mode)], attributes)
}

fn filesystem(
    kind: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> Result<OwnedFd, SandboxError> {
    let step = || format!("mount a {kind}");
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC).step(step)?;
    for (key, value) in options {
        fsconfig_set_string(&context, *key, *value).step(step)?;
    }
    fsconfig_create(&context).step(step)?;
    fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes).step(step)
}

pub(super) fn attach(
    mount: &OwnedFd,
    directory: impl AsFd,
    path: impl rustix::path::Arg,
) -> rustix::io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    move_mount(mount, "", directory, path, flags)
}

fn make_directory(root: &OwnedFd, path: &[u8], mode: Mode) -> rustix::io::Result<()> {
    match mkdirat(root, path, mode) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// The path below the root's descriptor; never empty for what is put into the view.
pub(super) fn relative(path: &AbsPath) -> &[u8] {
    path.as_bytes()
        .strip_prefix(b"/")
        .unwrap_or(path.as_bytes())
}
