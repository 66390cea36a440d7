//! Properties of mounts, in a mount namespace of the test's own.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};

use ringfence_sys::mount::{MountAttributes, MountFlags, Propagation, set_attributes};
use ringfence_sys::namespace::{Namespaces, unshare};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, fsconfig_create, fsmount, fsopen,
    move_mount,
};

use crate::{NO_USER_NAMESPACES, Verdict, cases, has_user_namespaces};

cases! {
    a_mount_becomes_read_only_and_writable_again
    a_recursive_change_reaches_the_mounts_beneath
    a_directory_that_is_no_mount_has_no_properties
}

fn own_namespace() {
    let uid = rustix::process::getuid().as_raw();
    let gid = rustix::process::getgid().as_raw();
    unshare(Namespaces::USER | Namespaces::MOUNT).expect("anyone may");
    // A file system takes no files of an owner it cannot write down (EOVERFLOW).
    fs::write("/proc/self/setgroups", "deny").expect("the namespace is ours");
    fs::write("/proc/self/uid_map", format!("0 {uid} 1")).expect("the namespace is ours");
    fs::write("/proc/self/gid_map", format!("0 {gid} 1")).expect("the namespace is ours");
}

fn new_tmpfs() -> OwnedFd {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC).expect("tmpfs exists");
    fsconfig_create(context.as_fd()).expect("tmpfs can be mounted by anyone");
    let flags = FsMountFlags::FSMOUNT_CLOEXEC;
    fsmount(context.as_fd(), flags, MountAttrFlags::empty()).expect("it was created")
}

fn create(directory: &OwnedFd, name: &str) -> Result<(), Errno> {
    openat(directory, name, OFlags::CREATE | OFlags::WRONLY, Mode::RUSR).map(drop)
}

fn a_mount_becomes_read_only_and_writable_again() -> Verdict {
    if !has_user_namespaces() {
        return Verdict::Skipped(NO_USER_NAMESPACES);
    }
    own_namespace();
    let tree = new_tmpfs();
    create(&tree, "one").expect("it is writable");
    let read_only = MountAttributes {
        set: MountFlags::READ_ONLY | MountFlags::NO_EXEC,
        ..MountAttributes::default()
    };
    set_attributes(tree.as_fd(), "", &read_only, false).expect("the mount is ours");
    assert_eq!(create(&tree, "two"), Err(Errno::ROFS));
    let writable = MountAttributes {
        clear: MountFlags::READ_ONLY,
        ..MountAttributes::default()
    };
    set_attributes(tree.as_fd(), "", &writable, false).expect("the mount is ours");
    create(&tree, "two").expect("it is writable again");
    Verdict::Passed
}

/// The mounts of this namespace: place, options, and what propagates.
fn mounts() -> Vec<(String, String, bool)> {
    fs::read_to_string("/proc/self/mountinfo")
        .expect("/proc is mounted")
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let shared = fields.iter().any(|field| field.starts_with("shared:"));
            (fields[4].to_owned(), fields[5].to_owned(), shared)
        })
        .collect()
}

fn a_recursive_change_reaches_the_mounts_beneath() -> Verdict {
    if !has_user_namespaces() {
        return Verdict::Skipped(NO_USER_NAMESPACES);
    }
    own_namespace();
    let outer = tempfile::tempdir().expect("a temporary directory");
    let tree = new_tmpfs();
    let to = outer.path();
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    move_mount(tree.as_fd(), "", CWD, to, flags).expect("the tree is ours");
    fs::create_dir(to.join("inner")).expect("tmpfs is writable");
    let inner = new_tmpfs();
    move_mount(inner.as_fd(), "", CWD, to.join("inner"), flags).expect("the tree is ours");

    let change = MountAttributes {
        set: MountFlags::READ_ONLY | MountFlags::NO_DEVICES | MountFlags::NO_SUID,
        propagation: Some(Propagation::Shared),
        ..MountAttributes::default()
    };
    set_attributes(CWD, to, &change, true).expect("both mounts are ours");
    let name = to.to_str().expect("it is text");
    let below: Vec<_> = mounts()
        .into_iter()
        .filter(|(place, ..)| place.starts_with(name))
        .collect();
    assert_eq!(below.len(), 2, "{below:?}");
    for (place, options, shared) in below {
        assert!(options.starts_with("ro,nosuid,nodev"), "{place} {options}");
        assert!(shared, "{place}");
    }
    let change = MountAttributes {
        clear: MountFlags::READ_ONLY,
        propagation: Some(Propagation::Private),
        ..MountAttributes::default()
    };
    set_attributes(CWD, to, &change, false).expect("the mount is ours");
    let writable = |wanted: &str| {
        let mounts = mounts();
        let (_, options, shared) = mounts
            .iter()
            .find(|(place, ..)| place == wanted)
            .expect("it is mounted");
        (options.starts_with("rw"), *shared)
    };
    assert_eq!(writable(name), (true, false));
    assert_eq!(writable(&format!("{name}/inner")), (false, true));
    Verdict::Passed
}

fn a_directory_that_is_no_mount_has_no_properties() -> Verdict {
    if !has_user_namespaces() {
        return Verdict::Skipped(NO_USER_NAMESPACES);
    }
    own_namespace();
    let change = MountAttributes {
        set: MountFlags::READ_ONLY,
        ..MountAttributes::default()
    };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let error = set_attributes(CWD, directory.path(), &change, false).expect_err("no mount");
    assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    Verdict::Passed
}
