//! What a process may ask of the kernel: capabilities, system calls, namespaces, privileges.

use std::fmt;
use std::str::FromStr;

/// A capability of capabilities(7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability(u8);

/// In the order of their numbers in `linux/capability.h`, up to Linux 6.18.
const CAPABILITIES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

impl Capability {
    /// The names, each at the place of its number.
    pub const NAMES: &[&str] = &CAPABILITIES;

    /// Every capability known here.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..).take(CAPABILITIES.len()).map(Self)
    }

    /// The capability with this number, if it is known here.
    pub fn from_number(number: u8) -> Option<Self> {
        (usize::from(number) < CAPABILITIES.len()).then_some(Self(number))
    }

    /// The number in `linux/capability.h`.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The name, as in capabilities(7).
    pub fn name(self) -> &'static str {
        CAPABILITIES
            .get(usize::from(self.0))
            .copied()
            .unwrap_or("CAP_UNKNOWN")
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Capability {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        (0..)
            .zip(CAPABILITIES)
            .find_map(|(number, name)| (name == text).then_some(Self(number)))
            .ok_or(())
    }
}

/// The kernel's name of a system call, or a number it has no name for here (`syscall_500`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SyscallName(String);

impl SyscallName {
    /// Takes a name of lower-case letters, digits and `_`; anything else is `None`.
    pub fn new(name: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        (!name.is_empty() && name.len() <= 64 && name.bytes().all(fits))
            .then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SyscallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SyscallName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::new(text).ok_or(())
    }
}

/// Generates an enum of words with `ALL` and `word()`.
macro_rules! words {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word in the manifest and in a grant's text.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// A kind of namespace; see namespaces(7).
    Namespace {
        /// `CLONE_NEWCGROUP`.
        Cgroup = "cgroup",
        /// `CLONE_NEWIPC`.
        Ipc = "ipc",
        /// `CLONE_NEWNS`.
        Mount = "mount",
        /// `CLONE_NEWNET`.
        Net = "net",
        /// `CLONE_NEWPID`.
        Pid = "pid",
        /// `CLONE_NEWTIME`.
        Time = "time",
        /// `CLONE_NEWUSER`.
        User = "user",
        /// `CLONE_NEWUTS`.
        Uts = "uts",
    }
}

words! {
    /// A privilege that needs no object. The word carries its kind: `process.jit`.
    Privilege {
        /// Memory that is writable and executable, as just-in-time compilers need.
        Jit = "process.jit",
        /// memfd_create(2). Code in such a file escapes every rule about paths.
        Memfd = "process.memfd",
        /// io_uring(7), which acts past seccomp.
        IoUring = "process.io_uring",
        /// Real-time scheduling; see sched(7).
        Realtime = "process.realtime",
        /// Change the execution domain; see personality(2).
        Personality = "process.personality",
        /// System V and POSIX shared memory, semaphores and queues of the host.
        SharedMemory = "process.shm",
        /// Kernel keyrings; see keyrings(7).
        Keyring = "process.keyring",
        /// bpf(2).
        Bpf = "process.bpf",
        /// Gain privileges by running set-user-ID programs.
        NewPrivileges = "process.new_privileges",
        /// Set the set-user-ID and set-group-ID bits of files.
        SetuidFiles = "process.setuid_files",
        /// Trace other processes of the service; see ptrace(2).
        Ptrace = "process.ptrace",
        /// Signal processes that are not the service's own.
        Signal = "process.signal",
        /// Lock memory; see mlock(2).
        Mlock = "process.mlock",
        /// Write core dumps.
        Coredump = "process.coredump",
        /// Type into the terminal of others: `TIOCSTI`, `TIOCLINUX`.
        TerminalInjection = "process.terminal_injection",
        /// See processes that are not the service's own in `/proc`.
        ProcOthers = "proc.others",
        /// Read `/proc` outside the process directories: `/proc/meminfo`, `/proc/sys`.
        ProcSys = "proc.sys",
        /// Mount file systems.
        Mount = "kernel.mount",
        /// Write `/proc/sys` and `/sys`.
        Tunables = "kernel.tunables",
        /// Load and remove kernel modules.
        Modules = "kernel.modules",
        /// Read the kernel's log.
        Logs = "kernel.logs",
        /// Set the clock.
        Clock = "kernel.clock",
        /// Set the host name.
        Hostname = "kernel.hostname",
        /// Write control groups.
        Cgroups = "kernel.cgroups",
    }
}
