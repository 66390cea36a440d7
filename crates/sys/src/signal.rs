//! Signals: their numbers, sets of them, masks, dispositions, and waiting for one with its sender.
//!
//! `rustix::process::Signal` has no safe way to hold a real-time signal, and a tracer must pass on
//! whatever arrives, hence [`Signal`]. Installing a handler is left out: code that runs at any moment
//! cannot be safe, and a supervisor waits instead ([`wait`], [`SignalFd`]).

#![expect(
    unsafe_code,
    reason = "sigprocmask, sigaction, sigtimedwait, signalfd and tgkill by number are in no safe crate"
)]

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::process::Pid;

use crate::errno::{checked, unit};

mod everyone;
mod number;
mod set;

pub use everyone::kill_everyone;
pub use number::Signal;
pub use set::SignalSet;

/// What the kernel says about one signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Siginfo {
    /// The signal.
    pub signal: Signal,
    /// `si_code`: why it was sent, see `sigaction(2)`.
    pub code: i32,
    /// The sender, or for `SIGCHLD` the child; 0 when the kernel names none, or when the sender is in
    /// a pid namespace that is not visible from here.
    pub pid: u32,
    /// The sender's or child's real uid.
    pub uid: u32,
    /// For `SIGCHLD` the exit code or signal; otherwise meaningless.
    pub status: i32,
}

impl Siginfo {
    /// Whether the kernel itself sent this (a terminal's `^C`, a fault, a child's end), which no other
    /// process can pretend: the kernel lets a positive code through only from a process to itself.
    pub fn is_from_kernel(&self) -> bool {
        self.code > 0
    }
}

/// Blocks these signals as well, and returns the mask as it was.
pub fn block(set: SignalSet) -> io::Result<SignalSet> {
    change_mask(libc::SIG_BLOCK, Some(set))
}

/// Lets these signals through, and returns the mask as it was.
pub fn unblock(set: SignalSet) -> io::Result<SignalSet> {
    change_mask(libc::SIG_UNBLOCK, Some(set))
}

/// Blocks exactly these signals, and returns the mask as it was.
pub fn set_mask(set: SignalSet) -> io::Result<SignalSet> {
    change_mask(libc::SIG_SETMASK, Some(set))
}

/// The signals that the calling thread blocks.
pub fn mask() -> io::Result<SignalSet> {
    change_mask(libc::SIG_BLOCK, None)
}

fn change_mask(how: i32, set: Option<SignalSet>) -> io::Result<SignalSet> {
    let new = set.map(SignalSet::bits);
    let new = new.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let mut old = 0_u64;
    // SAFETY: `new` is null or points to 8 bytes that outlive the call, `old` is 8 writable bytes, and 8
    // is the size of the kernel's set on every architecture built for here.
    let value =
        unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, new, &raw mut old, SET_SIZE) };
    unit(value)?;
    Ok(SignalSet::from_bits(old))
}

/// Size of the kernel's `sigset_t`, which is not the C library's.
const SET_SIZE: usize = mem::size_of::<u64>();

