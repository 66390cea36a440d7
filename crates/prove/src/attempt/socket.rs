//! Sockets: those of other services, and serving as if it were another service.
//!
//! Sockets of the host are connected to and closed again without a byte. Over the network only the
//! neighbor's listeners on the loopback device are connected to.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixStream};
use std::time::Duration;

use ringfence_policy::grant::{Endpoint, Grant, Host, PeerAddress, Ports, Protocol};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, ipproto, socket};

use super::Group::Exploited;
use super::file::each;
use super::{Attempt, Needs};
use crate::context::Context;
use crate::outcome::{How, Outcome};
use crate::survey::Candidate;

mod bus;

/// Long for the loopback device, short for a report.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) const ATTEMPTS: &[Attempt] = &[
    service(
        "docker-socket",
        "give orders to Docker, which is to be root",
    )
    .on(&["/run/docker.sock", "/var/run/docker.sock"]),
    service("container-sockets", "give orders to a container runtime").on(&[
        "/run/containerd/containerd.sock",
        "/run/podman/podman.sock",
        "/run/crio/crio.sock",
        "/run/user/*/podman/podman.sock",
        "/run/k3s/containerd/containerd.sock",
    ]),
    service("system-bus", "talk to the services on the system bus").on(&[
        "/run/dbus/system_bus_socket",
        "/var/run/dbus/system_bus_socket",
    ]),
    service("systemd-socket", "give orders to systemd").on(&[
        "/run/systemd/private",
        "/run/systemd/io.systemd.*",
        "/run/user/*/systemd/private",
    ]),
    service(
        "machine-sockets",
        "give orders to a manager of virtual machines or packages",
    )
    .on(&[
        "/run/libvirt/libvirt-sock",
        "/run/libvirt/virtqemud-sock",
        "/var/lib/lxd/unix.socket",
        "/var/lib/incus/unix.socket",
        "/run/snapd.socket",
        "/run/packagekit/*",
    ]),
    service(
        "database-sockets",
        "connect to the databases of other services",
    )
    .on(&[
        "/run/postgresql/.s.PGSQL.*",
        "/run/mysqld/mysqld.sock",
        "/run/mysqld/mysqlx.sock",
        "/run/redis/*.sock",
        "/run/redis/*.socket",
        "/run/memcached/*.sock",
        "/run/php/*.sock",
        "/run/mongodb/*.sock",
    ]),
    service("key-agents", "use the key agents of other users").on(&[
        "/tmp/ssh-*/agent.*",
        "/run/user/*/keyring/ssh",
        "/run/user/*/openssh_agent",
        "/run/user/*/gnupg/S.gpg-agent",
        "~/.gnupg/S.gpg-agent",
    ]),
    Attempt::new(
        LISTENING,
        Exploited,
        "reach sockets that services of the host listen on",
        |_, candidates| each(candidates, "may connect to", reach_unix),
    )
    .needs(Needs::Sockets),
    Attempt::new(
        "order-over-bus",
        Exploited,
        "have systemd start units, over the system bus",
        |_, candidates| {
            each(candidates, "was let in over", |candidate| {
                bus::order(&candidate.path)
            })
        },
    )
    .on(&["/run/dbus/system_bus_socket"])
    .needs(Needs::Sockets),
    Attempt::new(
        "unix-socket",
        Exploited,
        "connect to another service's socket that anyone may use",
        |context, _| {
            let connected = UnixStream::connect(context.neighbor.socket());
            Outcome::judge(connected, &[], "connected to another service's socket")
        },
    )
    .needs(Needs::Computed(|context| {
        grants(&[format!("peer.unix {}", context.neighbor.socket().display())])
    })),
    Attempt::new(
        "abstract-socket",
        Exploited,
        "connect to another service's abstract socket",
        |context, _| {
            let connected = UnixAddress::from_abstract_name(context.neighbor.abstract_name())
                .and_then(|address| UnixStream::connect_addr(&address));
            Outcome::judge(connected, &[], "connected to an abstract socket")
        },
    )
    .needs(Needs::Computed(|context| {
        vec![Grant::Peer(PeerAddress::Abstract(
            context.neighbor.abstract_name().into(),
        ))]
    })),
    Attempt::new(
        "loopback-tcp",
        Exploited,
        "connect to any TCP service on the loopback device",
        |context, _| connect(context.neighbor.tcp()),
    )
    .needs(Needs::Computed(|context| {
        endpoint(Grant::Connect, Protocol::Tcp, Some(context.neighbor.tcp()))
    })),
    Attempt::new(
        "loopback-tcp6",
        Exploited,
        "connect to any TCP service on the loopback device over IPv6",
        |context, _| match context.neighbor.tcp6() {
            Some(address) => connect(address),
            None => Outcome::cannot("this host has no ::1"),
        },
    )
    .needs(Needs::Computed(|context| {
        endpoint(Grant::Connect, Protocol::Tcp, context.neighbor.tcp6())
    })),
    Attempt::new(
        "loopback-udp",
        Exploited,
        "send datagrams to any service on the loopback device",
        |context, _| send(context.neighbor.udp()),
    )
    .needs(Needs::DatagramSocket),
    Attempt::new(
        "serve-tcp",
        Exploited,
        "serve a TCP port of its choice",
        |context, _| {
            own_network(context).unwrap_or_else(|| {
                let served = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
                Outcome::judge(served, &[], "listened on a port of 127.0.0.1")
            })
        },
    )
    // The kernel chose the port, so only a grant of any port allows it.
    .any(&["net.bind tcp:127.0.0.1:any"]),
    Attempt::new(
        "serve-low-port",
        Exploited,
        "serve a port below 1024, as a trusted service does",
        |context, _| own_network(context).unwrap_or_else(serve_low_port),
    )
    .any(&["process.capability CAP_NET_BIND_SERVICE"]),
    Attempt::new("raw-socket", Exploited, "forge packets", |_, _| {
        // The right is looked at when the socket is made; it sends nothing.
        let opened = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP));
        Outcome::judge(opened, &[], "opened a raw socket")
    })
    .any(&["process.capability CAP_NET_RAW", "net.connect raw:any"]),
    Attempt::new(
        "packet-socket",
        Exploited,
        "listen to all traffic",
        |_, _| {
            // Protocol 0 makes a socket that receives nothing; packet(7).
            let opened = socket(AddressFamily::PACKET, SocketType::RAW, None);
            Outcome::judge(opened, &[], "opened a packet socket")
        },
    )
    .any(&["process.capability CAP_NET_RAW", "net.family packet"]),
];

