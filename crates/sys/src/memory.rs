//! Reading the memory of another process with `process_vm_readv(2)`.
//!
//! What is read can change before the kernel reads it again, so it is good for a record and not for a
//! decision. Needs what tracing needs: the same uid and a dumpable target, or `CAP_SYS_PTRACE`, subject
//! to Yama.

#![expect(unsafe_code, reason = "process_vm_readv(2) is in no safe crate")]

use std::io;

use rustix::process::Pid;

use crate::errno::{checked, error};

/// The smallest page of any supported architecture.
///
/// The manual page says that a read is not cut short within one piece of memory; the kernel does cut it
/// at the page where the map ends. A read that stays within a page does not depend on either.
const PAGE: u64 = 4096;

/// Reads from `address` and returns how much there was before the map ended.
///
/// `EFAULT` when not even the first byte can be read.
pub fn read(pid: Pid, address: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let local = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    let start = usize::try_from(address).map_err(|_| error(libc::EFAULT))?;
    let remote = libc::iovec {
        iov_base: std::ptr::without_provenance_mut(start),
        iov_len: buffer.len(),
    };
    // SAFETY: the kernel writes only to `buffer`, at most its length; the other address is not ours and is
    // checked by the kernel.
    let value = unsafe {
        libc::process_vm_readv(
            pid.as_raw_nonzero().get(),
            &raw const local,
            1,
            &raw const remote,
            1,
            0,
        )
    };
    usize::try_from(checked(value as libc::c_long)?).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Reads a string up to its NUL, which is not part of the answer.
///
/// It never reads across a page for more than it needs, so a string at the very end of the map is
/// found. `ENAMETOOLONG` when there is no NUL in the first `max` bytes, `EFAULT` when the map ends first.
pub fn read_c_string(pid: Pid, address: u64, max: usize) -> io::Result<Vec<u8>> {
    let mut string = Vec::new();
    let mut at = address;
    while string.len() < max {
        let in_page = PAGE - at % PAGE;
        // Most strings are short, and a page costs more to copy than a second call.
        let mut piece = [0; 256];
        let wanted = usize::try_from(in_page)
            .unwrap_or(usize::MAX)
            .min(max - string.len())
            .min(piece.len());
        let (room, _) = piece.split_at_mut(wanted);
        let length = read(pid, at, room)?;
        let (read, _) = room.split_at(length.min(wanted));
        if let Some(end) = read.iter().position(|byte| *byte == 0) {
            string.extend_from_slice(read.split_at(end).0);
            return Ok(string);
        }
        string.extend_from_slice(read);
        at = at
            .checked_add(length as u64)
            .ok_or_else(|| error(libc::EFAULT))?;
    }
    Err(error(libc::ENAMETOOLONG))
}
