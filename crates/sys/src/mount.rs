//! `mount_setattr(2)`, the one call of the new mount API that rustix has not.
//!
//! `fsopen`, `fsconfig_*`, `fsmount`, `open_tree`, `move_mount` and `unmount` are in `rustix::mount`,
//! `pivot_root` is in `rustix::process`.

#![expect(unsafe_code, reason = "mount_setattr(2) is in no crate")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use bitflags::bitflags;
use rustix::path::Arg;

use crate::errno::unit;

bitflags! {
    /// Properties of one mount, not of the file system behind it (`MOUNT_ATTR_*`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct MountFlags: u64 {
        /// Read-only.
        const READ_ONLY = 0x1;
        /// Set-user-id bits and file capabilities have no effect.
        const NO_SUID = 0x2;
        /// Device nodes cannot be opened.
        const NO_DEVICES = 0x4;
        /// Nothing can be executed or mapped executable.
        const NO_EXEC = 0x8;
        /// Access times are not updated. To set it, clear [`MountFlags::ACCESS_TIME`] in the same call.
        const NO_ACCESS_TIME = 0x10;
        /// The whole field that says how access times behave; only for clearing.
        const ACCESS_TIME = 0x70;
        /// Access times of directories are not updated.
        const NO_DIRECTORY_ACCESS_TIME = 0x80;
        /// Ids are mapped through a user namespace; needs [`MountAttributes::id_map`].
        const ID_MAP = 0x0010_0000;
        /// Symbolic links are not followed (Linux 5.14).
        const NO_SYMLINKS = 0x0020_0000;
    }
}

/// Whether mounts made here appear in copies of this mount and the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// Neither way.
    Private,
    /// From the original to here.
    Slave,
    /// Both ways.
    Shared,
    /// Neither way, and the mount cannot be bound elsewhere.
    Unbindable,
}

impl Propagation {
    const fn bits(self) -> u64 {
        match self {
            Self::Private => libc::MS_PRIVATE,
            Self::Slave => libc::MS_SLAVE,
            Self::Shared => libc::MS_SHARED,
            Self::Unbindable => libc::MS_UNBINDABLE,
        }
    }
}

/// A change to make to a mount.
#[derive(Debug, Clone, Copy, Default)]
pub struct MountAttributes<'fd> {
    /// What to switch on.
    pub set: MountFlags,
    /// What to switch off, which happens first.
    pub clear: MountFlags,
    /// A new propagation, if any.
    pub propagation: Option<Propagation>,
    /// The user namespace of [`MountFlags::ID_MAP`].
    pub id_map: Option<BorrowedFd<'fd>>,
}

/// `struct mount_attr`, first version.
#[repr(C)]
struct RawAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Changes the mount at `path` below `directory`, and with `recursive` every mount beneath it.
///
/// An empty path stands for `directory` itself. Recursive changes happen to all or none. Needs Linux
/// 5.12, `CAP_SYS_ADMIN` in the user namespace that owns the mount namespace, and a path that is the
/// root of a mount (`EINVAL` otherwise). `EPERM` when a flag is locked because the mount came from a
/// more privileged user namespace.
pub fn set_attributes(
    directory: BorrowedFd<'_>,
    path: impl Arg,
    attributes: &MountAttributes<'_>,
    recursive: bool,
) -> io::Result<()> {
    let raw = RawAttributes {
        set: attributes.set.bits(),
        clear: attributes.clear.bits(),
        propagation: attributes.propagation.map_or(0, Propagation::bits),
        user_namespace: attributes
            .id_map
            .map_or(0, |fd| fd.as_raw_fd().unsigned_abs().into()),
    };
    let depth = if recursive { libc::AT_RECURSIVE } else { 0 };
    path.into_with_c_str(|path| {
        // SAFETY: the path and the structure outlive the call, and the size is the structure's.
        let value = unsafe {
            libc::syscall(
                libc::SYS_mount_setattr,
                directory.as_raw_fd(),
                path.as_ptr(),
                libc::AT_EMPTY_PATH | libc::AT_SYMLINK_NOFOLLOW | depth,
                &raw const raw,
                size_of::<RawAttributes>(),
            )
        };
        Ok(unit(value))
    })?
}
