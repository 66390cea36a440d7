//! The plan: what the sandbox is to set up, as plain data that a person can read.
//!
//! Paths are as the policy names them. Which of them exist and which are links is found out on the host,
//! when the plan is executed.

use ringfence_policy::grant::{Capability, DeviceAccess, DirectoryKind};
use ringfence_policy::path::AbsPath;
use serde::{Serialize, Serializer};

use super::seccomp::{Filter, Rule};
use super::syscall;

/// What the sandbox sets up. A layer that is `None` or false is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Name of the service; names its cgroup and decides its dynamic user id.
    pub service: String,
    /// The command, its program first as an absolute path.
    pub argv: Vec<String>,
    /// The working directory. Without one the caller's is kept where the service can see it, else `/`.
    pub directory: Option<AbsPath>,
    /// Names of environment variables that are passed on; `LC_*` stands for a prefix.
    pub environment: Vec<String>,
    /// Who the service is; `None` leaves it whoever starts it.
    pub identity: Option<Identity>,
    /// The capabilities it keeps; `None` leaves them as they are.
    #[serde(serialize_with = "texts_option")]
    pub capabilities: Option<Vec<Capability>>,
    /// Set-user-ID programs have no effect.
    pub no_new_privileges: bool,
    /// New namespaces.
    pub namespaces: Namespaces,
    /// The files it sees and what it may do with them: for the mount view and for Landlock.
    pub files: Vec<FileRule>,
    /// A root of its own that holds nothing but `files`.
    pub view: Option<View>,
    /// Landlock.
    pub landlock: Option<Landlock>,
    /// Which system calls it may make.
    #[serde(serialize_with = "filter_names")]
    pub seccomp: Option<Filter>,
    /// Memory that was writable never becomes executable (`PR_SET_MDWE`).
    pub deny_write_execute: bool,
    /// An empty session keyring.
    pub own_keyring: bool,
    /// Limits; `None` leaves them as they are.
    pub limits: Option<Limits>,
    /// What cannot be enforced on this host, in sentences for whoever starts the service.
    pub notes: Vec<String>,
}

/// Who the service is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The user it starts as.
    pub user: StartUser,
    /// Users it may become, by name or number.
    pub drops_to: Vec<String>,
    /// Supplementary groups, by name or number.
    pub groups: Vec<String>,
}

/// The user a service starts as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartUser {
    /// Whoever starts it.
    Own,
    /// An id that nobody else has, from 61184 to 65519, chosen by the service's name.
    Dynamic,
    /// A user of the host, by name or number.
    Named(String),
    /// The superuser.
    Root,
}

/// New namespaces, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each kind is had or not, independently"
)]
pub struct Namespaces {
    /// Only the service's own ids are mapped.
    pub user: bool,
    /// Its own tree of mounts.
    pub mount: bool,
    /// It sees no process but its own.
    pub pid: bool,
    /// Its own System V IPC and POSIX queues.
    pub ipc: bool,
    /// Its own host name.
    pub uts: bool,
    /// Its own root of the cgroup tree.
    pub cgroup: bool,
    /// No network device but an unconfigured loopback, and no abstract socket of the host.
    pub net: bool,
}

impl Namespaces {
    /// Whether there is any.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// One path and what the service may do there and beneath.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FileRule {
    /// Where.
    pub path: AbsPath,
    /// What.
    #[serde(flatten)]
    pub rule: FileUse,
}

/// What a [`FileRule`] allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "use", rename_all = "kebab-case")]
pub enum FileUse {
    /// A file or directory of the host.
    Host {
        /// Open for reading, list.
        read: bool,
        /// Change, create beneath, remove.
        write: bool,
        /// Execute as a program.
        execute: bool,
        /// Map as code; what an executed program and a library need from the mount.
        code: bool,
    },
    /// A device node.
    Device {
        /// How it may be opened.
        #[serde(serialize_with = "device_word")]
        access: DeviceAccess,
    },
    /// An empty directory that nobody else sees.
    Private,
    /// A directory that the service owns and that outlives it, unless it is a runtime directory.
    Own {
        /// Its kind, which says whether it is removed at the end.
        #[serde(serialize_with = "directory_word")]
        kind: DirectoryKind,
        /// Name below the usual place for that kind.
        name: String,
    },
    /// A Unix socket to connect to. Its directory is shown where that is not a shared one, so that the
    /// socket of a server that starts again is found.
    Peer,
    /// A Unix socket to serve: its directory is writable.
    Listen,
    /// A symbolic link to follow, if it is one. Where it leads is not granted by it.
    Link,
}

