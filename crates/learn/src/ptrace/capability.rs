//! Which capability a system call needs if it succeeds.
//!
//! This is an inference, not an observation: the kernel tells a tracer that a call succeeded, not which of
//! its checks decided. The rows follow capabilities(7) and the man page of each call. A capability counts
//! only when the process had it, and only when the call succeeded, so a service that does without is never
//! said to need one; but one that has a capability may be said to need it although another reason would
//! have sufficed. Capabilities for files come from permission bits, in `file.rs`.

use ringfence_policy::grant::Capability;
use rustix::process::Pid;

use super::address::{RawAddress, parse};
use super::operand;
use super::status;
use super::task::Actor;

/// Whether [`needed`] has anything to say of a call.
pub fn may_need(name: &str) -> bool {
    whatever_its_arguments(name).is_some() || ARGUED.contains(&name)
}

/// The arguments of these calls decide.
const ARGUED: &[&str] = &[
    "bind",
    "capset",
    "clone",
    "clone3",
    "ioctl",
    "ioprio_set",
    "kill",
    "mknod",
    "mknodat",
    "mlock",
    "mlock2",
    "mlockall",
    "prctl",
    "prlimit64",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "sched_setaffinity",
    "sched_setattr",
    "sched_setscheduler",
    "setfsgid",
    "setfsuid",
    "setgid",
    "setgroups",
    "setpriority",
    "setregid",
    "setresgid",
    "setresuid",
    "setreuid",
    "setrlimit",
    "setsockopt",
    "setuid",
    "setxattr",
    "fsetxattr",
    "lsetxattr",
    "socket",
    "tgkill",
    "tkill",
    "unshare",
];

fn whatever_its_arguments(name: &str) -> Option<&'static str> {
    Some(match name {
        "mount" | "umount" | "umount2" | "pivot_root" | "move_mount" | "fsmount" | "fsopen"
        | "fspick" | "mount_setattr" | "setns" | "sethostname" | "setdomainname" | "swapon"
        | "swapoff" | "quotactl" | "quotactl_fd" | "fanotify_init" | "lookup_dcookie" => {
            "CAP_SYS_ADMIN"
        }
        "chroot" => "CAP_SYS_CHROOT",
        "settimeofday" | "clock_settime" | "stime" | "adjtimex" | "clock_adjtime" => "CAP_SYS_TIME",
        "syslog" => "CAP_SYSLOG",
        "init_module" | "finit_module" | "delete_module" => "CAP_SYS_MODULE",
        "reboot" | "kexec_load" | "kexec_file_load" => "CAP_SYS_BOOT",
        "iopl" | "ioperm" => "CAP_SYS_RAWIO",
        "acct" => "CAP_SYS_PACCT",
        "vhangup" => "CAP_SYS_TTY_CONFIG",
        "bpf" => "CAP_BPF",
        "perf_event_open" => "CAP_PERFMON",
        "open_by_handle_at" => "CAP_DAC_READ_SEARCH",
        _ => return None,
    })
}

/// The lower half of an argument, as the `int` that it is.
pub fn int(value: u64) -> i32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

fn unsigned(value: u64) -> u32 {
    int(value).cast_unsigned()
}

/// The capabilities that a call with these arguments needs; asked at its beginning.
pub fn needed(name: &str, args: &[u64; 6], actor: &Actor) -> Vec<&'static str> {
    if let Some(capability) = whatever_its_arguments(name) {
        let asks_only = matches!(name, "adjtimex" | "clock_adjtime") && {
            let [first, second, ..] = *args;
            let at = if name == "clock_adjtime" {
                second
            } else {
                first
            };
            operand::bytes(actor.task, at, 4).is_ok_and(|raw| operand::half_at(&raw, 0) == 0)
        };
        return if asks_only {
            Vec::new()
        } else {
            vec![capability]
        };
    }
    match name {
        "setuid" | "setreuid" | "setresuid" | "setfsuid" => ids(name, args, |id| {
            id != actor.identity.uid && id != actor.identity.real_uid
        })
        .then_some("CAP_SETUID")
        .into_iter()
        .collect(),
        "setgid" | "setregid" | "setresgid" | "setfsgid" => {
            ids(name, args, |id| id != actor.identity.gid)
                .then_some("CAP_SETGID")
                .into_iter()
                .collect()
        }
        "setgroups" => vec!["CAP_SETGID"],
        "capset" => kept(args, actor),
        _ => argued(name, args, actor).into_iter().collect(),
    }
}

