//! Memory that is writable and executable, and the session's keyring.

#![expect(unsafe_code, reason = "rustix maps memory only unsafely")]

use std::ffi::CString;
use std::fs;
use std::ptr;

use ringfence_sys::credentials::{deny_write_execute, join_session_keyring};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};

use crate::{Verdict, cases};

cases! {
    memory_is_no_longer_writable_and_executable_once_denied
    a_named_keyring_replaces_the_one_of_the_session
    an_anonymous_keyring_replaces_the_one_of_the_session
}

fn map(protection: ProtFlags) -> Result<(), Errno> {
    // SAFETY: a new mapping at a place of the kernel's choice, never used and ended with the process.
    unsafe { mmap_anonymous(ptr::null_mut(), 4096, protection, MapFlags::PRIVATE) }.map(drop)
}

fn memory_is_no_longer_writable_and_executable_once_denied() -> Verdict {
    let both = ProtFlags::READ | ProtFlags::WRITE | ProtFlags::EXEC;
    map(both).expect("nothing denies it yet");
    match deny_write_execute() {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            return Verdict::Skipped("the kernel is older than 6.3");
        }
        result => result.expect("anyone may"),
    }
    assert_eq!(map(both), Err(Errno::ACCESS));
    map(ProtFlags::READ | ProtFlags::WRITE).expect("plain memory is still there");
    Verdict::Passed
}

/// The lines of `/proc/keys` with a keyring of this name.
fn keyrings(name: &str) -> Option<Vec<String>> {
    let keys = fs::read_to_string("/proc/keys").ok()?;
    let name = format!("{name}:");
    let lines = keys.lines().filter(|line| {
        line.contains(" keyring ") && line.split_whitespace().any(|word| word == name)
    });
    Some(lines.map(str::to_owned).collect())
}

fn a_named_keyring_replaces_the_one_of_the_session() -> Verdict {
    // The user's other sessions see the name too.
    let name = format!(
        "ringfence-test-{}",
        rustix::process::getpid().as_raw_nonzero()
    );
    let Some(before) = keyrings(&name) else {
        return Verdict::Skipped("there is no /proc/keys");
    };
    match join_session_keyring(Some(&CString::new(name.as_str()).expect("no NUL"))) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
            return Verdict::Skipped("the kernel has no keyrings");
        }
        result => result.expect("anyone may"),
    }
    assert!(before.is_empty());
    assert_eq!(keyrings(&name).expect("as before").len(), 1);
    Verdict::Passed
}

fn an_anonymous_keyring_replaces_the_one_of_the_session() -> Verdict {
    if keyrings("_ses").is_none() {
        return Verdict::Skipped("there is no /proc/keys");
    }
    match join_session_keyring(None) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
            return Verdict::Skipped("the kernel has no keyrings");
        }
        result => result.expect("anyone may"),
    }
    let first = keyrings("_ses").expect("as before");
    join_session_keyring(None).expect("anyone may");
    let second = keyrings("_ses").expect("as before");
    assert!(!first.is_empty());
    assert_ne!(first, second);
    Verdict::Passed
}
