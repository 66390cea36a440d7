//! Who listens, who came, and whom the service called.

use std::fs;
use std::path::Path;

use ringfence_policy::trace::{Address, Fact, Outcome, Phase, SocketKind, Touch};

use crate::Test;
use crate::trace::{Ask, PYTHON, act, perform, python};

pub const TESTS: &[Test] = &[
    (
        "a_web_server_is_learned_with_its_workload",
        a_web_server_is_learned_with_its_workload,
    ),
    (
        "answers_to_datagrams_are_not_connections",
        answers_to_datagrams_are_not_connections,
    ),
    ("unix_sockets_have_two_ends", unix_sockets_have_two_ends),
    ("a_refused_connection_is_told", a_refused_connection_is_told),
];

const LOCAL: &str = "127.0.0.1";

fn local(address: &Address, port: u16) -> bool {
    matches!(address, Address::Ip(ip, p) if ip.to_string() == LOCAL && *p == port)
}

fn a_web_server_is_learned_with_its_workload(top: &Path) {
    fs::write(top.join("hello"), "x").unwrap();
    let trace = perform(act("serve", top).args([
        "/usr/bin/curl -sf --noproxy '*' http://127.0.0.1:{}/hello",
        PYTHON,
        "-m",
        "http.server",
        "--bind",
        LOCAL,
        "0",
    ]));
    assert!(trace.has(|fact| matches!(fact,
        Fact::Bind { address, outcome: Outcome::Done, socket: SocketKind::Stream } if local(address, 0))));
    assert!(trace.in_phase(
        Phase::Start,
        |fact| matches!(fact, Fact::Listen { address, .. } if local(address, 0))
    ));
    assert!(trace.in_phase(
        Phase::Steady,
        |fact| matches!(fact, Fact::Served { address, .. } if local(address, 0))
    ));
    assert!(trace.in_phase(Phase::Steady, |fact| matches!(fact,
        Fact::File { path, touch: Touch::Read, .. } if path.as_path() == top.join("hello"))));
    assert!(trace.in_phase(Phase::Stop, |fact| matches!(
        fact,
        Fact::SignalReceived { signal: 15 }
    )));
    assert!(
        !trace.has(
            |fact| matches!(fact, Fact::Exec { path, .. } if path.to_string().ends_with("curl"))
        )
    );
    assert_eq!(trace.run().ended.as_deref(), Some("signal 15"));
}

fn answers_to_datagrams_are_not_connections(top: &Path) {
    let client = format!(
        "{PYTHON} -S -c 'import socket\n\
         s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         s.settimeout(60)\n\
         s.sendto(b\"x\", (\"127.0.0.1\", {{}}))\n\
         assert s.recv(9) == b\"x\"'"
    );
    let server = "import socket\n\
         s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         s.bind(('127.0.0.1', 0))\n\
         while True: s.sendto(*s.recvfrom(9))\n";
    let trace = perform(act("serve", top).args([client.as_str(), PYTHON, "-S", "-c", server]));
    assert!(trace.has(|fact| matches!(fact,
        Fact::Served { address, socket: SocketKind::Datagram } if local(address, 0))));
    assert!(!trace.has(|fact| matches!(fact, Fact::Connect { .. })));
}

fn unix_sockets_have_two_ends(top: &Path) {
    let trace = python(
        top,
        "import os, socket\n\
         os.mkdir('d'); os.symlink('d', 'l')\n\
         s = socket.socket(socket.AF_UNIX); s.bind('l/s'); s.listen()\n\
         c = socket.socket(socket.AF_UNIX); c.connect('l/s'); s.accept()\n\
         a = socket.socket(socket.AF_UNIX); a.bind('\\0ringfence-test-%d' % os.getpid())\n",
    );
    let path = top.join("d/s");
    let is = |address: &Address| matches!(address, Address::Unix(own) if own.as_path() == path);
    assert!(trace.has(|fact| matches!(fact, Fact::Bind { address, .. } if is(address))));
    assert!(trace.has(|fact| matches!(fact, Fact::Listen { address, .. } if is(address))));
    assert!(trace.has(|fact| matches!(fact, Fact::Served { address, .. } if is(address))));
    assert!(trace.has(|fact| matches!(fact,
        Fact::Connect { address, peer: Some(peer), .. }
            if is(address) && peer.to_string().contains("python"))));
    assert!(trace.has(|fact| matches!(fact,
        Fact::Bind { address: Address::Abstract(name), .. } if name.starts_with(b"ringfence-test-"))));
    assert_eq!(trace.touches(&path), [(Touch::Create, Outcome::Done)]);
    assert_eq!(trace.link(&top.join("l")).as_deref(), Some("d"));
}

fn a_refused_connection_is_told(top: &Path) {
    // A port that was free a moment ago, and that the program holds without listening.
    let trace = python(
        top,
        "import socket\n\
         s = socket.socket(socket.AF_INET6); s.bind(('::1', 0))\n\
         c = socket.socket(socket.AF_INET6)\n\
         assert c.connect_ex(('::1', s.getsockname()[1])) == 111\n",
    );
    assert!(trace.has(|fact| matches!(fact,
        Fact::Connect { address: Address::Ip(ip, port), outcome: Outcome::Failed, socket: SocketKind::Stream, .. }
            if ip.to_string() == "::1" && *port != 0)));
}
