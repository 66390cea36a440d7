//! Loading seccomp filters. Writing them is the business of the compiler.

#![expect(unsafe_code, reason = "seccomp(2) is in no crate as a safe function")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use bitflags::bitflags;

use crate::errno::{checked, error, unit};

/// One instruction of classic BPF, laid out as the kernel's `sock_filter`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// How many instructions to skip when a comparison holds.
    pub jt: u8,
    /// How many to skip when it does not.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

impl From<(u16, u8, u8, u32)> for Instruction {
    fn from((code, jt, jf, k): (u16, u8, u8, u32)) -> Self {
        Self { code, jt, jf, k }
    }
}

bitflags! {
    /// How to load a filter (`SECCOMP_FILTER_FLAG_*`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct FilterFlags: u32 {
        /// For every thread of the process. Fails with `ESRCH` when one has a filter of its own.
        const ALL_THREADS = 1;
        /// Log every action but `Allow`.
        const LOG = 1 << 1;
        /// Leave speculative store bypass alone (Linux 4.17).
        const SPECULATION_ALLOWED = 1 << 2;
        /// Return a descriptor for [`Action::UserNotify`] (Linux 5.0).
        const NEW_LISTENER = 1 << 3;
        /// Once a notification was received, only a fatal signal interrupts the call (Linux 5.19).
        const WAIT_KILLABLE = 1 << 5;
    }
}

/// What a filter decides about one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// End the process with `SIGSYS`.
    KillProcess,
    /// End the thread.
    KillThread,
    /// Send `SIGSYS`.
    Trap,
    /// Fail with this `errno`.
    Errno(u16),
    /// Ask the holder of the listener.
    UserNotify,
    /// Tell the tracer, with this number as its event message; `ENOSYS` when there is none.
    Trace(u16),
    /// Let it pass, and log.
    Log,
    /// Let it pass.
    Allow,
}

impl Action {
    /// The value that a filter returns.
    pub const fn raw(self) -> u32 {
        match self {
            Self::KillProcess => libc::SECCOMP_RET_KILL_PROCESS,
            Self::KillThread => libc::SECCOMP_RET_KILL_THREAD,
            Self::Trap => libc::SECCOMP_RET_TRAP,
            Self::Errno(number) => libc::SECCOMP_RET_ERRNO | number as u32,
            Self::UserNotify => libc::SECCOMP_RET_USER_NOTIF,
            Self::Trace(number) => libc::SECCOMP_RET_TRACE | number as u32,
            Self::Log => libc::SECCOMP_RET_LOG,
            Self::Allow => libc::SECCOMP_RET_ALLOW,
        }
    }
}

/// `struct sock_fprog`.
#[repr(C)]
struct Program {
    length: u16,
    instructions: *const Instruction,
}

const TSYNC_ESRCH: u32 = 1 << 4;

/// Puts the calling thread and its future children under a filter, for good.
///
/// Needs `no_new_privs` or `CAP_SYS_ADMIN` (`EACCES`). The kernel checks the program first: `EINVAL` for a
/// bad one, or one of no or more than 4096 instructions. Returns the listener when
/// [`FilterFlags::NEW_LISTENER`] asks for it, closed on exec; `EBUSY` when there is one already.
pub fn load_filter<I>(instructions: I, flags: FilterFlags) -> io::Result<Option<OwnedFd>>
where
    I: IntoIterator,
    I::Item: Into<Instruction>,
{
    let instructions: Vec<Instruction> = instructions.into_iter().map(Into::into).collect();
    let program = Program {
        length: u16::try_from(instructions.len()).map_err(|_| error(libc::EINVAL))?,
        instructions: instructions.as_ptr(),
    };
    let mut bits = flags.bits();
    if flags.contains(FilterFlags::ALL_THREADS | FilterFlags::NEW_LISTENER) {
        // Both answer with a number, so the kernel (5.7) wants to be told to fail with an errno instead.
        bits |= TSYNC_ESRCH;
    }
    // SAFETY: `program` and the instructions it points to outlive the call, and the length is theirs.
    let value = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            bits,
            &raw const program,
        )
    };
    let value = checked(value)?;
    if flags.contains(FilterFlags::NEW_LISTENER) {
        let number = RawFd::try_from(value).map_err(|_| io::ErrorKind::InvalidData)?;
        // SAFETY: the kernel just returned this new descriptor, and nothing else owns it.
        return Ok(Some(unsafe { OwnedFd::from_raw_fd(number) }));
    }
    if value > 0 {
        // The number of a thread that could not be put under the filter; no thread was.
        return Err(error(libc::ESRCH));
    }
    Ok(None)
}

/// Whether the kernel knows an action.
pub fn action_available(action: Action) -> io::Result<bool> {
    // The kernel compares the whole word, so the errno or message must not be in it.
    let raw = action.raw() & libc::SECCOMP_RET_ACTION_FULL;
    // SAFETY: the kernel reads 4 bytes from `raw`, which outlives the call.
    let value = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_GET_ACTION_AVAIL,
            0,
            &raw const raw,
        )
    };
    match unit(value) {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => Ok(false),
        Err(error) => Err(error),
    }
}
