//! Calls that change the caller itself, for good or until it ends: only for a process made to end soon.

#![expect(unsafe_code, reason = "these calls are in no crate as safe functions")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::call;

/// `personality(2)`: another execution domain; `0xffff_ffff` only asks. Let in: success.
pub fn personality(persona: u32) -> io::Result<()> {
    // SAFETY: no memory is involved; flags such as fewer random addresses count from the next exec on.
    unsafe { call(libc::SYS_personality, [persona as usize, 0, 0, 0, 0, 0]) }.map(drop)
}

/// `sched_setscheduler(2)`: real-time scheduling of the lowest priority for the caller. Let in: success.
pub fn real_time_scheduling() -> io::Result<()> {
    let parameters = libc::sched_param { sched_priority: 1 };
    let fifo = libc::SCHED_FIFO.unsigned_abs() as usize;
    let pointer = (&raw const parameters).expose_provenance();
    // SAFETY: the kernel reads one `sched_param`, which outlives the call.
    unsafe { call(libc::SYS_sched_setscheduler, [0, fifo, pointer, 0, 0, 0]) }.map(drop)
}

/// `ioprio_set(2)`: the real-time class for the caller's disk access. Let in: success.
pub fn io_real_time_class() -> io::Result<()> {
    const WHO_PROCESS: usize = 1;
    const REAL_TIME_LOWEST: usize = 1 << 13 | 7;
    let arguments = [WHO_PROCESS, 0, REAL_TIME_LOWEST, 0, 0, 0];
    // SAFETY: no memory is involved.
    unsafe { call(libc::SYS_ioprio_set, arguments) }.map(drop)
}

/// `ioctl_tty(2)`, `TIOCSTI`: types one byte into a terminal. Let in: success.
///
/// Since Linux 6.2 `dev.tty.legacy_tiocsti` can deny it to everyone without `CAP_SYS_ADMIN` (`EIO`). Give
/// it a terminal of your own: what is typed there is read by whoever reads it.
pub fn enter_keyboard_input(terminal: BorrowedFd<'_>, byte: u8) -> io::Result<()> {
    let number = terminal.as_raw_fd().unsigned_abs() as usize;
    let request = usize::try_from(libc::TIOCSTI).map_err(|_| io::ErrorKind::InvalidData)?;
    let pointer = (&raw const byte).expose_provenance();
    // SAFETY: the kernel reads one byte, which outlives the call.
    unsafe { call(libc::SYS_ioctl, [number, request, pointer, 0, 0, 0]) }.map(drop)
}

/// `ioperm(2)`: the caller may use port 0x80, which shows diagnostic codes. Let in: success.
#[cfg(target_arch = "x86_64")]
pub fn io_port() -> io::Result<()> {
    // SAFETY: no memory is involved, and no instruction here uses the port.
    unsafe { call(libc::SYS_ioperm, [0x80, 1, 1, 0, 0, 0]) }.map(drop)
}

/// `iopl(2)`: the caller may use every port. Let in: success.
#[cfg(target_arch = "x86_64")]
pub fn all_io_ports() -> io::Result<()> {
    // SAFETY: no memory is involved, and no instruction here uses a port.
    unsafe { call(libc::SYS_iopl, [3, 0, 0, 0, 0, 0]) }.map(drop)
}

/// `ioperm(2)` is a call of x86 only.
#[cfg(not(target_arch = "x86_64"))]
pub fn io_port() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// `iopl(2)` is a call of x86 only.
#[cfg(not(target_arch = "x86_64"))]
pub fn all_io_ports() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
