//! Landlock: rules about files and ports that a process imposes on itself for good.
//!
//! The calls are raw because the kernel has rights that the Landlock crate does not know yet. Nothing
//! here is best effort: a right that the kernel does not have is an error, and it is the caller who asks
//! [`AccessFs::supported`] and says what is then left open. Rights on paths do not cover `stat`, `chmod`,
//! `chown`, `utime`, `access` and `chdir` in any version.

#![expect(unsafe_code, reason = "no crate has the rights of ABI 8 to 10")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use crate::errno::{checked, unit};

mod access;

pub use access::{Abi, AccessFs, AccessNet, RestrictFlags, Scope};

const CREATE_RULESET_VERSION: u32 = 1;
const CREATE_RULESET_ERRATA: u32 = 2;
const RULE_PATH_BENEATH: i32 = 1;
const RULE_NET_PORT: i32 = 2;

/// The version of Landlock that the kernel speaks; [`Abi::NONE`] when it is not built in or was not
/// switched on at boot.
///
/// An error is something else: a seccomp filter in the way, for instance.
pub fn abi_version() -> io::Result<Abi> {
    match query(CREATE_RULESET_VERSION) {
        Ok(version) => Ok(Abi::new(version)),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EOPNOTSUPP)) => {
            Ok(Abi::NONE)
        }
        Err(error) => Err(error),
    }
}

/// The corrections of known faults that the kernel carries, as a bit set (Linux 6.15 and stable updates).
///
/// Bit 0: a TCP rule no longer covers other stream protocols. Bit 1: signals between the threads of one
/// process pass under [`Scope::SIGNAL`]. `EINVAL` on a kernel that cannot say.
pub fn errata() -> io::Result<u32> {
    query(CREATE_RULESET_ERRATA)
}

fn query(flag: u32) -> io::Result<u32> {
    // SAFETY: with these flags the kernel wants null and 0, and returns a number.
    let value = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            ptr::null::<RulesetAttributes>(),
            0_usize,
            flag,
        )
    };
    u32::try_from(checked(value)?).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// `struct landlock_ruleset_attr` up to ABI 9.
#[repr(C)]
struct RulesetAttributes {
    handled_fs: u64,
    handled_net: u64,
    scoped: u64,
}

/// `struct landlock_path_beneath_attr`, which the kernel declares packed.
#[repr(C, packed)]
struct PathBeneath {
    allowed: u64,
    parent: RawFd,
}

/// `struct landlock_net_port_attr`.
#[repr(C)]
struct NetPort {
    allowed: u64,
    port: u64,
}

/// Rules under construction. Restricting with one leaves it usable: it may be made before a fork and
/// used by many children.
#[derive(Debug)]
pub struct Ruleset(OwnedFd);

impl Ruleset {
    /// A ruleset that denies all the named accesses, to be opened up again rule by rule.
    ///
    /// `ENOMSG` when it would deny nothing, `EINVAL` or `E2BIG` when the kernel lacks a right in it.
    pub fn new(fs: AccessFs, net: AccessNet, scope: Scope) -> io::Result<Self> {
        let attributes = RulesetAttributes {
            handled_fs: fs.bits(),
            handled_net: net.bits(),
            scoped: scope.bits(),
        };
        // A kernel refuses a structure longer than the one it knows (E2BIG), even when the rest is zero in
        // early versions: the length covers only what is asked for.
        let words = if !scope.is_empty() {
            3
        } else if !net.is_empty() {
            2
        } else {
            1
        };
        // SAFETY: `attributes` outlives the call, and the length is at most its size.
        let value = unsafe {
            libc::syscall(
                libc::SYS_landlock_create_ruleset,
                &raw const attributes,
                words * size_of::<u64>(),
                0,
            )
        };
        let number = RawFd::try_from(checked(value)?).map_err(|_| io::ErrorKind::InvalidData)?;
        // SAFETY: the kernel just returned this new descriptor (closed on exec); nothing else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(number) }))
    }

    /// Allows accesses to a file, or to everything beneath a directory; `O_PATH` is enough.
    ///
    /// `EINVAL` when a right is not among the ruleset's, or for a file when it is not in
    /// [`AccessFs::FILE`]; `ENOMSG` when there is none; `EBADFD` for a file system without a place in the
    /// tree (a pipe, a socket, `nsfs`).
    pub fn allow_beneath(&self, parent: BorrowedFd<'_>, access: AccessFs) -> io::Result<()> {
        let rule = PathBeneath {
            allowed: access.bits(),
            parent: parent.as_raw_fd(),
        };
        // SAFETY: `rule` has the kernel's layout for this type of rule and outlives the call.
        let value = unsafe {
            libc::syscall(
                libc::SYS_landlock_add_rule,
                self.0.as_raw_fd(),
                RULE_PATH_BENEATH,
                &raw const rule,
                0,
            )
        };
        unit(value)
    }

    /// Allows accesses to one port. Port 0 for binding stands for the range the kernel picks from.
    pub fn allow_port(&self, port: u16, access: AccessNet) -> io::Result<()> {
        let rule = NetPort {
            allowed: access.bits(),
            port: port.into(),
        };
        // SAFETY: `rule` has the kernel's layout for this type of rule and outlives the call.
        let value = unsafe {
            libc::syscall(
                libc::SYS_landlock_add_rule,
                self.0.as_raw_fd(),
                RULE_NET_PORT,
                &raw const rule,
                0,
            )
        };
        unit(value)
    }

    /// Puts the calling thread and its future children under these rules, for good.
    ///
    /// Needs `no_new_privs` or `CAP_SYS_ADMIN` (`EPERM`). Other threads stay free unless
    /// [`RestrictFlags::ALL_THREADS`] is given (ABI 8). `E2BIG` after 16 layers.
    pub fn restrict_self(&self, flags: RestrictFlags) -> io::Result<()> {
        // SAFETY: no memory is involved.
        let value = unsafe {
            libc::syscall(
                libc::SYS_landlock_restrict_self,
                self.0.as_raw_fd(),
                flags.bits(),
            )
        };
        unit(value)
    }
}

impl AsFd for Ruleset {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
