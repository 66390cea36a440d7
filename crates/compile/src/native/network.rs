//! Sockets and ports: what of a policy's network grants the socket filter and Landlock can hold.

use ringfence_policy::grant::{Endpoint, Grant, PeerAddress, Protocol};

use super::argument::SocketKind;

const UNIX: u32 = 1;
const INET: u32 = 2;
const INET6: u32 = 10;
const NETLINK: u32 = 16;
const STREAM: u32 = 1;
const DATAGRAM: u32 = 2;
const RAW: u32 = 3;
const SEQPACKET: u32 = 5;
const IP_TCP: u32 = 6;
const IP_UDP: u32 = 17;
const IP_SCTP: u32 = 132;

/// As many ports as are worth a Landlock rule each.
const MOST_PORTS: usize = 4096;

/// Whether a grant needs the host's network: then there is no network namespace.
pub(crate) fn needs_host_network(grant: &Grant) -> bool {
    matches!(
        grant,
        Grant::Bind(_)
            | Grant::Connect(_)
            | Grant::Dns
            | Grant::Netlink(_)
            | Grant::Family(_)
            | Grant::Peer(PeerAddress::Abstract(_))
            | Grant::Listen(PeerAddress::Abstract(_))
    )
}

/// The sockets that a grant needs.
pub(crate) fn sockets(grant: &Grant) -> Vec<SocketKind> {
    match grant {
        Grant::Bind(endpoint) | Grant::Connect(endpoint) => of_protocol(endpoint.protocol),
        Grant::Dns => [of_protocol(Protocol::Udp), of_protocol(Protocol::Tcp)].concat(),
        Grant::Netlink(protocol) => vec![kind(NETLINK, None, Some(protocol.number()))],
        Grant::Peer(_) | Grant::Listen(_) => vec![kind(UNIX, None, None)],
        Grant::Family(name) => family(name)
            .map(|number| kind(number, None, None))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// A pair of Unix sockets reaches nobody but its maker's children, so everyone may have one.
pub(super) const PAIRS: &[SocketKind] = &[kind(UNIX, None, None)];

const fn kind(family: u32, kind: Option<u32>, protocol: Option<u32>) -> SocketKind {
    SocketKind {
        family,
        kind,
        protocol,
    }
}

fn of_protocol(protocol: Protocol) -> Vec<SocketKind> {
    let pairs: &[(u32, Option<u32>)] = match protocol {
        Protocol::Tcp => &[(STREAM, Some(0)), (STREAM, Some(IP_TCP))],
        Protocol::Udp => &[(DATAGRAM, Some(0)), (DATAGRAM, Some(IP_UDP))],
        Protocol::Sctp => &[(STREAM, Some(IP_SCTP)), (SEQPACKET, Some(IP_SCTP))],
        Protocol::Raw => &[(RAW, None)],
    };
    [INET, INET6]
        .into_iter()
        .flat_map(|family| pairs.iter().map(move |(t, p)| kind(family, Some(*t), *p)))
        .collect()
}

/// The number of a family that has no grant of its own; see address_families(7).
pub(super) fn family(name: &str) -> Option<u32> {
    let number = match name {
        "unix" => UNIX,
        "inet" => INET,
        "inet6" => INET6,
        "netlink" => NETLINK,
        "ax25" => 3,
        "ipx" => 4,
        "appletalk" => 5,
        "key" => 15,
        "packet" => 17,
        "rds" => 21,
        "pppox" => 24,
        "llc" => 26,
        "ib" => 27,
        "mpls" => 28,
        "can" => 29,
        "tipc" => 30,
        "bluetooth" => 31,
        "alg" => 38,
        "nfc" => 39,
        "vsock" => 40,
        "kcm" => 41,
        "qipcrtr" => 42,
        "smc" => 43,
        "xdp" => 44,
        _ => return name.parse().ok(),
    };
    Some(number)
}

/// The ports of these endpoints, `None` when there are too many to name.
pub(super) fn ports<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Option<Vec<u16>> {
    let mut all = std::collections::BTreeSet::new();
    for endpoint in endpoints {
        if usize::from(endpoint.ports.last - endpoint.ports.first) >= MOST_PORTS {
            return None;
        }
        all.extend(endpoint.ports.first..=endpoint.ports.last);
    }
    (all.len() <= MOST_PORTS).then(|| all.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        text.parse().unwrap()
    }

    #[test]
    fn ports_are_named_until_they_are_too_many() {
        let few = [endpoint("tcp:80"), endpoint("tcp:8000-8002")];
        assert_eq!(ports(few.iter()), Some(vec![80, 8000, 8001, 8002]));
        assert_eq!(ports([endpoint("tcp:any")].iter()), None);
        assert_eq!(ports([].iter()), Some(Vec::new()));
    }

    #[test]
    fn a_tcp_grant_makes_no_datagram_socket() {
        let kinds = sockets(&"net.bind tcp:80".parse().unwrap());
        assert!(kinds.iter().all(|kind| kind.kind == Some(STREAM)));
        assert_eq!(kinds.len(), 4);
    }

    #[test]
    fn an_unknown_family_needs_its_number() {
        assert_eq!(family("packet"), Some(17));
        assert_eq!(family("45"), Some(45));
        assert_eq!(family("nonsense"), None);
    }
}
