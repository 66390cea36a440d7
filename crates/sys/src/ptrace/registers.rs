//! Changing the call that a tracee is stopped in, through `PTRACE_SETREGSET`.
//!
//! To make a call fail, stopped at its beginning (a [`super::SyscallStop::Seccomp`] or `Entry`), set the
//! number to -1, which no call has, and then the result to `-errno`: the kernel skips the call and returns
//! that. A tracee of another word size than the tracer's is refused.

#![expect(unsafe_code, reason = "ptrace(2) is in no crate as a safe function")]

use std::io;
use std::mem;

use rustix::process::Pid;

use super::request;

const GETREGSET: u32 = 0x4204;
const SETREGSET: u32 = 0x4205;
const PRSTATUS: usize = 1;

/// The general registers, in the order of the kernel's `user_regs_struct`, as plain words.
#[cfg(target_arch = "x86_64")]
type Registers = [u64; 27];
#[cfg(target_arch = "aarch64")]
type Registers = [u64; 34];

/// Where the result of a call is: `rax`, or `x0`.
#[cfg(target_arch = "x86_64")]
const RESULT: usize = 10;
#[cfg(target_arch = "aarch64")]
const RESULT: usize = 0;

/// Where the number of the call is: `orig_rax`.
#[cfg(target_arch = "x86_64")]
const NUMBER: usize = 15;

/// Replaces the number of the call that is about to begin; -1 skips it.
#[cfg(target_arch = "x86_64")]
pub fn set_syscall(pid: Pid, number: i64) -> io::Result<()> {
    set_register(pid, NUMBER, number)
}

/// Replaces the number of the call that is about to begin; -1 skips it.
#[cfg(target_arch = "aarch64")]
pub fn set_syscall(pid: Pid, number: i64) -> io::Result<()> {
    const ARM_SYSTEM_CALL: usize = 0x404;
    let mut number = i32::try_from(number).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut vector = libc::iovec {
        iov_base: (&raw mut number).cast(),
        iov_len: mem::size_of::<i32>(),
    };
    // SAFETY: this request reads the vector and the integer that it describes, and both outlive the call.
    unsafe { request(SETREGSET, pid, ARM_SYSTEM_CALL, (&raw mut vector).cast()) }.map(drop)
}

/// Sets what the present call returns; `-errno` to fail.
pub fn set_result(pid: Pid, value: i64) -> io::Result<()> {
    set_register(pid, RESULT, value)
}

fn set_register(pid: Pid, index: usize, value: i64) -> io::Result<()> {
    let mut registers: Registers = [0; _];
    let length = exchange(GETREGSET, pid, &mut registers, mem::size_of::<Registers>())?;
    if length != mem::size_of::<Registers>() {
        // A 32-bit tracee has another set of registers.
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the tracee is of another architecture",
        ));
    }
    let register = registers
        .get_mut(index)
        .ok_or(io::ErrorKind::InvalidInput)?;
    *register = value.cast_unsigned();
    exchange(SETREGSET, pid, &mut registers, length).map(drop)
}

/// Reads or writes the general registers; returns how many bytes they are.
fn exchange(
    direction: u32,
    pid: Pid,
    registers: &mut Registers,
    length: usize,
) -> io::Result<usize> {
    let mut vector = libc::iovec {
        iov_base: registers.as_mut_ptr().cast(),
        iov_len: length.min(mem::size_of::<Registers>()),
    };
    // SAFETY: both requests touch the vector and at most `iov_len` bytes behind it, which are there and
    // are plain words.
    unsafe { request(direction, pid, PRSTATUS, (&raw mut vector).cast()) }?;
    Ok(vector.iov_len)
}
