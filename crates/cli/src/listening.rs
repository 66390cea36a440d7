//! Whether something listens on a port, as the kernel's own tables say: to ask by connecting would be seen
//! by the service, and counted.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;

/// The tables of proc_net(5), and the state a socket has in each when it waits for clients: `TCP_LISTEN`,
/// and for UDP `TCP_CLOSE`, which is a socket that is bound and not connected.
const TABLES: [(&str, &str); 4] = [
    ("/proc/net/tcp", "0A"),
    ("/proc/net/tcp6", "0A"),
    ("/proc/net/udp", "07"),
    ("/proc/net/udp6", "07"),
];

/// Whether each of these endpoints' ports is waited on.
pub fn all(endpoints: &BTreeSet<SocketAddr>) -> bool {
    let ports: BTreeSet<u16> = TABLES
        .iter()
        .flat_map(|(table, state)| {
            // A kernel without IPv6 has no table for it.
            let text = fs::read_to_string(table).unwrap_or_default();
            ports(&text, state)
        })
        .collect();
    endpoints
        .iter()
        .all(|endpoint| ports.contains(&endpoint.port()))
}

/// The local ports of the sockets in this state.
fn ports(table: &str, state: &str) -> Vec<u16> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (local, _, own) = (words.next()?, words.next()?, words.next()?);
            let port = u16::from_str_radix(local.rsplit(':').next()?, 16).ok()?;
            (own == state).then_some(port)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, UdpSocket};

    #[test]
    fn only_ports_that_are_waited_on_count() {
        let (tcp, udp) = (
            TcpListener::bind("127.0.0.1:0").unwrap(),
            UdpSocket::bind("[::1]:0").unwrap(),
        );
        let both = BTreeSet::from([tcp.local_addr().unwrap(), udp.local_addr().unwrap()]);
        assert!(all(&both));
        drop(tcp);
        assert!(!all(&both));
    }

    #[test]
    fn the_table_is_read_by_column() {
        let table = "  sl  local_address rem_address   st tx_queue\n\
                     \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n\
                     \x20  1: 0100007F:1F91 0100007F:0050 01 00000000:00000000\n";
        assert_eq!(ports(table, "0A"), [8080]);
    }
}
