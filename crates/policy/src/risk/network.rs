//! The risk of sockets.

use std::net::IpAddr;

use super::Risk;
use crate::grant::{Endpoint, Host, NetlinkProtocol, PeerAddress, Ports, Protocol};

/// Sockets whose clients can do what root can.
const ROOT_PEERS: [&str; 8] = [
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/systemd/private",
    "/var/lib/lxd/unix.socket",
    "/var/lib/incus/unix.socket",
];

fn is_loopback(host: &Host) -> bool {
    matches!(host, Host::Net { address, prefix } if address.is_loopback() && *prefix >= 8)
}

fn is_single(host: &Host) -> bool {
    match host {
        Host::Any => false,
        Host::Net {
            address: IpAddr::V4(_),
            prefix,
        } => *prefix == 32,
        Host::Net { prefix, .. } => *prefix == 128,
        Host::Name(_) => true,
    }
}

pub(super) fn bind(endpoint: &Endpoint) -> Risk {
    if endpoint.protocol == Protocol::Raw {
        return Risk::new(7, "can read every packet of a protocol and forge answers");
    }
    match &endpoint.host {
        host if is_loopback(host) => {
            Risk::new(1, format!("can serve {endpoint} to programs on this host"))
        }
        _ if endpoint.ports == Ports::ANY => {
            Risk::new(4, format!("can serve any port: {endpoint}"))
        }
        _ => Risk::new(
            2,
            format!("can serve {endpoint} to whoever reaches the host"),
        ),
    }
}

pub(super) fn connect(endpoint: &Endpoint) -> Risk {
    if endpoint.protocol == Protocol::Raw {
        return Risk::new(7, format!("can send forged packets: {endpoint}"));
    }
    let any_port = endpoint.ports == Ports::ANY;
    match &endpoint.host {
        host if is_loopback(host) && !any_port => {
            Risk::new(3, format!("can reach {endpoint} on this host"))
        }
        host if is_loopback(host) => Risk::new(
            5,
            "can reach every service that trusts this host's loopback",
        ),
        Host::Any if any_port => Risk::new(
            8,
            format!("can reach every machine on every port: {endpoint}"),
        ),
        Host::Any => Risk::new(
            6,
            format!("can reach any machine and carry data out: {endpoint}"),
        ),
        host if is_single(host) => Risk::new(4, format!("can reach {endpoint}")),
        _ => Risk::new(5, format!("can reach a whole network: {endpoint}")),
    }
}

pub(super) fn netlink(protocol: NetlinkProtocol) -> Risk {
    match protocol {
        NetlinkProtocol::Route => Risk::new(2, "can read the host's addresses and routes"),
        NetlinkProtocol::SockDiag => Risk::new(3, "can list every socket on the host"),
        NetlinkProtocol::KobjectUevent => Risk::new(3, "can watch devices come and go"),
        NetlinkProtocol::Generic => Risk::new(4, "can reach many parts of the kernel"),
        NetlinkProtocol::Audit => Risk::new(6, "can reach the kernel's audit"),
        NetlinkProtocol::Netfilter => Risk::new(
            7,
            "can reach the firewall, a frequent source of kernel bugs",
        ),
    }
}

pub(super) fn family(name: &str) -> Risk {
    match name {
        "inet" | "inet6" => Risk::new(1, format!("can make {name} sockets, without an address")),
        "packet" => Risk::new(8, "can read and forge every packet on the wire"),
        "alg" => Risk::new(
            4,
            "can use the kernel's ciphers, a past source of kernel bugs",
        ),
        "vsock" => Risk::new(6, "can reach the hypervisor and other guests"),
        _ => Risk::new(
            5,
            format!("can reach the kernel's {name} code, which few programs test"),
        ),
    }
}

pub(super) fn peer(address: &PeerAddress) -> Risk {
    let PeerAddress::Path(path) = address else {
        return Risk::new(4, format!("can ask whoever serves {address}"));
    };
    let reaches = |places: &[&str]| {
        places
            .iter()
            .any(|place| place.parse().is_ok_and(|place| path.covers(&place)))
    };
    if reaches(&ROOT_PEERS) {
        return Risk::new(10, format!("can do what root can through {address}"));
    }
    if reaches(&[
        "/run/dbus/system_bus_socket",
        "/var/run/dbus/system_bus_socket",
    ]) {
        return Risk::new(
            6,
            format!("can call every service on the system bus through {address}"),
        );
    }
    if reaches(&[
        "/run/nscd/socket",
        "/var/run/nscd/socket",
        "/run/systemd/notify",
        "/dev/log",
        "/run/systemd/journal/dev-log",
        "/run/systemd/journal/socket",
        "/run/systemd/journal/stdout",
    ]) {
        return Risk::new(
            1,
            format!("can talk to a service made for everyone: {address}"),
        );
    }
    Risk::new(4, format!("can ask whoever serves {address}"))
}
