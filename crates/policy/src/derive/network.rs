//! Folding of endpoints: many clients' ports, many remote hosts, the host's resolver.

use std::collections::{BTreeMap, BTreeSet};

use super::select::Selection;
use crate::grant::{Endpoint, Grant, Host, Ports, Protocol};

/// More hosts than this on one port, or more ports than this on one host, become all of them.
const MANY: usize = 4;
/// Ports below this need a privilege, so the kernel never hands them out by itself.
const FIRST_FREE_PORT: u16 = 1024;
const DNS_PORT: u16 = 53;

pub(super) fn fold(selection: &mut Selection) {
    resolver(selection);
    remote_hosts(selection);
    local_ports(selection);
    unneeded_families(selection);
}

fn connects(selection: &Selection) -> impl Iterator<Item = &Endpoint> {
    selection.needs.iter().filter_map(|need| match need {
        Grant::Connect(endpoint) => Some(endpoint),
        _ => None,
    })
}

fn binds(selection: &Selection) -> impl Iterator<Item = &Endpoint> {
    selection.needs.iter().filter_map(|need| match need {
        Grant::Bind(endpoint) => Some(endpoint),
        _ => None,
    })
}

/// Port 53 is the host's resolver, unless the service is a name server itself or asks many of them.
fn resolver(selection: &mut Selection) {
    let dns = Ports::single(DNS_PORT);
    let serves_names = binds(selection).any(|endpoint| endpoint.ports == dns);
    let asked: BTreeSet<_> = connects(selection)
        .filter(|endpoint| endpoint.ports == dns)
        .cloned()
        .collect();
    let hosts: BTreeSet<_> = asked.iter().map(|endpoint| &endpoint.host).collect();
    if serves_names || hosts.is_empty() || hosts.len() > MANY {
        return;
    }
    for endpoint in asked {
        selection.needs.remove(&Grant::Connect(endpoint));
    }
    selection.needs.insert(Grant::Dns);
}

fn is_loopback(host: &Host) -> bool {
    matches!(host, Host::Net { address, .. } if address.is_loopback())
}

/// Many remote hosts on one port are any host on that port. Loopback stays what it is: a health check of
/// the own port does not make the world reachable.
fn remote_hosts(selection: &mut Selection) {
    let mut by_port: BTreeMap<(Protocol, Ports), BTreeSet<Endpoint>> = BTreeMap::new();
    for endpoint in connects(selection).filter(|endpoint| !is_loopback(&endpoint.host)) {
        by_port
            .entry((endpoint.protocol, endpoint.ports))
            .or_default()
            .insert(endpoint.clone());
    }
    for ((protocol, ports), seen) in by_port {
        if seen.len() > MANY {
            let any = Endpoint {
                protocol,
                host: Host::Any,
                ports,
            };
            selection.widen(
                Grant::Connect(any),
                seen.into_iter().map(Grant::Connect).collect(),
            );
        }
    }
}

/// Many unprivileged ports on one local address are chosen anew each time: the source ports of a
/// resolver, the data ports of a file server.
fn local_ports(selection: &mut Selection) {
    let mut by_host: BTreeMap<(Protocol, Host), BTreeSet<Endpoint>> = BTreeMap::new();
    for endpoint in binds(selection).filter(|endpoint| endpoint.ports.first >= FIRST_FREE_PORT) {
        by_host
            .entry((endpoint.protocol, endpoint.host.clone()))
            .or_default()
            .insert(endpoint.clone());
    }
    for ((protocol, host), seen) in by_host {
        if seen.len() > MANY {
            let free = Endpoint {
                protocol,
                host,
                ports: Ports {
                    first: FIRST_FREE_PORT,
                    last: u16::MAX,
                },
            };
            selection.widen(
                Grant::Bind(free),
                seen.into_iter().map(Grant::Bind).collect(),
            );
        }
    }
}

/// A socket that is bound or connected needs no word about its family.
fn unneeded_families(selection: &mut Selection) {
    let has_endpoint = selection
        .needs
        .iter()
        .any(|need| matches!(need, Grant::Bind(_) | Grant::Connect(_) | Grant::Dns));
    if has_endpoint {
        selection.needs.retain(
            |need| !matches!(need, Grant::Family(name) if name == "inet" || name == "inet6"),
        );
    }
}