/// The capabilities that a process keeps while it gives up others: it has a use for them, whether that was
/// seen or not, and some services end when they cannot keep them. One that only takes its own set again says
/// nothing.
fn kept(args: &[u64; 6], actor: &Actor) -> Vec<&'static str> {
    // struct __user_cap_data_struct of capset(2): effective, permitted, inheritable; twice, but once in the
    // first version.
    const FIRST_VERSION: u32 = 0x1998_0330;
    let version = operand::bytes(actor.task, args[0], 4).map(|raw| operand::half_at(&raw, 0));
    let length = if matches!(version, Ok(FIRST_VERSION)) {
        12
    } else {
        24
    };
    let Ok(mut raw) = operand::bytes(actor.task, args[1], length) else {
        return Vec::new();
    };
    raw.resize(24, 0);
    let half = |at| u64::from(operand::half_at(&raw, at));
    let wanted = half(0) | half(12) << 32;
    let has = actor.identity.capabilities;
    if wanted & has == has {
        return Vec::new();
    }
    (0..64)
        .filter(|number| (wanted & has) >> number & 1 == 1)
        .filter_map(|number| Some(Capability::from_number(number)?.name()))
        .collect()
}

/// Whether one of the ids that a call sets is foreign. -1 keeps an id.
fn ids(name: &str, args: &[u64; 6], foreign: impl Fn(u32) -> bool) -> bool {
    let count = if name.starts_with("setres") {
        3
    } else if name.starts_with("setre") {
        2
    } else {
        1
    };
    args.iter()
        .take(count)
        .map(|value| unsigned(*value))
        .any(|id| id != u32::MAX && foreign(id))
}

fn argued(name: &str, args: &[u64; 6], actor: &Actor) -> Option<&'static str> {
    const CLONE_NEWUSER: u64 = 0x1000_0000;
    const CLONE_OTHERS: u64 = 0x6e02_0000;
    let when = |needed: bool, capability| needed.then_some(capability);
    match name {
        "bind" => when(binds_low_port(args, actor), "CAP_NET_BIND_SERVICE"),
        "clone" | "unshare" | "clone3" => {
            let flags = match name {
                "clone3" => operand::word(actor.task, args[0]).unwrap_or(0),
                _ => args[0],
            };
            when(
                flags & CLONE_OTHERS != 0 && flags & CLONE_NEWUSER == 0,
                "CAP_SYS_ADMIN",
            )
        }
        "ioctl" => ioctl(unsigned(args[1])),
        "ioprio_set" => when(unsigned(args[2]) >> 13 == 1, "CAP_SYS_NICE"),
        "kill" | "tkill" | "tgkill" => when(is_foreign(int(args[0]), actor), "CAP_KILL"),
        "mknod" => device(args[1]),
        "mknodat" => device(args[2]),
        "mlock" | "mlock2" | "mlockall" => {
            let amount = if name == "mlockall" { 0 } else { args[1] };
            let limit = limit(actor.task, RLIMIT_MEMLOCK, SOFT)?;
            when(
                amount > limit || (amount == 0 && limit != u64::MAX),
                "CAP_IPC_LOCK",
            )
        }
        "prctl" => prctl(int(args[0])),
        "prlimit64" => raises(actor, args[1], args[2]),
        "setrlimit" => raises(actor, args[0], args[1]),
        "ptrace" => {
            let begins = matches!(args[0], 16 | 0x4206);
            when(begins && is_foreign(int(args[1]), actor), "CAP_SYS_PTRACE")
        }
        "process_vm_readv" | "process_vm_writev" => {
            when(is_foreign(int(args[0]), actor), "CAP_SYS_PTRACE")
        }
        "sched_setaffinity" => when(is_foreign(int(args[0]), actor), "CAP_SYS_NICE"),
        // SCHED_FIFO, SCHED_RR, SCHED_DEADLINE.
        "sched_setscheduler" => when(matches!(args[1] & 0xffff, 1 | 2 | 6), "CAP_SYS_NICE"),
        "sched_setattr" => {
            let raw = operand::bytes(actor.task, args[1], 8).ok()?;
            when(
                matches!(operand::half_at(&raw, 4), 1 | 2 | 6),
                "CAP_SYS_NICE",
            )
        }
        "setpriority" => when(int(args[2]) < 0, "CAP_SYS_NICE"),
        "setsockopt" => setsockopt(args[1], args[2]),
        "setxattr" | "lsetxattr" | "fsetxattr" => match operand::path(actor.task, args[1]) {
            Ok(name) if name == b"security.capability" => Some("CAP_SETFCAP"),
            Ok(name) if name.starts_with(b"trusted.") => Some("CAP_SYS_ADMIN"),
            _ => None,
        },
        // SOCK_RAW and AF_PACKET; raw netlink sockets are open to everyone.
        "socket" => when(
            args[0] == 17 || (args[1] & 0xf == 3 && matches!(args[0], 2 | 10)),
            "CAP_NET_RAW",
        ),
        _ => None,
    }
}

