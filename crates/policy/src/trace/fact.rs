//! The kinds of facts, with the operands that decide a control and nothing else.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::grant::{Capability, SyscallName};
use crate::path::AbsPath;

/// One thing that a service was seen to do. Facts carry no time and no count, so that they join as a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fact {
    /// A system call outside `@base` was made, whatever its result.
    Syscall {
        /// The kernel's name for it.
        name: SyscallName,
    },
    /// A system call had this value in an argument that decides a control, masked to the bits that do.
    Argument {
        /// The call.
        call: SyscallName,
        /// Which argument, from 0.
        index: u8,
        /// The deciding bits: `PROT_WRITE|PROT_EXEC` of mmap(2), the operation of prctl(2).
        value: u64,
    },
    /// A path was used.
    File {
        /// The path after the kernel resolved it: no symbolic link is left.
        path: AbsPath,
        /// What was done.
        touch: Touch,
        /// What the path led to.
        object: Object,
        /// Why the kernel let it happen.
        permission: Permission,
        /// How it ended.
        outcome: Outcome,
        /// So many names beneath `path` were touched so that the tracer stopped listing them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        beneath: bool,
    },
    /// A symbolic link was followed.
    Link {
        /// Where the link lies.
        path: AbsPath,
        /// What its text says, escaped.
        target: String,
    },
    /// A program was executed.
    Exec {
        /// The program, resolved.
        path: AbsPath,
        /// What the kernel ran to execute it: the ELF interpreter or the `#!` interpreter, resolved.
        interpreter: Option<AbsPath>,
    },
    /// A file was mapped with `PROT_EXEC`: a library or a plug-in.
    Code {
        /// The file, resolved.
        path: AbsPath,
    },
    /// socket(2) or socketpair(2).
    Socket {
        /// The family by the name of its constant, without `AF_`, in lower case; or its number.
        family: String,
        /// The type.
        socket: SocketKind,
        /// The protocol's number.
        protocol: u32,
    },
    /// bind(2).
    Bind {
        /// The local address.
        address: Address,
        /// The socket's type.
        socket: SocketKind,
        /// How it ended.
        outcome: Outcome,
    },
    /// listen(2) on a bound socket.
    Listen {
        /// The local address.
        address: Address,
        /// The socket's type.
        socket: SocketKind,
    },
    /// A connection or a datagram arrived at this local address.
    Served {
        /// The local address.
        address: Address,
        /// The socket's type.
        socket: SocketKind,
    },
    /// connect(2), or sendto(2) and sendmsg(2) with an address.
    Connect {
        /// The remote address.
        address: Address,
        /// The socket's type.
        socket: SocketKind,
        /// The program at the other end, for Unix sockets, where it could be seen.
        peer: Option<AbsPath>,
        /// How it ended.
        outcome: Outcome,
    },
    /// A system call succeeded that needed this capability.
    Capability {
        /// Its name.
        capability: Capability,
        /// The call that needed it.
        call: SyscallName,
    },
    /// The process took other ids.
    Become {
        /// The new user id.
        uid: u32,
        /// Its name, where the host has one.
        user: Option<String>,
        /// The new group id.
        gid: u32,
        /// Its name, where the host has one.
        group: Option<String>,
    },
    /// A signal was sent.
    SignalSent {
        /// The number.
        signal: u8,
        /// Whether the receiver is one of the service's own processes.
        own: bool,
    },
    /// A signal arrived from outside the service.
    SignalReceived {
        /// The number.
        signal: u8,
    },
}

/// What was done with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Touch {
    /// Looked at without opening: stat(2), access(2), readlink(2), an `O_PATH` open.
    Probe,
    /// Opened for reading.
    Read,
    /// A directory opened for listing, or made the working directory.
    List,
    /// Opened for writing with `O_APPEND` and without reading or truncation.
    Append,
    /// Opened for writing an existing file.
    Write,
    /// Created: a file, directory, link, socket or fifo.
    Create,
    /// Removed, or renamed away.
    Remove,
    /// Became the new name in a rename(2).
    Rename,
    /// Mode, owner, times or extended attributes changed.
    Metadata,
    /// Used as the root in chroot(2) or pivot_root(2).
    Root,
}

/// What a path led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Object {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A device node.
    Device,
    /// A socket.
    Socket,
    /// A pipe with a name.
    Fifo,
    /// A symbolic link, touched itself.
    Link,
    /// Nothing, or not known.
    Unknown,
}

/// Which permission let the kernel say yes, from what anyone has to what only a capability gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Anyone may do it: the bits for others suffice.
    Others,
    /// Members of the file's group may, and the process is one.
    Group,
    /// The owner may, and the process is the owner.
    Owner,
    /// No bits suffice; a capability did.
    Override,
    /// Not looked at, or the call failed.
    Unknown,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It succeeded, or is in progress.
    Done,
    /// `ENOENT` or `ENOTDIR`: nothing there.
    Missing,
    /// `EACCES`, `EPERM` or `EROFS`.
    Denied,
    /// Any other error.
    Failed,
}

/// The type of a socket; see socket(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SocketKind {
    /// `SOCK_STREAM`.
    Stream,
    /// `SOCK_DGRAM`.
    Datagram,
    /// `SOCK_RAW`.
    Raw,
    /// `SOCK_SEQPACKET`.
    SeqPacket,
    /// Any other, or not known.
    Other,
}

/// An address of a socket. Text: `127.0.0.1:80`, `[::1]:80`, `unix:/run/x`, `unix:@name`, `netlink:0`,
/// or `FAMILY` alone for families that are not read further.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// IPv4 and IPv6. A v4-mapped IPv6 address is written as the IPv4 address it means.
    Ip(IpAddr, u16),
    /// A Unix socket in the file system, resolved.
    Unix(AbsPath),
    /// A Unix socket in the abstract namespace.
    Abstract(Vec<u8>),
    /// A netlink protocol's number.
    Netlink(u32),
    /// Another family, by name.
    Other(String),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(v4), port) => write!(f, "{v4}:{port}"),
            Self::Ip(IpAddr::V6(v6), port) => write!(f, "[{v6}]:{port}"),
            Self::Unix(path) => write!(f, "unix:{path}"),
            Self::Abstract(name) => write!(f, "unix:@{}", crate::path::escape(name)),
            Self::Netlink(protocol) => write!(f, "netlink:{protocol}"),
            Self::Other(family) => f.write_str(family),
        }
    }
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fail = || format!("`{text}` is not a socket address");
        if let Some(name) = text.strip_prefix("unix:@") {
            return crate::path::unescape(name)
                .map(Self::Abstract)
                .map_err(|_| fail());
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return path.parse().map(Self::Unix).map_err(|_| fail());
        }
        if let Some(protocol) = text.strip_prefix("netlink:") {
            return protocol.parse().map(Self::Netlink).map_err(|_| fail());
        }
        if let Ok(address) = text.parse::<std::net::SocketAddr>() {
            return Ok(Self::Ip(address.ip(), address.port()));
        }
        let family = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        (!text.is_empty() && text.bytes().all(family))
            .then(|| Self::Other(text.to_owned()))
            .ok_or_else(fail)
    }
}

/// Serde through the text form, for types whose text form is canonical.
macro_rules! serde_as_text {
    ($($type:ty),*) => { $(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(|_| {
                    serde::de::Error::invalid_value(
                        serde::de::Unexpected::Str(&text),
                        &stringify!($type),
                    )
                })
            }
        }
    )* };
}

serde_as_text!(Address, Capability, SyscallName);
