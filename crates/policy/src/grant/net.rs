//! Endpoints: protocol, host and ports.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Transmission Control Protocol.
    Tcp,
    /// User Datagram Protocol.
    Udp,
    /// Stream Control Transmission Protocol.
    Sctp,
    /// `SOCK_RAW`: ports mean nothing and are written as `any`.
    Raw,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Self; 4] = [Self::Tcp, Self::Udp, Self::Sctp, Self::Raw];

    /// The word in an endpoint.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
            Self::Raw => "raw",
        }
    }
}

/// Whose address an endpoint has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// Every address of both families.
    Any,
    /// The addresses whose first `prefix` bits are those of `address`. Host bits are zero.
    Net {
        /// The network's address.
        address: IpAddr,
        /// How many leading bits count: up to 32 or 128.
        prefix: u8,
    },
    /// A host name. What it resolves to is not known here, so it covers only itself.
    Name(String),
}

impl Host {
    /// `127.0.0.0/8`.
    pub const LOOPBACK_V4: Self = Self::Net {
        address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)),
        prefix: 8,
    };

    /// A network with its host bits cleared; `None` when the prefix is longer than the address.
    pub fn net(address: IpAddr, prefix: u8) -> Option<Self> {
        let address = match address {
            IpAddr::V4(v4) if prefix <= 32 => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
            }
            IpAddr::V6(v6) if prefix <= 128 => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
            }
            _ => return None,
        };
        Some(Self::Net { address, prefix })
    }

    /// One address.
    pub fn single(address: IpAddr) -> Self {
        Self::Net {
            address,
            prefix: if address.is_ipv4() { 32 } else { 128 },
        }
    }

    /// Whether every address of `other` is one of this.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (
                Self::Net { prefix, .. },
                Self::Net {
                    address: inner,
                    prefix: longer,
                },
            ) => longer >= prefix && Self::net(*inner, *prefix).as_ref() == Some(self),
            _ => self == other,
        }
    }
}

/// A range of ports, both ends included. Port 0 in a bind asks the kernel for a free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ports {
    /// The first port.
    pub first: u16,
    /// The last port.
    pub last: u16,
}

impl Ports {
    /// Every port.
    pub const ANY: Self = Self {
        first: 0,
        last: u16::MAX,
    };

    /// One port.
    pub fn single(port: u16) -> Self {
        Self {
            first: port,
            last: port,
        }
    }

    /// Whether `other` lies within.
    pub fn covers(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// The ports in both.
    pub fn meet(self, other: Self) -> Option<Self> {
        let both = Self {
            first: self.first.max(other.first),
            last: self.last.min(other.last),
        };
        (both.first <= both.last).then_some(both)
    }
}

/// Protocol, host and ports: `tcp:10.0.0.0/8:22`, `udp:any:53`, `tcp:[::1]/128:80`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The transport.
    pub protocol: Protocol,
    /// For a bind the local address, for a connect the remote one.
    pub host: Host,
    /// The ports.
    pub ports: Ports,
}

impl Endpoint {
    /// Whether every endpoint of `other` is one of this.
    pub fn covers(&self, other: &Self) -> bool {
        self.protocol == other.protocol
            && self.host.covers(&other.host)
            && self.ports.covers(other.ports)
    }

    /// The endpoints in both.
    pub fn meet(&self, other: &Self) -> Option<Self> {
        let host = if self.host.covers(&other.host) {
            other.host.clone()
        } else if other.host.covers(&self.host) {
            self.host.clone()
        } else {
            return None;
        };
        let ports = self.ports.meet(other.ports)?;
        (self.protocol == other.protocol).then_some(Self {
            protocol: self.protocol,
            host,
            ports,
        })
    }
}

/// A netlink protocol by the name of its constant in netlink(7), without `NETLINK_`, in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetlinkProtocol {
    /// Routes, links and addresses; the C library asks it for the host's addresses.
    Route,
    /// Socket monitoring.
    SockDiag,
    /// Audit.
    Audit,
    /// Kernel events.
    KobjectUevent,
    /// Netfilter.
    Netfilter,
    /// Generic netlink.
    Generic,
}

impl NetlinkProtocol {
    /// Every protocol with a name here.
    pub const ALL: [Self; 6] = [
        Self::Route,
        Self::SockDiag,
        Self::Audit,
        Self::KobjectUevent,
        Self::Netfilter,
        Self::Generic,
    ];

    /// The third argument of socket(2).
    pub fn number(self) -> u32 {
        match self {
            Self::Route => 0,
            Self::SockDiag => 4,
            Self::Audit => 9,
            Self::Netfilter => 12,
            Self::KobjectUevent => 15,
            Self::Generic => 16,
        }
    }

    /// The word in the manifest.
    pub fn word(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::SockDiag => "sock_diag",
            Self::Audit => "audit",
            Self::KobjectUevent => "kobject_uevent",
            Self::Netfilter => "netfilter",
            Self::Generic => "generic",
        }
    }
}
