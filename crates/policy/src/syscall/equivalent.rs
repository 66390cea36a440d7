//! System calls that do the same thing: which of them is made is the C library's choice, not the
//! program's.
//!
//! A policy learned with one C library must not break a service under the next one, and the vDSO answers
//! some calls on one host that reach the kernel on another. So whoever may make one call of a group may
//! make all of it. A group never holds a call that can do more than the others: `openat2` can only narrow
//! what `openat` does.

use crate::grant::SyscallName;

const GROUPS: &[&[&str]] = &[
    &["access", "faccessat", "faccessat2"],
    &["chmod", "fchmodat", "fchmodat2"],
    &["chown", "fchownat"],
    &["chown32", "fchownat"],
    &["clone", "clone3", "fork", "vfork"],
    &["dup2", "dup3"],
    &["epoll_create", "epoll_create1"],
    &["fstatat64", "newfstatat", "stat", "lstat", "statx", "fstat"],
    &["futimesat", "utime", "utimes", "utimensat"],
    &["getrlimit", "prlimit64", "ugetrlimit"],
    &["inotify_init", "inotify_init1"],
    &["link", "linkat"],
    &["mkdir", "mkdirat"],
    &["mknod", "mknodat"],
    &["mlock", "mlock2"],
    &["open", "openat", "openat2", "creat"],
    &["readlink", "readlinkat"],
    &["rename", "renameat", "renameat2"],
    &["rmdir", "unlink", "unlinkat"],
    &["setgid", "setregid", "setresgid"],
    &["setuid", "setreuid", "setresuid"],
    &["symlink", "symlinkat"],
    &["statfs", "statfs64"],
    &["tgkill", "tkill"],
];

/// A call, and the newer one that C libraries make in its place. Not the other way round: no library goes
/// back, and `setrlimit` is among the calls that service managers count as dangerous.
const SUCCESSORS: &[(&str, &str)] = &[("setrlimit", "prlimit64")];

/// The calls of every group that `call` is in, without `call` itself, sorted by group, and its successors.
pub fn equivalents(call: &str) -> impl Iterator<Item = SyscallName> {
    let successors = SUCCESSORS
        .iter()
        .filter(move |(old, _)| *old == call)
        .map(|(_, new)| new);
    GROUPS
        .iter()
        .filter(move |group| group.contains(&call))
        .flat_map(|group| group.iter())
        .filter(move |other| **other != call)
        .chain(successors)
        .filter_map(|name| SyscallName::new(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscall::privilege_of;

    #[test]
    fn every_name_is_a_system_call_name() {
        assert!(
            GROUPS
                .iter()
                .flat_map(|group| group.iter())
                .all(|name| SyscallName::new(name).is_some())
        );
    }

    #[test]
    fn no_group_brings_a_privilege_that_another_member_does_not_need() {
        for group in GROUPS {
            let first = privilege_of(group[0]);
            assert!(
                group.iter().all(|call| privilege_of(call) == first),
                "{group:?}"
            );
        }
    }

    #[test]
    fn another_way_to_open_a_file_is_equivalent() {
        let others: Vec<_> = equivalents("openat").map(|call| call.to_string()).collect();
        assert_eq!(others, ["open", "openat2", "creat"]);
        assert_eq!(equivalents("ptrace").count(), 0);
    }

    #[test]
    fn a_successor_stands_in_for_an_old_call_and_not_the_reverse() {
        let of = |call| {
            equivalents(call)
                .map(|call| call.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("setrlimit"), ["prlimit64"]);
        assert!(!of("prlimit64").contains(&"setrlimit".to_owned()));
    }
}
