//! Leaving namespaces.

use std::fs;
use std::path::PathBuf;

use ringfence_sys::namespace::{Namespaces, unshare};

use crate::{NO_USER_NAMESPACES, Verdict, cases, has_user_namespaces};

cases! {
    unshare_leaves_the_named_namespaces_and_no_other
    a_process_without_privilege_is_told_so
}

fn link(kind: &str) -> PathBuf {
    fs::read_link(format!("/proc/self/ns/{kind}")).expect("/proc is mounted")
}

fn unshare_leaves_the_named_namespaces_and_no_other() -> Verdict {
    if !has_user_namespaces() {
        return Verdict::Skipped(NO_USER_NAMESPACES);
    }
    let names = ["user", "mnt", "uts", "ipc", "cgroup", "net"];
    let before = names.map(link);
    let kinds = Namespaces::USER | Namespaces::MOUNT | Namespaces::UTS | Namespaces::IPC;
    unshare(kinds | Namespaces::CGROUP).expect("anyone may");
    let after = names.map(link);
    for index in 0..5 {
        assert_ne!(before[index], after[index], "{}", names[index]);
    }
    assert_eq!(before[5], after[5]);
    Verdict::Passed
}

fn a_process_without_privilege_is_told_so() -> Verdict {
    let none = rustix::thread::CapabilitySets {
        effective: rustix::thread::CapabilitySet::empty(),
        permitted: rustix::thread::CapabilitySet::empty(),
        inheritable: rustix::thread::CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none).expect("giving up is allowed");
    let error = unshare(Namespaces::NETWORK).expect_err("it needs CAP_SYS_ADMIN");
    assert_eq!(error.raw_os_error(), Some(libc::EPERM));
    Verdict::Passed
}
