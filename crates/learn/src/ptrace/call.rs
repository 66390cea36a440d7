//! Which arguments of a system call are paths, and what the call does with them.
//!
//! A call that is not listed has nothing but its name and its deciding arguments.

use ringfence_policy::trace::Touch;

/// How a call is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The name and the deciding arguments.
    Plain,
    /// Paths.
    Paths(&'static [PathUse]),
    /// A descriptor at argument 0 whose file is touched.
    Descriptor(Touch),
    /// Opens a file.
    Open(OpenForm),
    /// Executes a program: `execve`, or `execveat` with a descriptor first.
    Exec { at: bool },
    /// `socket`.
    Socket,
    /// `bind`.
    Bind,
    /// `listen`.
    Listen,
    /// `connect`.
    Connect,
    /// `accept`.
    Accept,
    /// Sends, perhaps to an address.
    Send(Carrier),
    /// Receives, perhaps from an address.
    Receive(Carrier),
    /// Maps a file as code.
    Map,
    /// Takes other ids.
    Become,
    /// Sends a signal: index of the receiver, of the signal, and whether the receiver is a pidfd.
    Signal {
        to: usize,
        signal: usize,
        pidfd: bool,
    },
    /// `io_uring_setup`, after which calls go unseen.
    Ring,
}

/// Where the address of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Arguments 4 and 5.
    Arguments,
    /// In the `struct msghdr` at argument 1.
    Message,
    /// In each `struct mmsghdr` at argument 1, as many as argument 2 says.
    Messages,
}

/// The ways to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenForm {
    /// `open`.
    Open,
    /// `creat`.
    Creat,
    /// `openat`.
    At,
    /// `openat2`: the flags are in memory.
    At2,
    /// `open_by_handle_at`: there is no path.
    Handle,
}

/// One path among the arguments, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathUse {
    /// The directory it is relative to; the working directory when there is none.
    pub directory: Option<usize>,
    /// The path.
    pub path: usize,
    /// Whether a link at its end is followed.
    pub follow: Follow,
    /// What is done with it.
    pub touch: Touch,
}

/// Whether a link at the end of a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Always.
    Yes,
    /// Never.
    No,
    /// Unless `AT_SYMLINK_NOFOLLOW` is in this argument.
    Unless(usize),
    /// If `AT_SYMLINK_FOLLOW` is in this argument.
    If(usize),
    /// Unless `IN_DONT_FOLLOW` is in this argument.
    UnlessInotify(usize),
}

impl Follow {
    /// The answer for these arguments.
    pub fn decide(self, args: &[u64; 6]) -> bool {
        let bit = |index: usize, bit: u64| args.get(index).is_some_and(|value| value & bit != 0);
        match self {
            Self::Yes => true,
            Self::No => false,
            Self::Unless(index) => !bit(index, 0x100),
            Self::If(index) => bit(index, 0x400),
            Self::UnlessInotify(index) => !bit(index, 0x200_0000),
        }
    }
}

const fn here(path: usize, follow: Follow, touch: Touch) -> PathUse {
    PathUse {
        directory: None,
        path,
        follow,
        touch,
    }
}

const fn at(directory: usize, path: usize, follow: Follow, touch: Touch) -> PathUse {
    PathUse {
        directory: Some(directory),
        path,
        follow,
        touch,
    }
}

