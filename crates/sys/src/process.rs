//! Creating, replacing and ending processes.
//!
//! Waiting is in `rustix::process` (and, for a tracer, in [`crate::ptrace`]); so are pidfds, the parent's
//! death signal, the subreaper flag, sessions and process groups. The wrappers here copy the whole
//! address space or replace it: nothing shares memory with its parent, which is what makes them safe.

#![expect(
    unsafe_code,
    reason = "fork, clone and exec are in no crate as safe functions"
)]

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::{Duration, Instant};

use libc::{c_char, c_long};
use rustix::process::Pid;

use crate::errno::{checked, unit};
use crate::namespace::Namespaces;

/// Which side of a fork this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fork {
    /// The new process.
    Child,
    /// The old one, with the number of its child.
    Parent(Pid),
}

/// Which side of a clone with a pidfd this is.
#[derive(Debug)]
pub enum Clone {
    /// The new process.
    Child,
    /// The old one.
    Parent {
        /// Number of the child in the caller's pid namespace.
        pid: Pid,
        /// Refers to the child and to no later process of that number; closed on exec.
        pidfd: OwnedFd,
    },
}

/// Copies the process. Refused (`ResourceBusy`) while it has more than one thread.
///
/// Only the calling thread lives on in a child, so a lock that another thread held (the allocator's, for
/// one) would stay locked for ever. With one thread the child is an ordinary process.
pub fn fork() -> io::Result<Fork> {
    require_single_thread()?;
    // SAFETY: there is one thread, so the child has every thread that the parent had, and its locks are
    // in the state in which their only user left them.
    let value = unsafe { libc::fork() };
    let value = checked(value.into())?;
    Ok(Pid::from_raw(pid_number(value)?).map_or(Fork::Child, Fork::Parent))
}

/// Copies the process into new namespaces of these kinds: `fork` when there are none.
///
/// Needs `CAP_SYS_ADMIN`, or [`Namespaces::USER`] among the kinds where the host lets anyone create one.
/// Like [`fork`] it wants a single thread. In the child, number 1 of a new pid namespace must reap
/// orphans, and the C library still holds the parent's thread number: use [`crate::signal::raise`].
pub fn clone_namespaces(kinds: Namespaces) -> io::Result<Fork> {
    require_single_thread()?;
    let value = clone(kinds, 0, None, ptr::null_mut())?;
    Ok(Pid::from_raw(value).map_or(Fork::Child, Fork::Parent))
}

/// As [`clone_namespaces`], with a pidfd for the parent, and optionally straight into a cgroup.
///
/// `cgroup` is a directory of a cgroup v2 tree (Linux 5.7) in which the caller may create processes.
pub fn clone_with_pidfd(kinds: Namespaces, cgroup: Option<BorrowedFd<'_>>) -> io::Result<Clone> {
    require_single_thread()?;
    let mut pidfd: RawFd = -1;
    let flags = libc::CLONE_PIDFD as u64;
    let value = clone(kinds, flags, cgroup, &raw mut pidfd)?;
    let Some(pid) = Pid::from_raw(value) else {
        return Ok(Clone::Child);
    };
    // SAFETY: the kernel stored a new descriptor here before it returned in the parent, and nothing
    // else owns it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Clone::Parent { pid, pidfd })
}

/// `struct clone_args` of `clone3(2)` up to Linux 5.7.
#[repr(C)]
#[derive(Default)]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

