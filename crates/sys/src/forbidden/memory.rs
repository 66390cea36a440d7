//! Kinds of memory that a service must not get. Each is given back at once.

#![expect(unsafe_code, reason = "rustix maps memory only as unsafe functions")]

use std::io;

use super::call;

fn map(length: usize, protection: i32) -> io::Result<usize> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let arguments = [
        0,
        length,
        protection.unsigned_abs() as usize,
        flags.unsigned_abs() as usize,
        usize::MAX,
        0,
    ];
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
    let address = unsafe { call(libc::SYS_mmap, arguments) }?;
    word(address)
}

fn word(value: libc::c_long) -> io::Result<usize> {
    usize::try_from(value.cast_unsigned()).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn unmap(address: usize, length: usize) -> io::Result<()> {
    // SAFETY: the callers pass a mapping that they just made and that nothing refers to.
    unsafe { call(libc::SYS_munmap, [address, length, 0, 0, 0, 0]) }.map(drop)
}

/// `mmap(2)` of memory that is writable and executable. Let in: success.
pub fn writable_and_executable(length: usize) -> io::Result<()> {
    let address = map(length, libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC)?;
    unmap(address, length)
}

/// `mlock(2)` of this much new memory. Let in: success. `ENOMEM` or `EPERM` beyond `RLIMIT_MEMLOCK`,
/// `EAGAIN` when a cgroup has not so much.
pub fn lock(length: usize) -> io::Result<()> {
    let address = map(length, libc::PROT_READ | libc::PROT_WRITE)?;
    // SAFETY: locking changes no content, and the mapping is ours.
    let locked = unsafe { call(libc::SYS_mlock, [address, length, 0, 0, 0, 0]) };
    unmap(address, length)?;
    locked.map(drop)
}

/// `shmget(2)`: a private System V segment, removed at once. Let in: success.
pub fn shared_segment(length: usize) -> io::Result<()> {
    const ONLY_OWNER: usize = 0o600;
    let private = libc::IPC_PRIVATE.unsigned_abs() as usize;
    // SAFETY: no memory is involved before the segment is attached, which it never is.
    let number = unsafe { call(libc::SYS_shmget, [private, length, ONLY_OWNER, 0, 0, 0]) }?;
    let remove = libc::IPC_RMID.unsigned_abs() as usize;
    let number = word(number)?;
    // SAFETY: removal takes no buffer.
    unsafe { call(libc::SYS_shmctl, [number, remove, 0, 0, 0, 0]) }.map(drop)
}
