//! Sockets and addresses.

use std::collections::BTreeSet;

use ringfence_policy::grant::{Endpoint, Grant, Host, PeerAddress, Protocol};
use ringfence_policy::manifest::Kind;

use crate::coverage::Status;
use crate::native::network::{needs_host_network, sockets};

use super::draft::Draft;

/// Where clouds give a machine its credentials.
const METADATA: [&str; 2] = ["169.254.169.254", "fd00:ec2::254"];

pub(super) fn put(draft: &mut Draft<'_>) {
    let shares = draft.policy.expanded().any(needs_host_network);
    draft.group(if shares { "net" } else { "no net grant" });
    if shares {
        draft.permit("PrivateNetwork", "no");
    } else {
        draft.deny("PrivateNetwork", "yes");
    }
    families(draft);
    addresses(draft);
    binds(draft);
}

fn families(draft: &mut Draft<'_>) {
    let mut names: BTreeSet<String> = draft
        .policy
        .expanded()
        .flat_map(sockets)
        .filter_map(|kind| family(kind.family).map(str::to_owned))
        .collect();
    if notifies(draft) || is_on_bus(draft) {
        names.insert("AF_UNIX".to_owned());
    }
    if names.is_empty() && draft.target.version >= 249 {
        draft.deny("RestrictAddressFamilies", "none");
    } else if names.is_empty() {
        draft.put("RestrictAddressFamilies", "AF_UNIX");
        draft.record(
            "restrict-address-families",
            Status::Wider("AF_UNIX is left: `none` came with systemd 249".to_owned()),
        );
    } else {
        let names: Vec<_> = names.into_iter().collect();
        draft.deny("RestrictAddressFamilies", names.join(" "));
    }
}

/// Whether the service talks to the service manager.
pub(super) fn notifies(draft: &Draft<'_>) -> bool {
    match draft.packaged {
        Some(unit) => unit.notifies(),
        None => draft.manifest.service.kind == Kind::Notify,
    }
}

/// Whether the service takes a name on the bus to say that it is ready.
pub(super) fn is_on_bus(draft: &Draft<'_>) -> bool {
    match draft.packaged {
        Some(unit) => unit.last("Type") == Some("dbus"),
        None => draft.manifest.service.kind == Kind::Dbus,
    }
}

/// The name of a family in `RestrictAddressFamilies=`; see address_families(7).
fn family(number: u32) -> Option<&'static str> {
    Some(match number {
        1 => "AF_UNIX",
        2 => "AF_INET",
        3 => "AF_AX25",
        4 => "AF_IPX",
        5 => "AF_APPLETALK",
        10 => "AF_INET6",
        15 => "AF_KEY",
        16 => "AF_NETLINK",
        17 => "AF_PACKET",
        21 => "AF_RDS",
        24 => "AF_PPPOX",
        26 => "AF_LLC",
        27 => "AF_IB",
        28 => "AF_MPLS",
        29 => "AF_CAN",
        30 => "AF_TIPC",
        31 => "AF_BLUETOOTH",
        38 => "AF_ALG",
        39 => "AF_NFC",
        40 => "AF_VSOCK",
        41 => "AF_KCM",
        42 => "AF_QIPCRTR",
        43 => "AF_SMC",
        44 => "AF_XDP",
        _ => return None,
    })
}

/// Which addresses the policy reaches, in either direction: systemd knows one list for both.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Every address, and whether the service may speak to it first.
    Any {
        /// It may.
        first: bool,
    },
    /// These networks, as `IPAddressAllow=` takes them.
    Only(BTreeSet<String>),
}

/// What the policy's endpoints come to.
pub(super) fn reach(draft: &Draft<'_>) -> Reach {
    let mut only = BTreeSet::new();
    let mut any = false;
    let mut first = false;
    for grant in draft.policy.expanded() {
        match grant {
            // Peers of a socket on another address than the loopback's can be anywhere.
            Grant::Bind(endpoint) => match network(&endpoint.host) {
                Some(word) if is_loopback(&word) => drop(only.insert(word)),
                _ => any = true,
            },
            Grant::Connect(endpoint) => {
                let network = network(&endpoint.host);
                first |= network.is_none();
                only.extend(network);
            }
            Grant::Dns if asks_itself(draft) => drop(only.insert("127.0.0.0/8".to_owned())),
            // Where the resolver is, only the host knows.
            Grant::Dns => first = true,
            _ => {}
        }
    }
    if any || first {
        Reach::Any { first }
    } else {
        Reach::Only(only)
    }
}

/// Names the resolvers; see resolv.conf(5).
pub(super) const RESOLVERS: &str = "/etc/resolv.conf";

/// The resolvers when systemd-resolved answers on the loopback.
const STUB: &str = "/run/systemd/resolve/stub-resolv.conf";

/// Whether the resolver is known to be on the loopback.
pub(super) fn asks_itself(draft: &Draft<'_>) -> bool {
    draft.target.links.iter().any(|(link, to)| {
        link.as_bytes() == RESOLVERS.as_bytes() && to.as_bytes() == STUB.as_bytes()
    })
}

