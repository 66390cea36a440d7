//! Socket addresses as the kernel gets them, and the words for families and types.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ringfence_policy::trace::SocketKind;

/// An address before its Unix path is resolved.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RawAddress {
    /// IPv4 or IPv6; v4-mapped is IPv4.
    Ip(IpAddr, u16),
    /// A path as it was given.
    Path(Vec<u8>),
    /// An abstract name.
    Abstract(Vec<u8>),
    /// Netlink.
    Netlink,
    /// `AF_UNSPEC`, or a Unix address without a name.
    None,
    /// Another family.
    Other(u16),
}

const UNSPEC: u16 = 0;
const UNIX: u16 = 1;
const INET: u16 = 2;
const INET6: u16 = 10;
const NETLINK: u16 = 16;

/// Reads a `struct sockaddr`; `None` when it is too short for its family.
pub fn parse(raw: &[u8]) -> Option<RawAddress> {
    let family = u16::from_ne_bytes(raw.get(..2)?.try_into().ok()?);
    let port = || Some(u16::from_be_bytes(raw.get(2..4)?.try_into().ok()?));
    Some(match family {
        UNSPEC => RawAddress::None,
        UNIX => match raw.get(2..)? {
            [] => RawAddress::None,
            [0, name @ ..] => RawAddress::Abstract(name.to_vec()),
            path => {
                let end = path.iter().position(|byte| *byte == 0);
                RawAddress::Path(path.get(..end.unwrap_or(path.len()))?.to_vec())
            }
        },
        INET => {
            let octets: [u8; 4] = raw.get(4..8)?.try_into().ok()?;
            RawAddress::Ip(Ipv4Addr::from(octets).into(), port()?)
        }
        INET6 => {
            let octets: [u8; 16] = raw.get(8..24)?.try_into().ok()?;
            RawAddress::Ip(Ipv6Addr::from(octets).to_canonical(), port()?)
        }
        NETLINK => RawAddress::Netlink,
        other => RawAddress::Other(other),
    })
}

/// By the number of `AF_*`.
const FAMILIES: [&str; 46] = [
    "unspec",
    "unix",
    "inet",
    "ax25",
    "ipx",
    "appletalk",
    "netrom",
    "bridge",
    "atmpvc",
    "x25",
    "inet6",
    "rose",
    "decnet",
    "netbeui",
    "security",
    "key",
    "netlink",
    "packet",
    "ash",
    "econet",
    "atmsvc",
    "rds",
    "sna",
    "irda",
    "pppox",
    "wanpipe",
    "llc",
    "ib",
    "mpls",
    "can",
    "tipc",
    "bluetooth",
    "iucv",
    "rxrpc",
    "isdn",
    "phonet",
    "ieee802154",
    "caif",
    "alg",
    "nfc",
    "vsock",
    "kcm",
    "qipcrtr",
    "smc",
    "xdp",
    "mctp",
];

/// The word for a family, or its number.
pub fn family(number: u64) -> String {
    usize::try_from(number)
        .ok()
        .and_then(|index| FAMILIES.get(index))
        .map_or_else(|| number.to_string(), |name| (*name).to_owned())
}

/// The type in the second argument of socket(2), flags and all.
pub fn kind(number: u64) -> SocketKind {
    match number & 0xf {
        1 => SocketKind::Stream,
        2 => SocketKind::Datagram,
        3 => SocketKind::Raw,
        5 => SocketKind::SeqPacket,
        _ => SocketKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_address_is_the_ipv4_address_it_means() {
        let mut raw = vec![10, 0, 0x1f, 0x90, 0, 0, 0, 0];
        raw.extend(Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets());
        raw.extend([0; 4]);
        assert_eq!(
            parse(&raw),
            Some(RawAddress::Ip(Ipv4Addr::LOCALHOST.into(), 8080))
        );
    }

    #[test]
    fn unix_names_end_at_nul_and_abstract_ones_do_not() {
        assert_eq!(
            parse(b"\x01\0/run/x\0y"),
            Some(RawAddress::Path(b"/run/x".to_vec()))
        );
        assert_eq!(
            parse(b"\x01\0\0a\0b"),
            Some(RawAddress::Abstract(b"a\0b".to_vec()))
        );
        assert_eq!(parse(b"\x01\0"), Some(RawAddress::None));
        assert_eq!(parse(b"\x02\0\0"), None);
    }

    #[test]
    fn families_have_the_names_of_their_constants() {
        assert_eq!(family(16), "netlink");
        assert_eq!(family(40), "vsock");
        assert_eq!(family(45), "mctp");
        assert_eq!(family(99), "99");
    }
}
