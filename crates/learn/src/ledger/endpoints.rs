//! Folds remote addresses: after so many hosts for a port it is any host, after so many ports any port.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ringfence_policy::trace::{Address, Fact, SocketKind};

/// Hosts told apart for one port, and ports for one family.
const HOSTS: usize = 64;
const PORTS: usize = 64;

#[derive(Debug, Default)]
pub struct Endpoints {
    hosts: HashMap<(bool, bool, SocketKind, u16), HashSet<IpAddr>>,
    ports: HashMap<(bool, bool, SocketKind), HashSet<u16>>,
}

impl Endpoints {
    /// The fact, with its address widened when there are too many; and whether it was.
    pub fn fold(&mut self, mut fact: Fact) -> (Fact, bool) {
        let (address, socket, remote) = match &mut fact {
            Fact::Connect {
                address, socket, ..
            } => (address, *socket, true),
            Fact::Bind {
                address, socket, ..
            }
            | Fact::Listen { address, socket }
            | Fact::Served { address, socket } => (address, *socket, false),
            _ => return (fact, false),
        };
        let Address::Ip(ip, port) = address else {
            return (fact, false);
        };
        let mut folded = false;
        let family = ip.is_ipv4();
        let ports = self.ports.entry((remote, family, socket)).or_default();
        if !ports.contains(port) {
            if ports.len() < PORTS {
                ports.insert(*port);
            } else {
                folded = *port != 0;
                *port = 0;
            }
        }
        let hosts = self
            .hosts
            .entry((remote, family, socket, *port))
            .or_default();
        if !hosts.contains(ip) {
            if hosts.len() < HOSTS {
                hosts.insert(*ip);
            } else {
                folded = folded || !ip.is_unspecified();
                *ip = match ip {
                    IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                    IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
                };
            }
        }
        (fact, folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_policy::trace::Outcome;

    #[test]
    fn a_crawler_connects_to_any_host_on_its_port() {
        let mut endpoints = Endpoints::default();
        let distinct: HashSet<Fact> = (0..10_000_u32)
            .map(|n| {
                endpoints
                    .fold(Fact::Connect {
                        address: Address::Ip(Ipv4Addr::from_bits(0x7f00_0001 + n).into(), 443),
                        socket: SocketKind::Stream,
                        peer: None,
                        outcome: Outcome::Done,
                    })
                    .0
            })
            .collect();
        assert_eq!(distinct.len(), HOSTS + 1);
    }
}
