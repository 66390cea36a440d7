//! The system calls that a grant cannot be used without.
//!
//! A manifest that was learned names its calls, and then only the narrow sets here are added, those of
//! grants that somebody may have written by hand afterwards. A manifest without any gets the wide sets too:
//! what an ordinary program makes while it starts and works with files.

use ringfence_policy::grant::{FileAccess, Grant, Privilege};

/// What every program makes while the dynamic loader and the C library start it.
pub(super) const ORDINARY: &[&str] = &[
    "access",
    "capget",
    "chdir",
    "faccessat",
    "faccessat2",
    "fchdir",
    "fgetxattr",
    "get_mempolicy",
    "getpriority",
    "getxattr",
    "inotify_add_watch",
    "inotify_init",
    "inotify_init1",
    "inotify_rm_watch",
    "ioctl",
    "ioprio_get",
    "kill",
    "lgetxattr",
    "listxattr",
    "lstat",
    "newfstatat",
    "open",
    "openat",
    "openat2",
    "pidfd_open",
    "pidfd_send_signal",
    "pkey_alloc",
    "pkey_free",
    "prctl",
    "prlimit64",
    "readlink",
    "readlinkat",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "sched_getattr",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "sched_setaffinity",
    "sched_setattr",
    "sched_setscheduler",
    "setpriority",
    "setrlimit",
    "stat",
    "statfs",
    "statx",
    "sysinfo",
    "tgkill",
    "tkill",
    "chmod",
    "creat",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "fsetxattr",
    "futimesat",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "pkey_mprotect",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "setxattr",
    "symlink",
    "symlinkat",
    "truncate",
    "unlink",
    "unlinkat",
    "utime",
    "utimensat",
    "utimes",
];

const SOCKET: &[&str] = &["socket", "connect", "bind", "setsockopt"];
const SERVER: &[&str] = &["socket", "bind", "listen", "setsockopt"];
const IDENTITY: &[&str] = &[
    "setfsgid",
    "setfsuid",
    "setgid",
    "setgroups",
    "setregid",
    "setresgid",
    "setresuid",
    "setreuid",
    "setuid",
];
/// What creating, renaming and removing takes, which a grant to write allows by its meaning.
const CHANGE: &[&str] = &[
    "chmod",
    "creat",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "futimesat",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "symlink",
    "symlinkat",
    "truncate",
    "unlink",
    "unlinkat",
    "utime",
    "utimensat",
    "utimes",
];
const OWNERSHIP: &[&str] = &["chown", "fchown", "fchownat", "lchown"];

/// The calls that `grant` alone implies.
pub(super) fn by(grant: &Grant) -> &'static [&'static str] {
    match grant {
        Grant::DropsTo(_) => IDENTITY,
        Grant::File(FileAccess::Write, _) | Grant::Directory(..) => CHANGE,
        Grant::Connect(_) | Grant::Dns | Grant::Netlink(_) | Grant::Family(_) | Grant::Peer(_) => {
            SOCKET
        }
        Grant::Bind(_) | Grant::Listen(_) => SERVER,
        Grant::Namespace(_) => &["unshare", "setns"],
        Grant::Capability(capability) => match capability.name() {
            "CAP_SETUID" | "CAP_SETGID" => IDENTITY,
            "CAP_CHOWN" => OWNERSHIP,
            "CAP_SYS_CHROOT" => &["chroot"],
            "CAP_SETPCAP" => &["capset"],
            _ => &[],
        },
        Grant::Privilege(Privilege::Personality) => &["personality"],
        Grant::Privilege(Privilege::Realtime) => &[
            "sched_setscheduler",
            "sched_setattr",
            "sched_setparam",
            "sched_get_priority_max",
            "sched_get_priority_min",
        ],
        Grant::Privilege(Privilege::Jit) => &["pkey_mprotect"],
        Grant::Privilege(Privilege::SharedMemory) => &[
            "shmat", "shmdt", "shmctl", "semop", "semctl", "msgsnd", "msgrcv", "msgctl",
        ],
        _ => &[],
    }
}

/// Calls that newer C libraries try first and have an older call for: refused ones say that they do not
/// exist, because on `EPERM` the library would give up.
pub(super) const HAS_FALLBACK: &[&str] = &[
    "clone3",
    "epoll_pwait2",
    "faccessat2",
    "fchmodat2",
    "futex_waitv",
    "landlock_create_ruleset",
    "openat2",
    "pidfd_open",
    "preadv2",
    "pwritev2",
    "statx",
];
