//! Descriptors by number: what a program inherits, and at which place.
//!
//! Sending descriptors over a socket is in `rustix::net` (`SendAncillaryMessage::ScmRights`). Everything
//! else should hold descriptors as `OwnedFd`; this is for the last steps before `exec`.

#![expect(
    unsafe_code,
    reason = "close_range(2) and dup3(2) by number are in no safe crate"
)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::errno::{checked, error, unit};
use crate::process::require_single_thread;

/// Marks every descriptor from this number on to be closed on exec (Linux 5.11).
pub fn close_on_exec_from(first: RawFd) -> io::Result<()> {
    range(first, RawFd::MAX, libc::CLOSE_RANGE_CLOEXEC)
}

/// Marks every descriptor from this number on to be closed on exec, but for those to keep, which will
/// be inherited (Linux 5.11).
pub fn close_on_exec_except(first: RawFd, keep: &[BorrowedFd<'_>]) -> io::Result<()> {
    close_on_exec_from(first)?;
    for fd in keep {
        rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty())?;
    }
    Ok(())
}

/// Closes every descriptor from this number on (Linux 5.9).
///
/// For a child that goes on without exec. Whatever still holds one of them in an `OwnedFd` or `File` must
/// be forgotten, or it would later close a number that has become someone else's; the process must have
/// one thread for the same reason, and is refused (`ResourceBusy`) otherwise. Before an exec,
/// [`close_on_exec_from`] does the same without the trap.
pub fn close_from(first: RawFd) -> io::Result<()> {
    require_single_thread()?;
    range(first, RawFd::MAX, 0)
}

fn range(first: RawFd, last: RawFd, flags: libc::c_uint) -> io::Result<()> {
    let first = u32::try_from(first).map_err(|_| error(libc::EBADF))?;
    // SAFETY: no memory is involved; what closing means for other owners is in the callers' contract.
    let value = unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
    unit(value)
}

/// A descriptor of our own for the file behind a number, such as one that systemd passed; closed on exec.
///
/// The number itself stays open. `EBADF` when it is not.
pub fn duplicate(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: no memory is involved, and the kernel checks the number.
    let value = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) };
    let value = RawFd::try_from(checked(value.into())?).map_err(|_| io::ErrorKind::InvalidData)?;
    // SAFETY: the kernel just returned this new descriptor, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(value) })
}

/// Puts the file behind `fd` at a certain number, to be inherited through exec.
///
/// What was open there is closed, so the number must be one that no `OwnedFd` holds: 0 to 2, or one that
/// the program is about to receive. The same number is allowed and only clears close-on-exec.
pub fn place_at(fd: BorrowedFd<'_>, number: RawFd) -> io::Result<()> {
    if fd.as_raw_fd() == number {
        // dup3(2) refuses this with EINVAL, and dup2(2) would leave close-on-exec as it is.
        return Ok(rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty())?);
    }
    // SAFETY: no memory is involved; what replacing means for other owners is in the caller's contract.
    let value = unsafe { libc::syscall(libc::SYS_dup3, fd.as_raw_fd(), number, 0) };
    unit(value)
}
