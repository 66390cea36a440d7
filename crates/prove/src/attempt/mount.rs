//! Changing what is mounted where.

use ringfence_sys::forbidden;
use rustix::io::Errno;
use rustix::mount::{FsOpenFlags, fsopen};

use super::Attempt;
use super::Group::Exploited;
use crate::outcome::Outcome;

const MOUNT: &[&str] = &["kernel.mount", "process.capability CAP_SYS_ADMIN"];

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::new("mount", Exploited, "mount file systems", |_, _| {
        let mounted = forbidden::mount_without_type();
        Outcome::judge(mounted, &[Errno::INVAL], "mount let in")
    })
    .any(MOUNT),
    Attempt::new(
        "mount-new-way",
        Exploited,
        "mount file systems through fsopen",
        // fsopen(2) looks at the right first; the context it makes is mounted nowhere.
        |_, _| {
            Outcome::judge(
                fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC),
                &[],
                "fsopen let in",
            )
        },
    )
    .any(MOUNT),
    Attempt::new("unmount", Exploited, "unmount file systems", |_, _| {
        let unmounted = forbidden::unmount_with_bad_flags();
        Outcome::judge(unmounted, &[Errno::INVAL], "umount2 let in")
    })
    .any(MOUNT),
    Attempt::new(
        "exchange-root",
        Exploited,
        "exchange the root file system",
        // pivot_root(2) looks at the right, then at the paths, which are empty.
        |_, _| {
            let moved = rustix::process::pivot_root(c"", c"");
            Outcome::judge(moved, &[Errno::NOENT], "pivot_root let in")
        },
    )
    .any(MOUNT),
    Attempt::new(
        "change-root",
        Exploited,
        "leave a directory it is locked into with chroot",
        |_, _| Outcome::judge(rustix::process::chroot("/"), &[], "chroot let in"),
    )
    .any(&["process.capability CAP_SYS_CHROOT"]),
];
