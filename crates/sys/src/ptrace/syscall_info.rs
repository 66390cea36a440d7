//! `PTRACE_GET_SYSCALL_INFO` (Linux 5.3): the call a tracee is stopped in, in one form for every
//! architecture.

#![expect(unsafe_code, reason = "ptrace(2) is in no crate as a safe function")]

use std::io;
use std::mem;

use rustix::process::Pid;

use super::request;

const GET_SYSCALL_INFO: u32 = 0x420e;
const ENTRY: u8 = 1;
const EXIT: u8 = 2;
const SECCOMP: u8 = 3;

/// Where a tracee is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyscallInfo {
    /// `AUDIT_ARCH_*` of the call, which a 64-bit program can change from call to call.
    pub arch: u32,
    /// Address of the next instruction.
    pub instruction_pointer: u64,
    /// Top of the stack.
    pub stack_pointer: u64,
    /// The call.
    pub stop: SyscallStop,
}

/// What a tracee is stopped at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyscallStop {
    /// No system call.
    None,
    /// The beginning of one.
    Entry {
        /// Its number in the table of [`SyscallInfo::arch`].
        number: u64,
        /// Its arguments, of which it may use fewer.
        args: [u64; 6],
    },
    /// The end of one.
    Exit {
        /// Its result, or `-errno`.
        result: i64,
        /// Whether it failed.
        is_error: bool,
    },
    /// A seccomp filter sent it to the tracer.
    Seccomp {
        /// Its number in the table of [`SyscallInfo::arch`].
        number: u64,
        /// Its arguments, of which it may use fewer.
        args: [u64; 6],
        /// The number in [`crate::seccomp::Action::Trace`].
        data: u32,
    },
}

/// `struct ptrace_syscall_info`. The kernel's union is spread out: `nr` is `sval` at an exit, and the
/// lowest byte of the first argument is `is_error`.
#[repr(C)]
#[derive(Default)]
struct RawInfo {
    op: u8,
    reserved: u8,
    flags: u16,
    arch: u32,
    instruction_pointer: u64,
    stack_pointer: u64,
    number: u64,
    args: [u64; 6],
    data: u32,
    padding: u32,
}

/// The call that a tracee is stopped in.
pub fn syscall_info(pid: Pid) -> io::Result<SyscallInfo> {
    let mut raw = RawInfo::default();
    // SAFETY: this request stores at most `address` bytes, which is the size of `raw`; all its fields are
    // integers, so any bytes are valid, and a shorter answer leaves zeros.
    unsafe {
        request(
            GET_SYSCALL_INFO,
            pid,
            mem::size_of::<RawInfo>(),
            (&raw mut raw).cast(),
        )
    }?;
    let stop = match raw.op {
        ENTRY => SyscallStop::Entry {
            number: raw.number,
            args: raw.args,
        },
        EXIT => SyscallStop::Exit {
            result: raw.number.cast_signed(),
            is_error: raw
                .args
                .first()
                .is_some_and(|word| word.to_ne_bytes().first() != Some(&0)),
        },
        SECCOMP => SyscallStop::Seccomp {
            number: raw.number,
            args: raw.args,
            data: raw.data,
        },
        _ => SyscallStop::None,
    };
    Ok(SyscallInfo {
        arch: raw.arch,
        instruction_pointer: raw.instruction_pointer,
        stack_pointer: raw.stack_pointer,
        stop,
    })
}