impl FileUse {
    /// Reading, and nothing else.
    pub const READ: Self = Self::Host {
        read: true,
        write: false,
        execute: false,
        code: false,
    };
    /// Mapping as code: a directory of libraries.
    pub const CODE: Self = Self::Host {
        read: true,
        write: false,
        execute: false,
        code: true,
    };
    /// Executing.
    pub const EXECUTE: Self = Self::Host {
        read: true,
        write: false,
        execute: true,
        code: true,
    };
    /// Changing.
    pub const WRITE: Self = Self::Host {
        read: true,
        write: true,
        execute: false,
        code: false,
    };
}

/// A root of the service's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// How its private directories together are bounded: `64M` or `10%` of memory, as tmpfs(5) takes it.
    pub private_size: String,
    /// Which proc(5) it has.
    pub proc: Proc,
    /// A devpts instance of its own.
    pub terminals: bool,
}

/// Which proc(5) there is in a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proc {
    /// None: it cannot be mounted here.
    Absent,
    /// Only the directories of processes.
    Processes,
    /// These and what was granted; the rest is covered.
    Granted,
    /// All of it, with what is secret covered unless it was granted.
    All,
}

/// What Landlock allows besides [`Plan::files`]; everything else it knows is denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Landlock {
    /// The version to write rules for.
    pub abi: u32,
    /// TCP ports to bind; `None` leaves binding to other controls.
    pub bind_tcp: Option<Vec<u16>>,
    /// TCP ports to connect to; `None` leaves it to other controls.
    pub connect_tcp: Option<Vec<u16>>,
    /// UDP ports to bind.
    pub bind_udp: Option<Vec<u16>>,
    /// UDP ports to send to.
    pub connect_udp: Option<Vec<u16>>,
    /// No abstract socket of processes outside.
    pub scope_abstract: bool,
    /// No signal to processes outside.
    pub scope_signal: bool,
}

/// Limits on what a service may use up. `None` leaves one as it was inherited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Bytes of memory, by cgroup.
    pub memory_max: Option<u64>,
    /// Processes and threads, by cgroup.
    pub tasks_max: Option<u64>,
    /// Percent of one processor, by cgroup.
    pub cpu_quota: Option<u64>,
    /// Bytes of private memory of each process (`RLIMIT_DATA`), where there is no cgroup.
    pub data: Option<u64>,
    /// Processes and threads of its user (`RLIMIT_NPROC`), where there is no cgroup.
    pub processes: Option<u64>,
    /// Descriptors of each process (`RLIMIT_NOFILE`).
    pub files: Option<u64>,
    /// Bytes of locked memory (`RLIMIT_MEMLOCK`).
    pub locked: Option<u64>,
    /// Bytes of core dumps (`RLIMIT_CORE`).
    pub core: Option<u64>,
    /// Seconds until it is stopped.
    pub seconds: Option<u64>,
}

#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn texts_option<S, T>(values: &Option<Vec<T>>, serializer: S) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    T: std::fmt::Display,
{
    match values {
        Some(values) => serializer.collect_seq(values.iter().map(ToString::to_string)),
        None => serializer.serialize_none(),
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn device_word<S: Serializer>(access: &DeviceAccess, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(access.word())
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn directory_word<S: Serializer>(kind: &DirectoryKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.word())
}

/// The calls that can pass; those whose arguments decide end with `(...)`.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn filter_names<S: Serializer>(filter: &Option<Filter>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(filter) = filter else {
        return serializer.serialize_none();
    };
    serializer.collect_seq(filter.rules.iter().filter_map(|(number, rule)| {
        let name = syscall::name(filter.arch, *number)?;
        match rule {
            Rule::Always(action) if action.permits() => Some(name.to_owned()),
            Rule::Always(_) => None,
            Rule::Conditional { .. } => Some(format!("{name}(...)")),
        }
    }))
}