fn network(host: &Host) -> Option<String> {
    match host {
        Host::Net { address, prefix } => Some(format!("{address}/{prefix}")),
        Host::Any | Host::Name(_) => None,
    }
}

fn is_loopback(word: &str) -> bool {
    word.starts_with("127.") || word == "::1/128"
}

fn addresses(draft: &mut Draft<'_>) {
    draft.clear("IPAddressAllow");
    match reach(draft) {
        Reach::Any { first: true } => draft.clear("IPAddressDeny"),
        // A server that speaks to everybody who asks never asks there.
        Reach::Any { first: false } => {
            let worth = draft.put("IPAddressDeny", METADATA.join(" "));
            draft.record("cloud-metadata", worth);
        }
        Reach::Only(words) => {
            draft.deny("IPAddressDeny", "any");
            let loopback = words.iter().any(|word| is_loopback(word));
            let mut allowed: Vec<_> = words
                .into_iter()
                .filter(|word| !is_loopback(word))
                .collect();
            if loopback {
                // A client of a loopback socket may have any address of the loopback.
                allowed.insert(0, "localhost".to_owned());
            }
            draft.put_list("IPAddressAllow", allowed);
        }
    }
}

fn binds(draft: &mut Draft<'_>) {
    draft.clear("SocketBindAllow");
    let endpoints: Vec<_> = draft
        .policy
        .expanded()
        .filter_map(|grant| match grant {
            Grant::Bind(endpoint) => Some(endpoint.clone()),
            _ => None,
        })
        .collect();
    // Raw sockets and SCTP are not told apart by port there, and never denied.
    let words: BTreeSet<_> = endpoints.iter().filter_map(bind_word).collect();
    draft.deny("SocketBindDeny", "any");
    // One a line is all that it takes.
    for word in words {
        draft.put("SocketBindAllow", word);
    }
}

fn bind_word(endpoint: &Endpoint) -> Option<String> {
    let protocol = match endpoint.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp | Protocol::Raw => return None,
    };
    let family = match &endpoint.host {
        Host::Net { address, .. } if address.is_ipv4() => "ipv4:",
        _ => "",
    };
    let (first, last) = (endpoint.ports.first, endpoint.ports.last);
    // systemd takes no port 0, which asks for a free one: only leaving the port out allows it.
    Some(match (first, last) {
        (0, _) => format!("{family}{protocol}"),
        _ if first == last => format!("{family}{protocol}:{first}"),
        _ => format!("{family}{protocol}:{first}-{last}"),
    })
}

/// How exactly an endpoint is granted.
pub(super) fn status(endpoint: &Endpoint, bind: bool, draft: &Draft<'_>) -> Status {
    use super::directive::directive;
    let worth = |key| directive(key).map_or(Status::Exact, |own| own.worth(draft.target));
    if let Host::Name(name) = &endpoint.host {
        return Status::Extern(format!(
            "every address: no control of systemd's knows names; resolve {name} into a set of nftables, \
             or go through a broker"
        ));
    }
    if !bind {
        let every_port = endpoint.ports == ringfence_policy::grant::Ports::ANY;
        return match (&endpoint.host, reach(draft)) {
            (Host::Any, _) if every_port => Status::Exact,
            (Host::Any, _) => {
                Status::Wider("every port: systemd cannot tell ports of peers apart".to_owned())
            }
            (_, Reach::Any { .. }) => Status::Wider(
                "every address and port: another grant needs every address, and there is one list for \
                 both directions"
                    .to_owned(),
            ),
            (_, Reach::Only(_)) => match worth("IPAddressDeny") {
                Status::Exact => Status::Wider(
                    "every port there, and connections from there: the list holds for both directions"
                        .to_owned(),
                ),
                other => Status::Wider(format!("every address and port: {}", other.why())),
            },
        };
    }
    if matches!(endpoint.protocol, Protocol::Sctp | Protocol::Raw) {
        return Status::Wider(format!(
            "every port: SocketBindAllow= knows no {}",
            endpoint.protocol.word()
        ));
    }
    match worth("SocketBindDeny") {
        Status::Exact => match &endpoint.host {
            _ if endpoint.ports.first == 0 => {
                Status::Wider("every port: port 0 cannot be told from the others".to_owned())
            }
            Host::Any => Status::Exact,
            _ => Status::Wider(
                "the port at every address: SocketBindAllow= knows no addresses".to_owned(),
            ),
        },
        other => Status::Wider(format!("every port may be bound: {}", other.why())),
    }
}

/// Whether the abstract socket is out of reach of a private network.
pub(super) fn abstract_status(address: &PeerAddress) -> Option<Status> {
    matches!(address, PeerAddress::Abstract(_)).then(|| {
        Status::Wider(
            "every abstract socket of the host: systemd can only take away all, with the network"
                .to_owned(),
        )
    })
}
