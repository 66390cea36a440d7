//! The old mount calls.

#![expect(unsafe_code, reason = "rustix takes no null file system type")]

use std::io;

use super::call;

/// `mount(2)` on `/` without a file system type. Let in: `EINVAL`; the right is looked at before the type
/// (`path_mount`, since Linux 5.9).
pub fn mount_without_type() -> io::Result<()> {
    let target = c"/".as_ptr().expose_provenance();
    // SAFETY: source, type and data may be null; the target is a static string.
    unsafe { call(libc::SYS_mount, [0, target, 0, 0, 0, 0]) }.map(drop)
}

/// `umount2(2)` of `/` with flags that exclude each other. Let in: `EINVAL`.
///
/// `MNT_EXPIRE` goes neither with `MNT_FORCE` nor with the root, and both are found out only after the
/// right, so nothing can be unmounted.
pub fn unmount_with_bad_flags() -> io::Result<()> {
    let target = c"/".as_ptr().expose_provenance();
    let flags = (libc::MNT_EXPIRE | libc::MNT_FORCE).unsigned_abs() as usize;
    // SAFETY: the target is a static string.
    unsafe { call(libc::SYS_umount2, [target, flags, 0, 0, 0, 0]) }.map(drop)
}
