//! Landlock's rules, from the arrangement of the view and the plan.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd};

use ringfence_compile::native::Landlock;
use ringfence_policy::path::AbsPath;
use ringfence_sys::landlock::{Abi, AccessFs, AccessNet, Ruleset, Scope};
use rustix::fs::{FileType, Mode, OFlags, fcntl_getfl, fstat, open};
use rustix::io::Errno;

use crate::error::{SandboxError, Step};
use crate::view::arrange::Right;

/// The ruleset for what is now visible at these paths.
pub(crate) fn ruleset(
    landlock: &Landlock,
    rights: &BTreeMap<AbsPath, Right>,
) -> Result<Ruleset, SandboxError> {
    let abi = Abi::new(landlock.abi);
    let fs = AccessFs::supported(abi);
    let rules = Ruleset::new(fs, net(landlock), scope(landlock)).step(|| "make Landlock rules")?;
    let proc = AbsPath::root().join(b"proc");
    let reads_proc = Right {
        read: true,
        ..Right::default()
    };
    for (path, right) in rights.iter().chain([(&proc, &reads_proc)]) {
        if is_covered(path, *right, rights) {
            continue;
        }
        let fd = match open(
            path.as_path(),
            OFlags::PATH | OFlags::CLOEXEC,
            Mode::empty(),
        ) {
            Ok(fd) => fd,
            // Optional, or hidden: then there is nothing to allow.
            Err(Errno::NOENT | Errno::ACCESS | Errno::NOTDIR | Errno::LOOP) => continue,
            Err(errno) => return Err(errno).step(|| format!("look at {path}")),
        };
        allow(&rules, fd.as_fd(), access(*right) & fs)
            .step(|| format!("allow {path} with Landlock"))?;
    }
    for fd in [
        rustix::stdio::stdin(),
        rustix::stdio::stdout(),
        rustix::stdio::stderr(),
    ] {
        allow_again(&rules, fd, fs);
    }
    ports(&rules, landlock)?;
    Ok(rules)
}

/// Whether a directory above allows the same: the kernel looks at all of them.
fn is_covered(path: &AbsPath, right: Right, rights: &BTreeMap<AbsPath, Right>) -> bool {
    path.ancestors()
        .skip(1)
        .filter_map(|above| rights.get(&above))
        .any(|above| access(*above).contains(access(right)))
}

/// What a standard stream is open for may be opened again through `/dev/stdout`: it gives nothing new.
fn allow_again(rules: &Ruleset, fd: BorrowedFd<'_>, fs: AccessFs) {
    let Ok(flags) = fcntl_getfl(fd) else { return };
    let access = match flags & OFlags::ACCMODE {
        OFlags::RDONLY => AccessFs::READ_FILE,
        OFlags::WRONLY => AccessFs::WRITE_FILE,
        _ => AccessFs::READ_FILE | AccessFs::WRITE_FILE,
    };
    // Pipes and sockets have no place in the file tree, and Landlock does not concern them.
    let _ = allow(rules, fd, (access | AccessFs::IOCTL_DEV) & fs);
}

fn allow(rules: &Ruleset, fd: BorrowedFd<'_>, access: AccessFs) -> std::io::Result<()> {
    let directory = FileType::from_raw_mode(fstat(fd)?.st_mode) == FileType::Directory;
    let access = if directory {
        access
    } else {
        access & AccessFs::FILE
    };
    if access.is_empty() {
        return Ok(());
    }
    rules.allow_beneath(fd, access)
}

fn access(right: Right) -> AccessFs {
    let mut access = AccessFs::empty();
    if right.read {
        access |= AccessFs::READ_FILE | AccessFs::READ_DIR;
    }
    if right.execute {
        access |= AccessFs::EXECUTE;
    }
    if right.write {
        // Device nodes are left out: creating one is CAP_MKNOD's business, and no mount shows them.
        access |= AccessFs::WRITE_FILE
            | AccessFs::REMOVE_DIR
            | AccessFs::REMOVE_FILE
            | AccessFs::MAKE_DIR
            | AccessFs::MAKE_REG
            | AccessFs::MAKE_SOCK
            | AccessFs::MAKE_FIFO
            | AccessFs::MAKE_SYM
            | AccessFs::REFER
            | AccessFs::TRUNCATE
            // A socket that the service itself serves there.
            | AccessFs::RESOLVE_UNIX;
    }
    if right.device_read {
        access |= AccessFs::READ_FILE | AccessFs::READ_DIR | AccessFs::IOCTL_DEV;
    }
    if right.device_write {
        access |= AccessFs::WRITE_FILE | AccessFs::TRUNCATE | AccessFs::IOCTL_DEV;
    }
    if right.connect {
        access |= AccessFs::RESOLVE_UNIX;
    }
    access
}

fn net(landlock: &Landlock) -> AccessNet {
    let mut handled = AccessNet::empty();
    for (ports, access) in by_access(landlock) {
        if ports.is_some() {
            handled |= access;
        }
    }
    handled
}

fn by_access(landlock: &Landlock) -> [(Option<&Vec<u16>>, AccessNet); 4] {
    [
        (landlock.bind_tcp.as_ref(), AccessNet::BIND_TCP),
        (landlock.connect_tcp.as_ref(), AccessNet::CONNECT_TCP),
        (landlock.bind_udp.as_ref(), AccessNet::BIND_UDP),
        (landlock.connect_udp.as_ref(), AccessNet::CONNECT_SEND_UDP),
    ]
}

fn ports(rules: &Ruleset, landlock: &Landlock) -> Result<(), SandboxError> {
    for (ports, access) in by_access(landlock) {
        for port in ports.into_iter().flatten() {
            rules
                .allow_port(*port, access)
                .step(|| format!("allow port {port} with Landlock"))?;
        }
    }
    Ok(())
}

fn scope(landlock: &Landlock) -> Scope {
    let mut scope = Scope::empty();
    if landlock.scope_abstract {
        scope |= Scope::ABSTRACT_UNIX_SOCKET;
    }
    if landlock.scope_signal {
        scope |= Scope::SIGNAL;
    }
    scope
}
