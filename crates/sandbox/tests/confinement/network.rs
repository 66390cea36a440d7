//! Sockets and ports. Everything stays on loopback.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};

use ringfence_compile::native::Layer;

use crate::given::{directory, errno, grant, holds, holds_under, plan};
use crate::{Needs, Test};

pub const TESTS: &[Test] = &[
    ("no_socket_without_a_grant", Needs::Anyone, none),
    (
        "no_way_out_even_without_the_filter",
        Needs::Anyone,
        no_interface,
    ),
    ("a_port_to_bind_is_that_port_alone", Needs::Anyone, bind),
    (
        "a_port_to_connect_to_is_that_port_alone",
        Needs::Anyone,
        connect,
    ),
    ("tcp_does_not_allow_udp", Needs::Anyone, udp),
    ("a_granted_unix_socket_is_reached", Needs::Anyone, unix),
];

fn none() {
    assert!(holds(&[], || {
        errno(TcpListener::bind("127.0.0.1:0")).is_some()
            && errno(UdpSocket::bind("127.0.0.1:0")).is_some()
            && errno(UnixStream::connect("/run/x")).is_some()
            && UnixStream::pair().is_ok()
    }));
}

fn no_interface() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let open = plan(&[], &["/bin/true"])
        .without(Layer::Seccomp)
        .without(Layer::Landlock);
    assert!(holds_under(open.clone(), || TcpStream::connect(address).is_err()));
    let wide = open.without(Layer::NetNamespace);
    assert!(holds_under(wide, || TcpStream::connect(address).is_ok()));
}

/// Two ports that are free at the moment.
fn ports() -> [u16; 2] {
    let both = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    both.map(|listener| listener.local_addr().unwrap().port())
}

fn bind() {
    let [granted, other] = ports();
    assert!(holds(&[&format!("net.bind tcp:{granted}")], || {
        TcpListener::bind(("127.0.0.1", granted)).is_ok()
            && errno(TcpListener::bind(("127.0.0.1", other))) == Some(13)
            && errno(TcpStream::connect(("127.0.0.1", other))).is_some()
    }));
}

fn connect() {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [granted, other] = listeners.each_ref().map(|l| l.local_addr().unwrap());
    assert!(holds(
        &[&format!("net.connect tcp:{}", granted.port())],
        || { TcpStream::connect(granted).is_ok() && errno(TcpStream::connect(other)) == Some(13) }
    ));
}

fn udp() {
    assert!(holds(&["net.connect tcp:80"], || {
        errno(UdpSocket::bind("127.0.0.1:0")) == Some(97)
    }));
}

fn unix() {
    let place = directory();
    let path = place.path().join("socket");
    let _listener = UnixListener::bind(&path).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    std::fs::write(place.path().join("beside"), "secret").unwrap();
    assert!(holds(&[&grant("peer.unix", &path)], || {
        UnixStream::connect(&path).is_ok() && std::fs::read(place.path().join("beside")).is_err()
    }));
}