fn clone(
    kinds: Namespaces,
    flags: u64,
    cgroup: Option<BorrowedFd<'_>>,
    pidfd: *mut RawFd,
) -> io::Result<i32> {
    let mut arguments = CloneArguments {
        flags: flags | u64::from((kinds & Namespaces::all()).bits()),
        pidfd: pidfd.expose_provenance() as u64,
        exit_signal: libc::SIGCHLD as u64,
        ..CloneArguments::default()
    };
    if let Some(cgroup) = cgroup {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = cgroup.as_raw_fd().unsigned_abs().into();
    }
    let size = size_of::<CloneArguments>();
    // SAFETY: without CLONE_VM the child runs on its own copy of this stack, and there is one thread.
    // The kernel writes only to `pidfd`, which the caller keeps alive.
    let value = unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, size) };
    match checked(value) {
        // Container managers answer ENOSYS for clone3 because a filter cannot look into its structure.
        // clone(2) has no bit for a time namespace and no cgroup.
        Err(error)
            if error.raw_os_error() == Some(libc::ENOSYS)
                && cgroup.is_none()
                && !kinds.contains(Namespaces::TIME) =>
        {
            // SAFETY: as above. Stack 0 means this one; the third argument is the pidfd's place on
            // every architecture, and the last two are unused without their flags.
            let value = unsafe {
                libc::syscall(
                    libc::SYS_clone,
                    arguments.flags | arguments.exit_signal,
                    0_usize,
                    pidfd,
                    0_usize,
                    0_usize,
                )
            };
            pid_number(checked(value)?)
        }
        result => pid_number(result?),
    }
}

fn pid_number(value: c_long) -> io::Result<i32> {
    i32::try_from(value).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// How long a thread that was joined may take to be gone, on a machine with more work than processors.
const LINGERING: Duration = Duration::from_millis(500);

/// Refuses (`ResourceBusy`) unless the calling thread is the only one of its process.
pub(crate) fn require_single_thread() -> io::Result<()> {
    // A thread that was just joined is in the process a little longer: its joiner wakes when the kernel
    // clears a word in memory, which is before the thread is gone, and nothing tells when that is.
    let start = Instant::now();
    while !is_single_threaded()? {
        if start.elapsed() > LINGERING {
            return Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "the process has more than one thread",
            ));
        }
        rustix::thread::sched_yield();
    }
    Ok(())
}

/// Whether the calling thread is the only one of its process.
pub fn is_single_threaded() -> io::Result<bool> {
    // The kernel answers EINVAL to this exactly when there are more threads, and otherwise does nothing
    // (unshare(2)); unlike /proc/self/task it is there in any mount namespace.
    // SAFETY: no memory is involved, and the flag alone changes nothing.
    let value = unsafe { libc::syscall(libc::SYS_unshare, c_long::from(libc::CLONE_THREAD)) };
    match unit(value) {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(false),
        // A seccomp filter may refuse unshare altogether.
        Err(_) => Ok(std::fs::read_dir("/proc/self/task")?.take(2).count() == 1),
    }
}

/// Replaces the program; returns only the reason why it could not.
///
/// `argv` starts with the name the program sees as its own. Both lists are passed as they are: no search
/// in `PATH`, nothing inherited from the caller's environment.
pub fn exec(path: &CStr, argv: &[impl AsRef<CStr>], environment: &[impl AsRef<CStr>]) -> io::Error {
    let argv = pointers(argv);
    let environment = pointers(environment);
    // SAFETY: both lists end with null and their strings outlive the call, as does the path.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}

/// As [`exec`], for a program that is already open; `O_PATH` is enough.
///
/// An interpreted script gets `/dev/fd/N` as its name, so it needs `/proc` and a descriptor that is not
/// closed on exec (`ENOENT` otherwise).
pub fn exec_descriptor(
    program: BorrowedFd<'_>,
    argv: &[impl AsRef<CStr>],
    environment: &[impl AsRef<CStr>],
) -> io::Error {
    let argv = pointers(argv);
    let environment = pointers(environment);
    // SAFETY: both lists end with null and their strings outlive the call, as does the empty path.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            program.as_raw_fd(),
            c"".as_ptr(),
            argv.as_ptr(),
            environment.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    io::Error::last_os_error()
}

fn pointers(strings: &[impl AsRef<CStr>]) -> Vec<*const c_char> {
    strings
        .iter()
        .map(|string| string.as_ref().as_ptr())
        .chain([ptr::null()])
        .collect()
}

/// Ends the process at once: no destructors, no buffers written, no `atexit`.
///
/// This is how a forked child must end, or it would run its parent's exit code a second time.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: the call does not return and touches no memory.
    unsafe { libc::_exit(code) }
}
