//! Filters.

use std::sync::mpsc::channel;
use std::thread;

use ringfence_sys::seccomp::{Action, FilterFlags, Instruction, action_available, load_filter};
use rustix::io::Errno;

use crate::{Verdict, cases, filter_on, in_child, load};

cases! {
    a_filter_makes_a_call_fail
    a_filter_kills_with_sigsys
    a_listener_is_returned_when_asked_for
    a_filter_reaches_every_thread_when_asked_to
    a_thread_with_a_filter_of_its_own_is_an_error
    a_program_that_is_too_long_or_empty_is_an_error
    loading_needs_no_new_privileges
    every_action_is_known_to_the_kernel
}

fn change_directory() -> Result<(), Errno> {
    rustix::process::chdir("/")
}

fn a_filter_makes_a_call_fail() -> Verdict {
    load(libc::SYS_chdir, Action::Errno(42));
    assert_eq!(change_directory(), Err(Errno::from_raw_os_error(42)));
    Verdict::Passed
}

fn a_filter_kills_with_sigsys() -> Verdict {
    let code = in_child(|| {
        load(libc::SYS_chdir, Action::KillProcess);
        let _ = change_directory();
        0
    });
    assert_eq!(code, -libc::SIGSYS);
    Verdict::Passed
}

fn a_listener_is_returned_when_asked_for() -> Verdict {
    rustix::thread::set_no_new_privs(true).expect("anyone may");
    let filter = filter_on(libc::SYS_chdir, Action::UserNotify);
    let listener = load_filter(filter, FilterFlags::NEW_LISTENER)
        .expect("Linux 5.0")
        .expect("it was asked for");
    let flags = rustix::io::fcntl_getfd(&listener).expect("it is open");
    assert_eq!(flags, rustix::io::FdFlags::CLOEXEC);
    let error = load_filter(filter, FilterFlags::NEW_LISTENER).expect_err("there is one already");
    assert_eq!(error.raw_os_error(), Some(libc::EBUSY));
    drop(listener);
    // With nobody to ask, the answer is that there is no such call.
    assert_eq!(change_directory(), Err(Errno::NOSYS));
    Verdict::Passed
}

fn a_filter_reaches_every_thread_when_asked_to() -> Verdict {
    let (go, gone) = channel::<()>();
    let thread = thread::spawn(move || {
        let _ = gone.recv();
        change_directory()
    });
    rustix::thread::set_no_new_privs(true).expect("anyone may");
    let filter = filter_on(libc::SYS_chdir, Action::Errno(42));
    let listener = load_filter(filter, FilterFlags::ALL_THREADS).expect("no other filters");
    assert!(listener.is_none());
    drop(go);
    let result = thread.join().expect("it does not panic");
    assert_eq!(result, Err(Errno::from_raw_os_error(42)));
    Verdict::Passed
}

fn a_thread_with_a_filter_of_its_own_is_an_error() -> Verdict {
    let (go, gone) = channel::<()>();
    let (loaded, is_loaded) = channel::<()>();
    let thread = thread::spawn(move || {
        load(libc::SYS_chdir, Action::Errno(42));
        loaded.send(()).expect("the case waits");
        let _ = gone.recv();
    });
    is_loaded.recv().expect("the thread loads");
    rustix::thread::set_no_new_privs(true).expect("anyone may");
    let filter = filter_on(libc::SYS_chdir, Action::Errno(43));
    for flags in [
        FilterFlags::ALL_THREADS,
        FilterFlags::ALL_THREADS | FilterFlags::NEW_LISTENER,
    ] {
        let error = load_filter(filter, flags).expect_err("the other thread differs");
        assert_eq!(error.raw_os_error(), Some(libc::ESRCH), "{flags:?}");
    }
    drop(go);
    thread.join().expect("it does not panic");
    Verdict::Passed
}

fn a_program_that_is_too_long_or_empty_is_an_error() -> Verdict {
    rustix::thread::set_no_new_privs(true).expect("anyone may");
    let allow = Instruction::from((0x06, 0, 0, Action::Allow.raw()));
    for length in [0, 4097, 65536] {
        let error = load_filter(vec![allow; length], FilterFlags::empty()).expect_err("bad length");
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL), "{length}");
    }
    load_filter(vec![allow; 4096], FilterFlags::empty()).expect("the longest that is allowed");
    Verdict::Passed
}

fn loading_needs_no_new_privileges() -> Verdict {
    if rustix::thread::no_new_privs().expect("anyone may") {
        return Verdict::Skipped("no_new_privs is inherited");
    }
    let none = rustix::thread::CapabilitySets {
        effective: rustix::thread::CapabilitySet::empty(),
        permitted: rustix::thread::CapabilitySet::empty(),
        inheritable: rustix::thread::CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none).expect("giving up is allowed");
    let filter = filter_on(libc::SYS_chdir, Action::Errno(42));
    let error = load_filter(filter, FilterFlags::empty()).expect_err("neither is there");
    assert_eq!(error.raw_os_error(), Some(libc::EACCES));
    Verdict::Passed
}

fn every_action_is_known_to_the_kernel() -> Verdict {
    for action in [
        Action::KillProcess,
        Action::KillThread,
        Action::Trap,
        Action::Errno(13),
        Action::UserNotify,
        Action::Trace(99),
        Action::Log,
        Action::Allow,
    ] {
        assert!(action_available(action).expect("Linux 4.14"), "{action:?}");
    }
    Verdict::Passed
}