fn binds_low_port(args: &[u64; 6], actor: &Actor) -> bool {
    let length = usize::try_from(args[2].min(128)).unwrap_or(0);
    let raw = operand::bytes(actor.task, args[1], length).unwrap_or_default();
    let Some(RawAddress::Ip(_, port)) = parse(&raw) else {
        return false;
    };
    let start = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    let start = start
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(1024);
    port != 0 && port < start
}

fn device(mode: u64) -> Option<&'static str> {
    // S_IFCHR but not the whiteout of overlayfs, S_IFBLK.
    matches!(mode & 0o170_000, 0o020_000 | 0o060_000).then_some("CAP_MKNOD")
}

fn ioctl(command: u32) -> Option<&'static str> {
    match command {
        // SIOCADDRT, SIOCDELRT, the SIOCSIF* family, SIOCBRADDBR and its kin; TUNSETIFF.
        0x890b
        | 0x890c
        | 0x8914
        | 0x8916
        | 0x8918
        | 0x891a
        | 0x891c
        | 0x891e
        | 0x8922
        | 0x8923
        | 0x8924
        | 0x8931
        | 0x8932
        | 0x8943
        | 0x8946
        | 0x89a0..=0x89a3
        | 0x4004_54ca => Some("CAP_NET_ADMIN"),
        // FS_IOC_SETFLAGS may set the immutable flag; most uses do not, so it is not told.
        // RTC_SET_TIME, KDSETMODE, TIOCCONS.
        0x4024_700a => Some("CAP_SYS_TIME"),
        0x4b3a => Some("CAP_SYS_TTY_CONFIG"),
        0x541d => Some("CAP_SYS_ADMIN"),
        _ => None,
    }
}

fn prctl(operation: i32) -> Option<&'static str> {
    match operation {
        // PR_CAPBSET_DROP, PR_SET_SECUREBITS.
        24 | 28 => Some("CAP_SETPCAP"),
        // PR_SET_MM.
        35 => Some("CAP_SYS_RESOURCE"),
        _ => None,
    }
}

fn setsockopt(level: u64, option: u64) -> Option<&'static str> {
    match (level, option) {
        // SOL_SOCKET: SO_DEBUG, SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_MARK.
        // SOL_IP: IP_TRANSPARENT, IP_XFRM_POLICY, IPSEC. SOL_IPV6: IPV6_TRANSPARENT.
        (1, 1 | 32 | 33 | 36) | (0, 16 | 17 | 19) | (41, 75) => Some("CAP_NET_ADMIN"),
        _ => None,
    }
}

/// Whether a process belongs to another user, so that acting on it needs a capability.
///
/// Zero and negative numbers mean process groups, of which the kernel acts on the members it may.
fn is_foreign(number: i32, actor: &Actor) -> bool {
    let ids = &actor.identity;
    Some(number)
        .filter(|number| *number > 0)
        .and_then(Pid::from_raw)
        .and_then(status::read)
        .is_some_and(|other| {
            other.identity.real_uid != ids.uid && other.identity.real_uid != ids.real_uid
        })
}

const RLIMIT_MEMLOCK: usize = 8;
const SOFT: usize = 0;
const HARD: usize = 1;

/// A limit of a process. The lines of the file are in the order of the resources' numbers.
fn limit(task: Pid, resource: usize, which: usize) -> Option<u64> {
    let path = format!("/proc/{}/limits", task.as_raw_nonzero());
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().nth(resource + 1)?;
    // The name has 25 columns and may hold blanks.
    match line.get(25..)?.split_whitespace().nth(which)? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

fn raises(actor: &Actor, resource: u64, new: u64) -> Option<&'static str> {
    if new == 0 {
        return None;
    }
    let new = operand::word(actor.task, new.checked_add(8)?).ok()?;
    let old = limit(
        actor.task,
        usize::try_from(resource & 0xffff_ffff).ok()?,
        HARD,
    )?;
    (new > old).then_some("CAP_SYS_RESOURCE")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_policy::grant::Capability;

    #[test]
    fn every_name_is_a_capability() {
        for call in syscalls::Sysno::iter() {
            if let Some(name) = whatever_its_arguments(call.name()) {
                assert!(name.parse::<Capability>().is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn minus_one_keeps_an_id() {
        let args = [0xffff_ffff, 33, 0xffff_ffff, 0, 0, 0];
        assert!(ids("setresuid", &args, |id| id != 0));
        assert!(!ids("setresuid", &args, |id| id != 33));
        assert!(!ids("setuid", &args, |_| true));
    }

    #[test]
    fn the_own_limits_are_read_by_their_numbers() {
        let me = rustix::process::getpid();
        let expected = rustix::process::getrlimit(rustix::process::Resource::Memlock);
        assert_eq!(
            limit(me, RLIMIT_MEMLOCK, SOFT),
            Some(expected.current.unwrap_or(u64::MAX))
        );
        let expected = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        assert_eq!(
            limit(me, 7, HARD),
            Some(expected.maximum.unwrap_or(u64::MAX))
        );
    }
}
