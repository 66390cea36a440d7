//! The kinds of namespace, and leaving them with `unshare(2)`.
//!
//! Entering one is `rustix::thread::move_into_link_name_space` and `move_into_thread_name_spaces`, which
//! are safe. rustix marks its `unshare` unsafe because the same call can also split the table of
//! descriptors; [`Namespaces`] cannot say that, so this one is safe.

#![expect(
    unsafe_code,
    reason = "rustix offers unshare(2) only as an unsafe function"
)]

use std::io;

use bitflags::bitflags;
use rustix::thread::{UnshareFlags, unshare_unsafe};

bitflags! {
    /// Kinds of namespace, as `clone(2)` and `unshare(2)` take them (`CLONE_NEW*`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Namespaces: u32 {
        /// Clocks (Linux 5.6). Affects only processes created afterwards.
        const TIME = 0x0000_0080;
        /// The tree of mounts.
        const MOUNT = 0x0002_0000;
        /// The root of the cgroup tree.
        const CGROUP = 0x0200_0000;
        /// Host and domain name.
        const UTS = 0x0400_0000;
        /// System V IPC and POSIX message queues.
        const IPC = 0x0800_0000;
        /// Users, groups and capabilities. The only kind that needs no privilege of its own.
        const USER = 0x1000_0000;
        /// Process numbers. With [`unshare`], affects only processes created afterwards.
        const PID = 0x2000_0000;
        /// Network devices, addresses, ports and abstract Unix sockets.
        const NETWORK = 0x4000_0000;
    }
}

/// Moves the calling process into new namespaces of these kinds.
///
/// Needs `CAP_SYS_ADMIN`, except that [`Namespaces::USER`] needs nothing and grants it for the others
/// named in the same call (unless the host limits unprivileged user namespaces: `EPERM` or `ENOSPC`).
/// With `USER` the process must have one thread, or the answer is `EINVAL`.
pub fn unshare(kinds: Namespaces) -> io::Result<()> {
    let flags = UnshareFlags::from_bits_retain((kinds & Namespaces::all()).bits());
    // SAFETY: the call is unsafe only for `UnshareFlags::FILES` (0x400), which no `Namespaces` bit is.
    unsafe { unshare_unsafe(flags) }.map_err(Into::into)
}