/// Waits until one of these signals is pending and takes it; `None` after the timeout.
///
/// The signals must be blocked, or they take their usual effect first. `EINTR` is returned when a signal
/// outside the set was handled.
pub fn wait(set: SignalSet, timeout: Option<Duration>) -> io::Result<Option<Siginfo>> {
    let bits = set.bits();
    // The kernel's timespec, which is not that of every C library: seconds and nanoseconds.
    let timeout = timeout.map(|time| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        [seconds, i64::from(time.subsec_nanos())]
    });
    let timeout = timeout
        .as_ref()
        .map_or(std::ptr::null(), std::ptr::from_ref);
    let mut info = mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: `bits` and `timeout` outlive the call, `info` has room for the kernel's 128 bytes, and the
    // set's size is the kernel's.
    let value = unsafe {
        libc::syscall(
            libc::SYS_rt_sigtimedwait,
            &raw const bits,
            info.as_mut_ptr(),
            timeout,
            SET_SIZE,
        )
    };
    match checked(value) {
        Ok(_) => {
            // SAFETY: all bytes were zeroed and then overwritten by the kernel; every pattern is valid.
            let info = unsafe { info.assume_init() };
            siginfo(&info).map(Some)
        }
        Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The portable part of the kernel's answer.
pub(crate) fn siginfo(info: &libc::siginfo_t) -> io::Result<Siginfo> {
    let signal = Signal::from_raw(info.si_signo)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a signal number"))?;
    // SAFETY: the union is plain integers and fully initialized, so any member may be read. Which ones
    // mean something is decided below.
    let pid = unsafe { info.si_pid() };
    // SAFETY: as above.
    let uid = unsafe { info.si_uid() };
    // SAFETY: as above.
    let status = unsafe { info.si_status() };
    // A fault has an address in these bytes, a timer its number.
    let has_sender = match info.si_code {
        libc::SI_USER | libc::SI_QUEUE | libc::SI_MESGQ | libc::SI_TKILL => true,
        code => code > 0 && signal == Signal::CHLD,
    };
    let is_child = has_sender && info.si_code > 0;
    Ok(Siginfo {
        signal,
        code: info.si_code,
        pid: if has_sender { pid.cast_unsigned() } else { 0 },
        uid: if has_sender { uid } else { 0 },
        status: if is_child { status } else { 0 },
    })
}

/// A descriptor that becomes readable when a signal of its set is pending, for use with `poll(2)`.
///
/// It does not block: [`SignalFd::read`] answers `None` when nothing is pending. The signals must be
/// blocked. A child after `fork` reads its own signals from the same descriptor.
#[derive(Debug)]
pub struct SignalFd(OwnedFd);

impl SignalFd {
    /// A descriptor for these signals, closed on exec.
    pub fn new(set: SignalSet) -> io::Result<Self> {
        let bits = set.bits();
        // SAFETY: `bits` outlives the call and its size is the kernel's; -1 asks for a new descriptor.
        let value = unsafe {
            libc::syscall(
                libc::SYS_signalfd4,
                -1,
                &raw const bits,
                SET_SIZE,
                libc::SFD_CLOEXEC | libc::SFD_NONBLOCK,
            )
        };
        let number = descriptor_number(checked(value)?)?;
        // SAFETY: the kernel just returned this new descriptor, and nothing else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(number) }))
    }

    /// Takes one pending signal.
    pub fn read(&self) -> io::Result<Option<Siginfo>> {
        let mut buffer = [0_u8; mem::size_of::<libc::signalfd_siginfo>()];
        match rustix::io::read(&self.0, &mut buffer) {
            Ok(length) if length == buffer.len() => {}
            Ok(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(rustix::io::Errno::AGAIN) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        }
        // SAFETY: the buffer has the size of the structure, which is integers only; the read is unaligned.
        let info = unsafe {
            buffer
                .as_ptr()
                .cast::<libc::signalfd_siginfo>()
                .read_unaligned()
        };
        let signal = i32::try_from(info.ssi_signo)
            .ok()
            .and_then(Signal::from_raw)
            .ok_or(io::ErrorKind::InvalidData)?;
        Ok(Some(Siginfo {
            signal,
            code: info.ssi_code,
            pid: info.ssi_pid,
            uid: info.ssi_uid,
            status: info.ssi_status,
        }))
    }
}

impl AsFd for SignalFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn descriptor_number(value: libc::c_long) -> io::Result<RawFd> {
    RawFd::try_from(value).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Gives one signal its default effect. `EINVAL` for `SIGKILL` and `SIGSTOP`.
pub fn set_default(signal: Signal) -> io::Result<()> {
    set_disposition(signal, libc::SIG_DFL)
}

/// Ignores one signal, also across `exec`. `EINVAL` for `SIGKILL` and `SIGSTOP`.
pub fn ignore(signal: Signal) -> io::Result<()> {
    set_disposition(signal, libc::SIG_IGN)
}

/// Gives every signal its default effect: what a program expects to start with.
///
/// `exec` resets handlers but keeps what is ignored, and Rust programs ignore `SIGPIPE`.
pub fn reset_dispositions() -> io::Result<()> {
    for signal in SignalSet::all().iter() {
        if signal != Signal::KILL && signal != Signal::STOP {
            set_default(signal)?;
        }
    }
    Ok(())
}

fn set_disposition(signal: Signal, disposition: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: an all-zero `sigaction` is valid: no flags, empty mask, default handler.
    let mut action = unsafe { mem::zeroed::<libc::sigaction>() };
    action.sa_sigaction = disposition;
    // SAFETY: `action` outlives the call, and neither SIG_DFL nor SIG_IGN runs any code of ours.
    let value = unsafe { libc::sigaction(signal.raw(), &raw const action, std::ptr::null_mut()) };
    unit(value.into())
}

/// Sends a signal to a process; `rustix::process::kill_process` for any number.
pub fn send(pid: Pid, signal: Signal) -> io::Result<()> {
    // SAFETY: no memory is involved.
    let value = unsafe { libc::kill(pid.as_raw_nonzero().get(), signal.raw()) };
    unit(value.into())
}

/// Sends a signal through a pidfd, which cannot hit another process that got the same number.
pub fn send_to_pidfd(pidfd: BorrowedFd<'_>, signal: Signal) -> io::Result<()> {
    // SAFETY: no memory is involved: the information pointer is null, which stands for plain `kill`.
    let value = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal.raw(),
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
    unit(value)
}

/// Sends a signal to the calling thread.
pub fn raise(signal: Signal) -> io::Result<()> {
    let pid = rustix::process::getpid().as_raw_nonzero().get();
    let tid = rustix::thread::gettid().as_raw_nonzero().get();
    // The C library's `raise` trusts a thread number that it cached, which is stale after a raw clone.
    // SAFETY: no memory is involved.
    let value = unsafe { libc::syscall(libc::SYS_tgkill, pid, tid, signal.raw()) };
    unit(value)
}
