//! Signals, their senders, and what they do.

use std::os::fd::AsFd;
use std::time::Duration;

use ringfence_sys::process::{Fork, exit_now, fork};
use ringfence_sys::signal::{
    Signal, SignalFd, SignalSet, block, ignore, mask, raise, reset_dispositions, send,
    send_to_pidfd, set_default, set_mask, unblock, wait,
};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{PidfdFlags, getpid, getuid, pidfd_open, set_parent_process_death_signal};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::{Verdict, cases, exit_code, in_child, status_line};

cases! {
    a_blocked_signal_is_taken_with_its_sender
    nothing_pending_is_no_signal
    a_signal_that_a_process_sent_is_not_from_the_kernel
    the_end_of_a_child_is_from_the_kernel
    a_key_on_the_terminal_is_from_the_kernel
    a_descriptor_reports_real_time_signals
    masks_are_returned_as_they_were
    dispositions_can_be_ignored_and_reset
    a_pidfd_takes_signals
    a_raised_signal_ends_the_process
}

fn only(signal: Signal) -> SignalSet {
    SignalSet::empty().with(signal)
}

fn a_blocked_signal_is_taken_with_its_sender() -> Verdict {
    block(only(Signal::USR1)).expect("anyone may");
    raise(Signal::USR1).expect("it is our own thread");
    let info = wait(only(Signal::USR1), None)
        .expect("it is pending")
        .expect("no timeout");
    assert_eq!(info.signal, Signal::USR1);
    assert_eq!(info.code, libc::SI_TKILL);
    assert_eq!(info.pid, getpid().as_raw_nonzero().get().unsigned_abs());
    assert_eq!(info.uid, getuid().as_raw());
    assert!(!info.is_from_kernel());
    Verdict::Passed
}

fn nothing_pending_is_no_signal() -> Verdict {
    block(only(Signal::USR1)).expect("anyone may");
    let timeout = Some(Duration::from_millis(1));
    assert_eq!(wait(only(Signal::USR1), timeout).expect("a timeout"), None);
    let descriptor = SignalFd::new(only(Signal::USR1)).expect("anyone may");
    assert_eq!(descriptor.read().expect("it does not block"), None);
    Verdict::Passed
}

fn a_signal_that_a_process_sent_is_not_from_the_kernel() -> Verdict {
    block(only(Signal::TERM)).expect("anyone may");
    let parent = getpid();
    let Fork::Parent(child) = fork().expect("there is one thread") else {
        exit_now(i32::from(send(parent, Signal::TERM).is_err()));
    };
    let info = wait(only(Signal::TERM), None)
        .expect("it comes")
        .expect("no timeout");
    assert_eq!(info.pid, child.as_raw_nonzero().get().unsigned_abs());
    assert_eq!(info.code, libc::SI_USER);
    assert!(!info.is_from_kernel());
    assert_eq!(exit_code(child), 0);
    Verdict::Passed
}

fn the_end_of_a_child_is_from_the_kernel() -> Verdict {
    block(only(Signal::CHLD)).expect("anyone may");
    let Fork::Parent(child) = fork().expect("there is one thread") else {
        exit_now(17);
    };
    let info = wait(only(Signal::CHLD), None)
        .expect("it comes")
        .expect("no timeout");
    assert_eq!(info.pid, child.as_raw_nonzero().get().unsigned_abs());
    assert_eq!((info.code, info.status), (libc::CLD_EXITED, 17));
    assert!(info.is_from_kernel());
    assert_eq!(exit_code(child), 17);
    Verdict::Passed
}

fn a_key_on_the_terminal_is_from_the_kernel() -> Verdict {
    let Ok(main) = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY) else {
        return Verdict::Skipped("there are no pseudo-terminals");
    };
    grantpt(&main).expect("it is ours");
    unlockpt(&main).expect("it is ours");
    let name = ptsname(&main, Vec::new()).expect("it has a name");
    // Closing the terminal at the end hangs up on its session, which is this process.
    block(only(Signal::INT).with(Signal::HUP)).expect("anyone may");
    let descriptor = SignalFd::new(only(Signal::INT)).expect("anyone may");
    rustix::process::setsid().expect("the case leads no group");
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let terminal = rustix::fs::open(&*name, flags, rustix::fs::Mode::empty()).expect("it exists");
    rustix::process::ioctl_tiocsctty(&terminal).expect("the session is new");
    rustix::io::write(&main, b"\x03").expect("it is open");
    poll(
        &mut [PollFd::from_borrowed_fd(descriptor.as_fd(), PollFlags::IN)],
        None,
    )
    .expect("it comes");
    let info = descriptor
        .read()
        .expect("it is there")
        .expect("it is pending");
    assert_eq!(
        (info.signal, info.code, info.pid),
        (Signal::INT, libc::SI_KERNEL, 0)
    );
    assert!(info.is_from_kernel());
    Verdict::Passed
}

