//! One allowed thing: `kind object [mode]`, in canonical form.
//!
//! Grants are partially ordered: `a.covers(b)` when allowing `a` allows `b` too. Two grants meet in the
//! finitely many grants that together allow exactly what both allow. A [`Policy`](crate::policy::Policy)
//! is built from these two alone.

mod bundle;
mod files;
mod identity;
mod net;
mod peer;
mod process;
mod resource;
mod text;

pub use bundle::Bundle;
pub use files::{DeviceAccess, DirectoryKind, FileAccess};
pub use identity::User;
pub use net::{Endpoint, Host, NetlinkProtocol, Ports, Protocol};
pub use peer::PeerAddress;
pub use process::{Capability, Namespace, Privilege, SyscallName};
pub use resource::{Amount, Resource};
pub use text::GrantError;

use crate::pattern::PathPattern;

/// One allowed thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Grant {
    /// `service.user NAME`: the identity the service starts with.
    User(User),
    /// `service.drops_to NAME`: an identity a service started as root may take.
    DropsTo(String),
    /// `service.group NAME`: a supplementary group.
    Group(String),
    /// `files.read|append|write|exec PATH`: the path and everything beneath.
    File(FileAccess, PathPattern),
    /// `files.use NAME`: a named bundle of files.
    Use(Bundle),
    /// `files.device PATH r|w|rw`.
    Device(DeviceAccess, PathPattern),
    /// `dirs.state|cache|logs|runtime NAME`: a directory of the service's own, below the usual place.
    Directory(DirectoryKind, String),
    /// `dirs.private PATH`: an empty directory that only this service sees, gone when it stops.
    Private(PathPattern),
    /// `net.bind PROTOCOL:HOST:PORT`.
    Bind(Endpoint),
    /// `net.connect PROTOCOL:HOST:PORT`.
    Connect(Endpoint),
    /// `net.dns`: ask the host's resolver.
    Dns,
    /// `net.netlink PROTOCOL`: a netlink socket.
    Netlink(NetlinkProtocol),
    /// `net.family NAME`: a socket family that has no grant of its own (`packet`, `vsock`, ...).
    Family(String),
    /// `peer.unix PATH|@NAME`: connect to this Unix socket.
    Peer(PeerAddress),
    /// `listen.unix PATH|@NAME`: serve this Unix socket.
    Listen(PeerAddress),
    /// `process.capability CAP_NAME`.
    Capability(Capability),
    /// `process.syscall NAME`.
    Syscall(SyscallName),
    /// `process.namespace KIND`: create namespaces of this kind.
    Namespace(Namespace),
    /// `process.NAME`, `proc.NAME`, `kernel.NAME`: a privilege without an object.
    Privilege(Privilege),
    /// `resources.NAME AMOUNT`.
    Resource(Resource, Amount),
    /// `secret NAME`: the service is given this secret.
    Secret(String),
}

impl Grant {
    /// Whether allowing this grant allows `other` too.
    pub fn covers(&self, other: &Self) -> bool {
        use Grant::{Bind, Connect, Device, File, Listen, Peer, Private, Resource, Use, User};
        match (self, other) {
            (User(a), User(b)) => a.covers(b),
            (File(a, at), File(b, on)) => a.covers(*b) && at.covers(on),
            (Device(a, at), Device(b, on)) => a.covers(*b) && at.covers(on),
            (Use(a), Use(b)) => a == b,
            (Use(bundle), _) => bundle.grants().iter().any(|member| member.covers(other)),
            (Private(at), Private(on)) => at.covers(on),
            (Bind(a), Bind(b)) | (Connect(a), Connect(b)) => a.covers(b),
            (Peer(a), Peer(b)) | (Listen(a), Listen(b)) => a.covers(b),
            (Resource(a, high), Resource(b, low)) => a == b && high >= low,
            _ => self == other,
        }
    }

    /// The grants that together allow exactly what both allow.
    pub fn meet(&self, other: &Self) -> Vec<Self> {
        use Grant::{Bind, Connect, Device, File, Listen, Peer, Private, Resource, Use, User};
        if self.covers(other) {
            return vec![other.clone()];
        }
        if other.covers(self) {
            return vec![self.clone()];
        }
        match (self, other) {
            (User(a), User(b)) => vec![User(a.meet(b))],
            (File(a, at), File(b, on)) => both(a.meet(*b), at.meet(on), File),
            (Device(a, at), Device(b, on)) => both(a.meet(*b), at.meet(on), Device),
            (Private(at), Private(on)) => at.meet(on).into_iter().map(Private).collect(),
            (Use(bundle), x) | (x, Use(bundle)) => bundle
                .grants()
                .iter()
                .flat_map(|member| member.meet(x))
                .collect(),
            (Bind(a), Bind(b)) => a.meet(b).map(Bind).into_iter().collect(),
            (Connect(a), Connect(b)) => a.meet(b).map(Connect).into_iter().collect(),
            (Peer(a), Peer(b)) => a.meet(b).into_iter().map(Peer).collect(),
            (Listen(a), Listen(b)) => a.meet(b).into_iter().map(Listen).collect(),
            (Resource(a, high), Resource(b, low)) if a == b => {
                vec![Resource(*a, *high.min(low))]
            }
            _ => Vec::new(),
        }
    }

    /// A grant to do `access` on `path` and everything beneath.
    pub fn file(access: FileAccess, path: &crate::path::AbsPath) -> Self {
        Self::File(access, PathPattern::from(path))
    }
}

fn both<A: Copy>(
    access: Option<A>,
    patterns: Vec<PathPattern>,
    make: impl Fn(A, PathPattern) -> Grant,
) -> Vec<Grant> {
    access.map_or_else(Vec::new, |a| {
        patterns.into_iter().map(|p| make(a, p)).collect()
    })
}
