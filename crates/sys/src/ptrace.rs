//! Tracing other processes with `ptrace(2)`, in its `PTRACE_SEIZE` form only.
//!
//! All calls but [`seize`] and [`interrupt`] want the tracee stopped, and the caller to be the *thread*
//! that seized it; the kernel answers `ESRCH` otherwise, and also when the tracee was killed meanwhile.
//! Memory is read with [`crate::memory`]. [`seize`] needs the same uid and a dumpable tracee, or
//! `CAP_SYS_PTRACE`; Yama may limit it to descendants or to nobody (`EPERM`).

#![expect(unsafe_code, reason = "ptrace(2) is in no crate as a safe function")]

use std::io;
use std::mem;
use std::ptr;

use bitflags::bitflags;
use libc::{c_long, c_void};
use rustix::process::Pid;

use crate::errno::checked;
use crate::signal::{self, Siginfo, Signal};

mod registers;
mod syscall_info;
mod wait;

pub use registers::{set_result, set_syscall};
pub use syscall_info::{SyscallInfo, SyscallStop, syscall_info};
pub use wait::{Event, Stop, WaitEvent, WaitFlags, wait_any, wait_pid};

bitflags! {
    /// What a tracee stops for (`PTRACE_O_*`). New children under `FORK`, `VFORK` and `CLONE` are seized
    /// with the same options and begin with a [`Stop::Interrupt`].
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Options: u32 {
        /// Tell stops at system calls from other traps; without it [`Stop::Syscall`] never appears.
        const SYSCALL_GOOD = 1;
        /// `fork`.
        const FORK = 1 << 1;
        /// `vfork`.
        const VFORK = 1 << 2;
        /// `clone` other than the two above.
        const CLONE = 1 << 3;
        /// `execve`, once it has succeeded.
        const EXEC = 1 << 4;
        /// The end of the wait that `vfork` makes.
        const VFORK_DONE = 1 << 5;
        /// The way out, while memory and descriptors are still there.
        const EXIT = 1 << 6;
        /// A seccomp filter's [`crate::seccomp::Action::Trace`].
        const SECCOMP = 1 << 7;
        /// Kill the tracees when the tracer dies, instead of letting them go.
        const EXIT_KILL = 1 << 20;
    }
}

const SEIZE: u32 = 0x4206;
const INTERRUPT: u32 = 0x4207;
const LISTEN: u32 = 0x4208;
const CONT: u32 = 7;
const SYSCALL: u32 = 24;
const DETACH: u32 = 17;
const GETEVENTMSG: u32 = 0x4201;
const GETSIGINFO: u32 = 0x4202;
const SETOPTIONS: u32 = 0x4200;

/// Makes a raw call.
///
/// # Safety
/// `data` must be what `request` takes: null, a number, or memory of the size and kind it names.
unsafe fn request(request: u32, pid: Pid, address: usize, data: *mut c_void) -> io::Result<c_long> {
    // SAFETY: passed on to the caller; the raw call, unlike the C library's, has no variant that stores
    // to an implied place.
    let value = unsafe {
        libc::syscall(
            libc::SYS_ptrace,
            request,
            pid.as_raw_nonzero().get(),
            address,
            data,
        )
    };
    checked(value)
}

fn plain(kind: u32, pid: Pid, data: usize) -> io::Result<()> {
    // SAFETY: the requests that come through here take a number, and no memory.
    unsafe { request(kind, pid, 0, ptr::without_provenance_mut(data)) }.map(drop)
}

fn number(signal: Option<Signal>) -> usize {
    signal.map_or(0, |signal| signal.raw().unsigned_abs() as usize)
}

/// Begins to trace one thread, without stopping it.
pub fn seize(pid: Pid, options: Options) -> io::Result<()> {
    plain(SEIZE, pid, options.bits() as usize)
}

/// Changes what a stopped tracee stops for.
pub fn set_options(pid: Pid, options: Options) -> io::Result<()> {
    plain(SETOPTIONS, pid, options.bits() as usize)
}

/// Stops a running tracee, with [`Stop::Interrupt`].
pub fn interrupt(pid: Pid) -> io::Result<()> {
    plain(INTERRUPT, pid, 0)
}

/// Lets a tracee run on, delivering a signal after a [`Stop::Signal`].
pub fn cont(pid: Pid, signal: Option<Signal>) -> io::Result<()> {
    plain(CONT, pid, number(signal))
}

/// As [`cont`], until the next beginning or end of a system call.
pub fn syscall(pid: Pid, signal: Option<Signal>) -> io::Result<()> {
    plain(SYSCALL, pid, number(signal))
}

/// Leaves a tracee in its [`Stop::Group`], as it would be without a tracer, but hears of the end.
pub fn listen(pid: Pid) -> io::Result<()> {
    plain(LISTEN, pid, 0)
}

/// Lets a stopped tracee go.
pub fn detach(pid: Pid, signal: Option<Signal>) -> io::Result<()> {
    plain(DETACH, pid, number(signal))
}

/// What goes with the present [`Stop::Event`]: the new child's number, the exit status, the former thread
/// number of an exec, or the number in [`crate::seccomp::Action::Trace`].
pub fn event_message(pid: Pid) -> io::Result<u64> {
    let mut message: libc::c_ulong = 0;
    // SAFETY: this request stores one `unsigned long`, for which there is room.
    unsafe { request(GETEVENTMSG, pid, 0, (&raw mut message).cast()) }?;
    Ok(message)
}

/// The signal that a tracee is stopped for, with its sender.
pub fn siginfo(pid: Pid) -> io::Result<Siginfo> {
    let mut info = mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: this request stores one `siginfo_t`, for which there is room.
    unsafe { request(GETSIGINFO, pid, 0, info.as_mut_ptr().cast()) }?;
    // SAFETY: all bytes were zeroed and then overwritten by the kernel; every pattern is valid.
    let info = unsafe { info.assume_init() };
    signal::siginfo(&info)
}
