//! Rules a process puts itself under.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use ringfence_sys::landlock::{
    Abi, AccessFs, AccessNet, RestrictFlags, Ruleset, Scope, abi_version, errata,
};
use ringfence_sys::signal::{Signal, send};
use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::{Verdict, cases, in_child};

cases! {
    files_outside_the_rules_cannot_be_read
    ports_outside_the_rules_cannot_be_bound_or_reached
    signals_do_not_leave_the_scope
    every_right_that_the_version_promises_is_accepted
    a_right_that_the_kernel_lacks_is_an_error
    a_ruleset_that_denies_nothing_is_an_error
    one_ruleset_serves_several_children
    known_faults_can_be_asked_for
    restricting_needs_no_new_privileges
}

const NO_LANDLOCK: Verdict = Verdict::Skipped("the kernel has no Landlock, or too old a one");

fn at_least(number: u32) -> bool {
    abi_version().expect("no filter is in the way") >= Abi::new(number)
}

fn open(path: &Path) -> OwnedFd {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    openat(CWD, path, flags, Mode::empty()).expect("it exists")
}

fn restrict(ruleset: &Ruleset) {
    rustix::thread::set_no_new_privs(true).expect("anyone may");
    ruleset
        .restrict_self(RestrictFlags::empty())
        .expect("no_new_privs is set");
}

