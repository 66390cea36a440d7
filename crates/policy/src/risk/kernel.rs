//! The risk of capabilities, system calls, namespaces and privileges.

use super::Risk;
use crate::grant::{Capability, Namespace, Privilege};

pub(super) fn capability(capability: Capability) -> Risk {
    let (level, what) = match capability.name() {
        "CAP_SYS_ADMIN" => (10, "can do most of what root can: mount, configure, enter"),
        "CAP_SYS_MODULE" => (10, "can load code into the kernel"),
        "CAP_SYS_RAWIO" => (10, "can reach ports and memory of devices"),
        "CAP_SYS_PTRACE" => (10, "can read and change every process it can see"),
        "CAP_DAC_OVERRIDE" => (9, "can write every file it can see, whoever owns it"),
        "CAP_DAC_READ_SEARCH" => (9, "can read every file on the file system, seen or not"),
        "CAP_SETFCAP" => (9, "can give capabilities to programs"),
        "CAP_SETUID" => (9, "can become any user, root included"),
        "CAP_MAC_OVERRIDE" | "CAP_MAC_ADMIN" => (9, "can change mandatory access control"),
        "CAP_BPF" | "CAP_PERFMON" => (8, "can observe the kernel and every process"),
        "CAP_SETGID" => (8, "can join any group"),
        "CAP_CHOWN" => (8, "can take any file it can see"),
        "CAP_FOWNER" => (8, "can change modes of any file it can see"),
        "CAP_SYS_BOOT" => (8, "can restart the host"),
        "CAP_MKNOD" => (8, "can make device nodes"),
        "CAP_NET_ADMIN" => (7, "can change the network and its firewall"),
        "CAP_CHECKPOINT_RESTORE" | "CAP_SETPCAP" | "CAP_LINUX_IMMUTABLE" => {
            (6, "can undo protections of processes or files")
        }
        "CAP_SYS_CHROOT" => (6, "can change its root, a step on ways out"),
        "CAP_NET_RAW" => (6, "can read and forge packets"),
        "CAP_AUDIT_CONTROL" | "CAP_AUDIT_READ" | "CAP_AUDIT_WRITE" => {
            (5, "can touch the audit log")
        }
        "CAP_SYS_TIME" => (6, "can set the clock and with it outlive certificates"),
        "CAP_KILL" => (5, "can end any process it can see"),
        "CAP_FSETID" => (5, "can keep set-user-ID bits on files it changes"),
        "CAP_SYSLOG" => (5, "can read kernel addresses from its log"),
        "CAP_SYS_RESOURCE" => (5, "can raise its own limits"),
        "CAP_SYS_NICE" => (4, "can take processor time from others"),
        "CAP_IPC_LOCK" => (3, "can lock memory without limit"),
        "CAP_NET_BIND_SERVICE" => (2, "can serve ports below 1024"),
        _ => (5, "has one of root's powers"),
    };
    Risk::new(level, format!("{what} ({capability})"))
}

pub(super) fn syscall(name: &str) -> Risk {
    match crate::syscall::privilege_of(name) {
        Some(needed) => {
            let Risk { level, sentence } = privilege(needed);
            Risk::new(level, format!("{sentence} ({name})"))
        }
        None => match name {
            "userfaultfd" | "perf_event_open" => Risk::new(
                6,
                format!("can call {name}, which exploits of the kernel like to use"),
            ),
            "kexec_load" | "kexec_file_load" | "reboot" | "swapon" | "swapoff" | "acct"
            | "iopl" | "ioperm" => {
                Risk::new(7, format!("can call {name}, made for administrators"))
            }
            _ => Risk::new(1, format!("can call {name}")),
        },
    }
}

pub(super) fn namespace(namespace: Namespace) -> Risk {
    match namespace {
        Namespace::User => Risk::new(
            6,
            "can make user namespaces, which open the kernel's root-only code to anyone",
        ),
        Namespace::Mount | Namespace::Net => Risk::new(
            5,
            format!("can make {} namespaces of its own", namespace.word()),
        ),
        _ => Risk::new(
            3,
            format!("can make {} namespaces of its own", namespace.word()),
        ),
    }
}

pub(super) fn privilege(privilege: Privilege) -> Risk {
    let (level, what) = match privilege {
        Privilege::Modules => (10, "can change the kernel's modules"),
        Privilege::Mount => (9, "can mount file systems over what others trust"),
        Privilege::Tunables => (9, "can change the kernel's settings"),
        Privilege::Ptrace => (8, "can read and change its other processes"),
        Privilege::Bpf => (8, "can run programs in the kernel"),
        Privilege::NewPrivileges => (8, "can gain privileges by running set-user-ID programs"),
        Privilege::SetuidFiles => (7, "can leave a file behind that runs as its owner"),
        Privilege::TerminalInjection => (7, "can type into the terminal of whoever started it"),
        Privilege::Cgroups => (7, "can change the limits of other services"),
        Privilege::IoUring => (6, "can act through io_uring, past system call filters"),
        Privilege::Clock => (6, "can set the clock"),
        Privilege::Logs => (5, "can read the kernel's log and the addresses in it"),
        Privilege::ProcOthers => (5, "can see other processes and their arguments"),
        Privilege::Signal => (5, "can signal processes that are not its own"),
        Privilege::Jit => (5, "can run code that it wrote into memory"),
        Privilege::Memfd => (5, "can run code from files that no path rule sees"),
        Privilege::Personality => (4, "can switch off the randomization of addresses"),
        Privilege::Hostname => (4, "can rename the host"),
        Privilege::Realtime => (4, "can keep a processor for itself"),
        Privilege::Keyring => (4, "can use the kernel's keyrings, shared by user"),
        Privilege::SharedMemory => (4, "can reach shared memory of other services"),
        Privilege::Coredump => (3, "leaves its memory, secrets included, in core dumps"),
        Privilege::Mlock => (2, "can keep memory from being swapped"),
        Privilege::ProcSys => (2, "can read what /proc says about the host"),
    };
    Risk::new(level, what)
}