fn a_descriptor_reports_real_time_signals() -> Verdict {
    let signal = Signal::from_raw(37).expect("there are 64");
    assert_eq!(signal.to_string(), "SIGRTMIN+3");
    block(only(signal)).expect("anyone may");
    let descriptor = SignalFd::new(only(signal)).expect("anyone may");
    send(getpid(), signal).expect("it is our own process");
    let info = descriptor
        .read()
        .expect("it is there")
        .expect("it is pending");
    assert_eq!(info.signal, signal);
    assert_eq!(info.pid, getpid().as_raw_nonzero().get().unsigned_abs());
    Verdict::Passed
}

fn masks_are_returned_as_they_were() -> Verdict {
    let two = only(Signal::USR1).with(Signal::USR2);
    set_mask(two).expect("anyone may");
    assert_eq!(mask().expect("anyone may"), two);
    assert_eq!(block(only(Signal::HUP)).expect("anyone may"), two);
    let three = unblock(only(Signal::USR1)).expect("anyone may");
    assert_eq!(three, two.with(Signal::HUP));
    let left = set_mask(SignalSet::all()).expect("anyone may");
    assert_eq!(left, only(Signal::USR2).with(Signal::HUP));
    let written = u64::from_str_radix(&status_line("SigBlk"), 16).expect("it is a number");
    let kept = SignalSet::all().without(Signal::KILL).without(Signal::STOP);
    assert_eq!(SignalSet::from_bits(written), kept);
    Verdict::Passed
}

fn ignored() -> SignalSet {
    SignalSet::from_bits(u64::from_str_radix(&status_line("SigIgn"), 16).expect("a number"))
}

fn dispositions_can_be_ignored_and_reset() -> Verdict {
    // The runtime of a Rust program ignores SIGPIPE, which a service must not inherit.
    assert!(ignored().contains(Signal::PIPE));
    ignore(Signal::HUP).expect("anyone may");
    raise(Signal::HUP).expect("it is our own thread");
    assert!(ignored().contains(Signal::HUP));
    set_default(Signal::PIPE).expect("anyone may");
    assert!(!ignored().contains(Signal::PIPE));
    reset_dispositions().expect("anyone may");
    assert_eq!(ignored().bits() & SignalSet::all().bits(), 0);
    let caught = u64::from_str_radix(&status_line("SigCgt"), 16).expect("a number");
    assert_eq!(caught & SignalSet::all().bits(), 0);
    for signal in [Signal::KILL, Signal::STOP] {
        let error = ignore(signal).expect_err("nobody may");
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    }
    Verdict::Passed
}

fn a_pidfd_takes_signals() -> Verdict {
    let Fork::Parent(child) = fork().expect("there is one thread") else {
        set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).expect("anyone may");
        loop {
            rustix::event::pause();
        }
    };
    let pidfd = pidfd_open(child, PidfdFlags::empty()).expect("the child is ours");
    send_to_pidfd(pidfd.as_fd(), Signal::KILL).expect("the child is ours");
    assert_eq!(exit_code(child), -libc::SIGKILL);
    let error = send_to_pidfd(pidfd.as_fd(), Signal::KILL).expect_err("it is gone");
    assert_eq!(error.raw_os_error(), Some(libc::ESRCH));
    Verdict::Passed
}

fn a_raised_signal_ends_the_process() -> Verdict {
    let code = in_child(|| {
        reset_dispositions().expect("anyone may");
        raise(Signal::USR2).expect("it is our own thread");
        0
    });
    assert_eq!(code, -libc::SIGUSR2);
    Verdict::Passed
}