fn files_outside_the_rules_cannot_be_read() -> Verdict {
    if !at_least(1) {
        return NO_LANDLOCK;
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    for name in ["allowed", "denied"] {
        fs::create_dir(directory.path().join(name)).expect("it is new");
        fs::write(directory.path().join(name).join("file"), name).expect("it is new");
    }
    let ruleset = Ruleset::new(
        AccessFs::READ_FILE | AccessFs::WRITE_FILE,
        AccessNet::empty(),
        Scope::empty(),
    )
    .expect("ABI 1");
    let allowed = open(&directory.path().join("allowed"));
    ruleset
        .allow_beneath(allowed.as_fd(), AccessFs::READ_FILE)
        .expect("the right is handled");
    let error = ruleset
        .allow_beneath(allowed.as_fd(), AccessFs::MAKE_DIR)
        .expect_err("the right is not handled");
    assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    let code = in_child(|| {
        restrict(&ruleset);
        let read = |name: &str| fs::read_to_string(directory.path().join(name).join("file"));
        assert_eq!(read("allowed").expect("it is allowed"), "allowed");
        let error = read("denied").expect_err("it is outside");
        assert_eq!(error.raw_os_error(), Some(libc::EACCES));
        let error =
            fs::write(directory.path().join("allowed/file"), "x").expect_err("reading only");
        assert_eq!(error.raw_os_error(), Some(libc::EACCES));
        0
    });
    assert_eq!(code, 0);
    Verdict::Passed
}

fn ports_outside_the_rules_cannot_be_bound_or_reached() -> Verdict {
    if !at_least(4) {
        return NO_LANDLOCK;
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let other = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = |listener: &TcpListener| listener.local_addr().expect("it is bound").port();
    let net = AccessNet::BIND_TCP | AccessNet::CONNECT_TCP;
    let ruleset = Ruleset::new(AccessFs::empty(), net, Scope::empty()).expect("ABI 4");
    ruleset
        .allow_port(port(&listener), AccessNet::CONNECT_TCP)
        .expect("the right is handled");
    restrict(&ruleset);
    TcpStream::connect(("127.0.0.1", port(&listener))).expect("it is allowed");
    let error = TcpStream::connect(("127.0.0.1", port(&other))).expect_err("it is not");
    assert_eq!(error.raw_os_error(), Some(libc::EACCES));
    let error = TcpListener::bind("127.0.0.1:0").expect_err("no binding is allowed");
    assert_eq!(error.raw_os_error(), Some(libc::EACCES));
    Verdict::Passed
}

fn signals_do_not_leave_the_scope() -> Verdict {
    if !at_least(6) {
        return NO_LANDLOCK;
    }
    let outside = rustix::process::getppid().expect("the runner is outside");
    let ruleset = Ruleset::new(AccessFs::empty(), AccessNet::empty(), Scope::SIGNAL);
    restrict(&ruleset.expect("ABI 6"));
    // SIGCONT would do no harm if it went through.
    let error = send(outside, Signal::CONT).expect_err("the runner is outside");
    assert_eq!(error.raw_os_error(), Some(libc::EPERM));
    send(rustix::process::getpid(), Signal::CONT).expect("inside it works");
    Verdict::Passed
}

fn every_right_that_the_version_promises_is_accepted() -> Verdict {
    if !at_least(1) {
        return NO_LANDLOCK;
    }
    let newest = abi_version().expect("no filter is in the way").number();
    for abi in (1..=newest).map(Abi::new) {
        let ruleset = Ruleset::new(
            AccessFs::supported(abi),
            AccessNet::supported(abi),
            Scope::supported(abi),
        )
        .expect("the version promises it");
        let code = in_child(|| {
            rustix::thread::set_no_new_privs(true).expect("anyone may");
            ruleset
                .restrict_self(RestrictFlags::supported(abi))
                .expect("the version promises it");
            0
        });
        assert_eq!(code, 0, "ABI {abi}");
    }
    Verdict::Passed
}

fn a_right_that_the_kernel_lacks_is_an_error() -> Verdict {
    if !at_least(1) {
        return NO_LANDLOCK;
    }
    let unknown = AccessFs::from_bits_retain(1 << 40);
    let error =
        Ruleset::new(unknown, AccessNet::empty(), Scope::empty()).expect_err("no such right");
    assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    let abi = abi_version().expect("no filter is in the way");
    let missing = AccessFs::all().difference(AccessFs::supported(abi));
    if !missing.is_empty() {
        Ruleset::new(missing, AccessNet::empty(), Scope::empty()).expect_err("not in this version");
    }
    let missing = AccessNet::all().difference(AccessNet::supported(abi));
    if !missing.is_empty() {
        Ruleset::new(AccessFs::empty(), missing, Scope::empty()).expect_err("not in this version");
    }
    Verdict::Passed
}

fn a_ruleset_that_denies_nothing_is_an_error() -> Verdict {
    if !at_least(1) {
        return NO_LANDLOCK;
    }
    let error = Ruleset::new(AccessFs::empty(), AccessNet::empty(), Scope::empty())
        .expect_err("it denies nothing");
    assert_eq!(error.raw_os_error(), Some(libc::ENOMSG));
    Verdict::Passed
}

fn one_ruleset_serves_several_children() -> Verdict {
    if !at_least(1) {
        return NO_LANDLOCK;
    }
    let ruleset = Ruleset::new(AccessFs::READ_FILE, AccessNet::empty(), Scope::empty());
    let ruleset = ruleset.expect("ABI 1");
    for _ in 0..2 {
        let code = in_child(|| {
            restrict(&ruleset);
            i32::from(fs::read("/proc/self/status").is_ok())
        });
        assert_eq!(code, 0);
    }
    fs::read("/proc/self/status").expect("the parent is free");
    Verdict::Passed
}

fn known_faults_can_be_asked_for() -> Verdict {
    if !at_least(7) {
        return NO_LANDLOCK;
    }
    match errata() {
        // Both faults were mended before, or with, the call that tells.
        Ok(bits) => assert_eq!(bits & 0b11, 0b11),
        Err(error) => assert_eq!(error.raw_os_error(), Some(libc::EINVAL)),
    }
    Verdict::Passed
}

fn restricting_needs_no_new_privileges() -> Verdict {
    if !at_least(1) {
        return NO_LANDLOCK;
    }
    if rustix::thread::no_new_privs().expect("anyone may") {
        return Verdict::Skipped("no_new_privs is inherited");
    }
    let ruleset = Ruleset::new(AccessFs::READ_FILE, AccessNet::empty(), Scope::empty());
    let ruleset = ruleset.expect("ABI 1");
    let none = rustix::thread::CapabilitySets {
        effective: rustix::thread::CapabilitySet::empty(),
        permitted: rustix::thread::CapabilitySet::empty(),
        inheritable: rustix::thread::CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none).expect("giving up is allowed");
    let error = ruleset
        .restrict_self(RestrictFlags::empty())
        .expect_err("neither capability nor no_new_privs");
    assert_eq!(error.raw_os_error(), Some(libc::EPERM));
    Verdict::Passed
}