const fn service(id: &'static str, title: &'static str) -> Attempt {
    Attempt::new(id, Exploited, title, |_, candidates| {
        each(candidates, "connected to", connect_unix)
    })
    .needs(Needs::Sockets)
}

fn connect_unix(candidate: &Candidate) -> Result<(), How> {
    match UnixStream::connect(&candidate.path) {
        Ok(_) => Ok(()),
        // A datagram socket; connect(2) finds out only after it looked at the rights.
        Err(error) if error.raw_os_error() == Some(Errno::PROTOTYPE.raw_os_error()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The attempt whose candidates the kernel lists.
pub(crate) const LISTENING: &str = "listening-sockets";

/// Asks for a connection of the wrong type, which the kernel refuses (`EPROTOTYPE`) once it looked at the
/// rights and found who listens. So nobody is connected to, and no service starts because of it. What only
/// a security module denies is not seen so.
fn reach_unix(candidate: &Candidate) -> Result<(), How> {
    let errno = |errno: Errno| How::Errno(errno.raw_os_error());
    let address = SocketAddrUnix::new(&candidate.path).map_err(errno)?;
    let datagrams = socket(AddressFamily::UNIX, SocketType::DGRAM, None).map_err(errno)?;
    match rustix::net::connect(&datagrams, &address) {
        Ok(()) | Err(Errno::PROTOTYPE) => Ok(()),
        Err(error) => Err(errno(error)),
    }
}

fn grants(texts: &[String]) -> Vec<Grant> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn endpoint(
    make: fn(Endpoint) -> Grant,
    protocol: Protocol,
    address: Option<SocketAddr>,
) -> Vec<Grant> {
    let one = |address: SocketAddr| {
        let full = if address.is_ipv4() { 32 } else { 128 };
        Some(make(Endpoint {
            protocol,
            host: Host::net(address.ip(), full)?,
            ports: Ports::single(address.port()),
        }))
    };
    address.and_then(one).into_iter().collect()
}

/// Stopped, where the neighbor is not there at all: in a network of its own a service may serve what it
/// likes, because nobody else is in it.
fn own_network(context: &Context) -> Option<Outcome> {
    let error = TcpStream::connect_timeout(&context.neighbor.tcp(), PATIENCE).err()?;
    let absent = [Errno::NETUNREACH, Errno::CONNREFUSED, Errno::NETDOWN];
    absent
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
        .then(|| Outcome::Stopped(How::Other("its network is its own".into())))
}

fn connect(address: SocketAddr) -> Outcome {
    let connected = TcpStream::connect_timeout(&address, PATIENCE);
    Outcome::judge(connected, &[], &format!("connected to {address}"))
}

/// Nobody answers, so it sends twice: where nobody listens, the first datagram comes back as a refusal
/// before the second can be sent, because the loopback device delivers at once.
fn send(address: SocketAddr) -> Outcome {
    let sent = || -> io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(address)?;
        socket.send(b"")?;
        socket.send(b"")?;
        Ok(())
    };
    Outcome::judge(sent(), &[], &format!("sent to {address}"))
}

/// Binds the highest low port that is free, and does not listen.
fn serve_low_port() -> Outcome {
    let opened = socket(AddressFamily::INET, SocketType::STREAM, None);
    let socket = match opened {
        Ok(socket) => socket,
        Err(errno) => return Outcome::stopped(errno),
    };
    for port in (900..1024).rev() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        match rustix::net::bind(&socket, &address) {
            Err(Errno::ADDRINUSE) => {}
            result => return Outcome::judge(result, &[], &format!("bound {address}")),
        }
    }
    Outcome::cannot("every port from 900 to 1023 is in use")
}