/// The form of a call, by the kernel's name for it.
pub fn form(name: &str) -> Form {
    use Follow::{If, No, Unless, UnlessInotify, Yes};
    use Touch::{Create, List, Metadata, Probe, Remove, Rename, Root, Write};
    let paths: &'static [PathUse] = match name {
        "stat" | "access" | "statfs" | "getxattr" | "listxattr" | "umount" | "umount2" => {
            const { &[here(0, Yes, Probe)] }
        }
        "lstat" | "readlink" | "lgetxattr" | "llistxattr" => const { &[here(0, No, Probe)] },
        "faccessat" => const { &[at(0, 1, Yes, Probe)] },
        "newfstatat" | "faccessat2" => const { &[at(0, 1, Unless(3), Probe)] },
        "statx" | "open_tree" | "getxattrat" | "listxattrat" => {
            const { &[at(0, 1, Unless(2), Probe)] }
        }
        "readlinkat" => const { &[at(0, 1, No, Probe)] },
        "name_to_handle_at" => const { &[at(0, 1, If(4), Probe)] },
        "inotify_add_watch" => const { &[here(1, UnlessInotify(2), Probe)] },
        "fanotify_mark" => const { &[at(3, 4, Yes, Probe)] },
        "chmod" | "chown" | "utime" | "utimes" | "setxattr" | "removexattr" => {
            const { &[here(0, Yes, Metadata)] }
        }
        "lchown" | "lsetxattr" | "lremovexattr" => const { &[here(0, No, Metadata)] },
        "fchmodat" | "futimesat" => const { &[at(0, 1, Yes, Metadata)] },
        "fchmodat2" | "utimensat" => const { &[at(0, 1, Unless(3), Metadata)] },
        "fchownat" => const { &[at(0, 1, Unless(4), Metadata)] },
        "setxattrat" | "removexattrat" => const { &[at(0, 1, Unless(2), Metadata)] },
        "truncate" | "acct" | "swapon" | "swapoff" => const { &[here(0, Yes, Write)] },
        "mkdir" | "mknod" => const { &[here(0, No, Create)] },
        "mkdirat" | "mknodat" => const { &[at(0, 1, No, Create)] },
        "symlink" => const { &[here(1, No, Create)] },
        "symlinkat" => const { &[at(1, 2, No, Create)] },
        // A hard link changes the old file's link count, and the kernel asks for more than a look at it.
        "link" => const { &[here(0, No, Metadata), here(1, No, Create)] },
        "linkat" => const { &[at(0, 1, If(4), Metadata), at(2, 3, No, Create)] },
        "unlink" | "rmdir" => const { &[here(0, No, Remove)] },
        "unlinkat" => const { &[at(0, 1, No, Remove)] },
        "rename" => const { &[here(0, No, Remove), here(1, No, Rename)] },
        "renameat" | "renameat2" => const { &[at(0, 1, No, Remove), at(2, 3, No, Rename)] },
        "chdir" => const { &[here(0, Yes, List)] },
        "chroot" => const { &[here(0, Yes, Root)] },
        "pivot_root" => const { &[here(0, Yes, Root), here(1, Yes, Root)] },
        "mount" => const { &[here(1, Yes, Probe)] },
        _ => &[],
    };
    if !paths.is_empty() {
        return Form::Paths(paths);
    }
    match name {
        "fchmod" | "fchown" | "fsetxattr" | "fremovexattr" => Form::Descriptor(Metadata),
        "fchdir" => Form::Descriptor(List),
        "open" => Form::Open(OpenForm::Open),
        "creat" => Form::Open(OpenForm::Creat),
        "openat" => Form::Open(OpenForm::At),
        "openat2" => Form::Open(OpenForm::At2),
        "open_by_handle_at" => Form::Open(OpenForm::Handle),
        "execve" => Form::Exec { at: false },
        "execveat" => Form::Exec { at: true },
        "socket" | "socketpair" => Form::Socket,
        "bind" => Form::Bind,
        "listen" => Form::Listen,
        "connect" => Form::Connect,
        "accept" | "accept4" => Form::Accept,
        "sendto" => Form::Send(Carrier::Arguments),
        "sendmsg" => Form::Send(Carrier::Message),
        "sendmmsg" => Form::Send(Carrier::Messages),
        "recvfrom" => Form::Receive(Carrier::Arguments),
        "recvmsg" => Form::Receive(Carrier::Message),
        "recvmmsg" => Form::Receive(Carrier::Messages),
        "mmap" => Form::Map,
        "setuid" | "setgid" | "setreuid" | "setregid" | "setresuid" | "setresgid" | "setfsuid"
        | "setfsgid" | "setgroups" | "capset" => Form::Become,
        "kill" | "tkill" | "rt_sigqueueinfo" => Form::Signal {
            to: 0,
            signal: 1,
            pidfd: false,
        },
        "tgkill" | "rt_tgsigqueueinfo" => Form::Signal {
            to: 0,
            signal: 2,
            pidfd: false,
        },
        "pidfd_send_signal" => Form::Signal {
            to: 0,
            signal: 1,
            pidfd: true,
        },
        "io_uring_setup" => Form::Ring,
        _ => Form::Plain,
    }
}

/// Calls after which a path can lead elsewhere, so that what is known about paths must be learned anew:
/// by themselves, or when what they act on is a directory or a link.
pub fn moves_paths(name: &str) -> Moves {
    match name {
        "chroot" | "pivot_root" | "mount" | "umount2" | "umount" | "move_mount" | "setns"
        | "unshare" | "symlink" | "symlinkat" => Moves::Always,
        "rename" | "renameat" | "renameat2" => Moves::NonFiles,
        _ => Moves::Never,
    }
}

/// See [`moves_paths`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moves {
    /// No path leads elsewhere.
    Never,
    /// When a directory or link was renamed.
    NonFiles,
    /// Any path can.
    Always,
}

/// The name that a 32-bit call has in the 64-bit table, where its arguments have the same order. `None`
/// for a call that is laid out differently, of which only the name can be told.
#[cfg(target_arch = "x86_64")]
pub fn of_32_bit(name: &str) -> Option<&str> {
    Some(match name {
        "socketcall" | "ipc" | "select" | "mmap" | "fanotify_mark" | "sendmsg" | "sendmmsg"
        | "recvmsg" | "recvmmsg" | "recvmmsg_time64" | "clone" | "execveat" | "execve" => {
            return None;
        }
        "mmap2" => "mmap",
        "stat64" | "oldstat" => "stat",
        "lstat64" | "oldlstat" => "lstat",
        "fstat64" | "oldfstat" => "fstat",
        "fstatat64" => "newfstatat",
        "statfs64" => "statfs",
        "truncate64" => "truncate",
        "chown32" => "chown",
        "lchown32" => "lchown",
        "fchown32" => "fchown",
        "setuid32" => "setuid",
        "setgid32" => "setgid",
        "setreuid32" => "setreuid",
        "setregid32" => "setregid",
        "setresuid32" => "setresuid",
        "setresgid32" => "setresgid",
        "setfsuid32" => "setfsuid",
        "setfsgid32" => "setfsgid",
        "setgroups32" => "setgroups",
        "utimensat_time64" => "utimensat",
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_policy::syscall::is_base;
    use syscalls::Sysno;

    #[test]
    fn every_base_call_has_a_form_only_where_the_filter_looks_at_it() {
        for call in Sysno::iter().filter(|call| is_base(call.name())) {
            let looked_at = matches!(
                form(call.name()),
                Form::Accept | Form::Send(_) | Form::Receive(_) | Form::Map
            );
            assert!(looked_at || form(call.name()) == Form::Plain, "{call:?}");
        }
    }

    #[test]
    fn flags_decide_whether_a_link_at_the_end_is_followed() {
        let args = [0, 0, 0, 0x100, 0x400, 0];
        assert!(!Follow::Unless(3).decide(&args));
        assert!(Follow::Unless(4).decide(&args));
        assert!(Follow::If(4).decide(&args));
    }
}
