//! Sockets: what they are bound to, whom they reach, and whether anyone came.
//!
//! What a descriptor is, is asked of the socket itself through a duplicate (pidfd_getfd(2)), which is
//! exact whatever way the descriptor came. `accept` is stopped at its beginning each time (some 5 us) and
//! at its end only until its listener was seen served. A datagram socket that was bound is stopped at both
//! ends of each `recvfrom` and `recvmsg`: only the senders' addresses tell its answers from connections
//! of its own. Other sockets are stopped at the beginning of `recvmsg`, whose address is in memory.

use std::collections::{HashMap, HashSet};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use ringfence_policy::path::AbsPath;
use ringfence_policy::trace::{Address, Fact, Object, Outcome, Permission, SocketKind, Touch};
use rustix::net::{AddressFamily, SocketAddrUnix, getsockname, sockopt};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use super::address::{self, RawAddress};
use super::call::Carrier;
use super::exit::{Pending, Work, outcome};
use super::permission::{self, WRITE};
use super::task::Actor;
use super::tracer::Tracer;
use super::view::proc_link;
use super::{capability, operand};
use crate::watch::Event;

/// Bound sockets and senders kept before all are forgotten.
const MOST: usize = 8192;
/// The longest `struct sockaddr`.
const LONGEST: usize = 128;
/// Messages of one call whose addresses are read.
const MESSAGES: u64 = 64;
const MMSGHDR: u64 = 64;

const EAGAIN: i32 = 11;
const EISCONN: i32 = 106;
const EALREADY: i32 = 114;
const EINPROGRESS: i32 = 115;

/// What is remembered of sockets.
#[derive(Debug, Default)]
pub struct Sockets {
    /// By inode: the address that was asked for, port 0 included.
    bound: HashMap<u64, Address>,
    /// Who sent datagrams to us.
    senders: HashSet<RawAddress>,
}

impl Sockets {
    /// Gives a bound socket another name; says whether there was one.
    pub fn rename(&mut self, from: &Address, to: &Address) -> bool {
        let mut known = false;
        for address in self.bound.values_mut().filter(|address| *address == from) {
            address.clone_from(to);
            known = true;
        }
        known
    }
}

/// A duplicate of a service's socket.
struct Socket {
    fd: OwnedFd,
    kind: SocketKind,
    inode: u64,
}

impl Socket {
    fn address(&self) -> Option<(Address, Option<SocketAddr>)> {
        let any = getsockname(&self.fd).ok()?;
        let socket = match any.address_family() {
            AddressFamily::INET => SocketAddr::V4(SocketAddrV4::try_from(any).ok()?),
            AddressFamily::INET6 => SocketAddr::V6(SocketAddrV6::try_from(any).ok()?),
            AddressFamily::UNIX => {
                let unix = SocketAddrUnix::try_from(any).ok()?;
                if let Some(name) = unix.abstract_name() {
                    return Some((Address::Abstract(name.to_vec()), None));
                }
                let path = AbsPath::from_bytes(unix.path_bytes()?).ok()?;
                return Some((Address::Unix(path), None));
            }
            AddressFamily::NETLINK => return Some((Address::Netlink(self.protocol()), None)),
            other => {
                return Some((Address::Other(address::family(other.as_raw().into())), None));
            }
        };
        Some((
            Address::Ip(socket.ip().to_canonical(), socket.port()),
            Some(socket),
        ))
    }

    fn protocol(&self) -> u32 {
        match sockopt::socket_protocol(&self.fd) {
            Ok(Some(protocol)) => protocol.as_raw().get(),
            _ => 0,
        }
    }
}

impl Tracer {
    fn socket(&mut self, actor: &Actor, fd: u64) -> Option<Socket> {
        let process = self.processes.get_mut(&actor.process)?;
        if process.pidfd.is_none() {
            let pidfd = pidfd_open(actor.process, PidfdFlags::empty()).ok()?;
            process.pidfd = Some(Rc::new(pidfd));
        }
        let pidfd = process.pidfd.clone()?;
        let fd = pidfd_getfd(&pidfd, capability::int(fd), PidfdGetfdFlags::empty()).ok()?;
        let kind = sockopt::socket_type(&fd).ok()?;
        let inode = rustix::fs::fstat(&fd).ok()?.st_ino;
        Some(Socket {
            fd,
            kind: address::kind(kind.as_raw().into()),
            inode,
        })
    }

    fn lost_socket(&mut self) {
        self.ledger
            .lose(1, 0, "a socket could not be asked for its type and address");
    }

    fn raw_address(actor: &Actor, at: u64, length: u64) -> Option<RawAddress> {
        let length = usize::try_from(length & 0xffff_ffff).ok()?.min(LONGEST);
        address::parse(&operand::bytes(actor.task, at, length).ok()?)
    }

    /// The address as facts have it; for a path, resolved now, with its links recorded.
    fn resolved(&mut self, actor: &Actor, raw: &RawAddress, socket: &Socket) -> Option<Address> {
        Some(match raw {
            RawAddress::Ip(ip, port) => Address::Ip(*ip, *port),
            RawAddress::Abstract(name) => Address::Abstract(name.clone()),
            RawAddress::Netlink => Address::Netlink(socket.protocol()),
            RawAddress::Other(family) => Address::Other(address::family((*family).into())),
            RawAddress::None => return None,
            RawAddress::Path(path) => {
                let view = self.view(actor)?;
                let base = proc_link(actor.task, "cwd")?;
                let found = view.resolve(&base, path, true, actor.looker);
                self.record_links(actor, &found.links);
                Address::Unix(self.absolute(&found.path)?)
            }
        })
    }

    pub(super) fn enter_bind(&mut self, actor: &Actor, pending: &mut Pending) -> bool {
        let [fd, at, length, ..] = pending.args;
        match Self::raw_address(actor, at, length) {
            None => pending.work = Work::Unreadable,
            Some(RawAddress::None) => return false,
            Some(raw) => pending.work = Work::Bind(raw),
        }
        self.forget_descriptor(actor, fd);
        true
    }

    /// A descriptor may stand for something else now.
    fn forget_descriptor(&mut self, actor: &Actor, fd: u64) {
        for tag in [20_u8, 21] {
            let key = self.key(actor, (tag, actor.process.as_raw_nonzero(), fd));
            self.forget(key);
        }
    }

    pub(super) fn finish_bind(
        &mut self,
        actor: &Actor,
        fd: u64,
        raw: &RawAddress,
        errno: Option<i32>,
    ) {
        let Some(socket) = self.socket(actor, fd) else {
            return self.lost_socket();
        };
        let Some(address) = self.resolved(actor, raw, &socket) else {
            return;
        };
        let fact = Fact::Bind {
            address: address.clone(),
            socket: socket.kind,
            outcome: outcome(errno),
        };
        self.record(actor, fact, errno);
        if errno.is_some() {
            return;
        }
        if let Address::Unix(path) = &address {
            self.record_socket_file(actor, path);
        }
        if self.sockets.bound.len() >= MOST {
            self.sockets.bound.clear();
        }
        self.sockets.bound.insert(socket.inode, address.clone());
        let served = matches!(
            address,
            Address::Ip(..) | Address::Unix(_) | Address::Abstract(_)
        );
        if socket.kind == SocketKind::Datagram && served {
            self.tell_listening(&socket, address);
        }
    }

    /// bind(2) to a path makes a file there.
    fn record_socket_file(&mut self, actor: &Actor, path: &AbsPath) {
        let Some(view) = self.view(actor) else {
            return;
        };
        let directory = path.parent().unwrap_or_else(AbsPath::root);
        let permission = view
            .stat(directory.as_bytes())
            .map_or(Permission::Unknown, |stat| {
                permission::of_entry(&stat, None, &actor.identity)
            });
        let fact = Fact::File {
            path: path.clone(),
            touch: Touch::Create,
            object: Object::Socket,
            permission,
            outcome: Outcome::Done,
            beneath: false,
        };
        self.record(actor, fact, None);
    }

    fn tell_listening(&mut self, socket: &Socket, fallback: Address) {
        let (address, endpoint) = socket.address().unwrap_or((fallback, None));
        self.outbox.push_back(Event::Listening {
            address,
            endpoint,
            socket: socket.kind,
        });
    }

    /// The local address as it was asked for: port 0 where the kernel chose.
    fn local(&self, socket: &Socket) -> Option<Address> {
        if let Some(address) = self.sockets.bound.get(&socket.inode) {
            return Some(address.clone());
        }
        Some(socket.address()?.0)
    }

    pub(super) fn finish_listen(&mut self, actor: &Actor, fd: u64, errno: Option<i32>) {
        if errno.is_some() {
            return;
        }
        self.forget_descriptor(actor, fd);
        let Some(socket) = self.socket(actor, fd) else {
            return self.lost_socket();
        };
        let Some(address) = self.local(&socket) else {
            return self.lost_socket();
        };
        let fact = Fact::Listen {
            address: address.clone(),
            socket: socket.kind,
        };
        self.record(actor, fact, None);
        self.tell_listening(&socket, address);
    }

    pub(super) fn enter_connect(
        &mut self,
        actor: &Actor,
        pending: &mut Pending,
        deny: bool,
    ) -> bool {
        let [fd, at, length, ..] = pending.args;
        let Some(raw) = Self::raw_address(actor, at, length) else {
            pending.work = Work::Unreadable;
            return true;
        };
        let Some(socket) = self.socket(actor, fd) else {
            // Not a socket: the call fails.
            return false;
        };
        let key = self.key(actor, (22_u8, socket.kind, &raw));
        pending.key = Some(key);
        pending.work = Work::Connect(vec![raw]);
        deny || !self.is_known(key)
    }

    pub(super) fn enter_send(
        &mut self,
        actor: &Actor,
        pending: &mut Pending,
        carrier: Carrier,
        deny: bool,
    ) -> bool {
        let Some(mut list) = Self::addresses(actor, &pending.args, carrier, None) else {
            pending.work = Work::Unreadable;
            return true;
        };
        // What goes back to a sender is an answer, not a connection.
        list.retain(|raw| *raw != RawAddress::None && !self.sockets.senders.contains(raw));
        if list.is_empty() {
            return false;
        }
        let [fd, ..] = pending.args;
        let key = self.key(actor, (23_u8, actor.process.as_raw_nonzero(), fd, &list));
        pending.key = Some(key);
        pending.work = Work::Connect(list);
        deny || !self.is_known(key)
    }

    /// The addresses in a message call; for a finished one only of the messages that were received.
    fn addresses(
        actor: &Actor,
        args: &[u64; 6],
        carrier: Carrier,
        received: Option<u64>,
    ) -> Option<Vec<RawAddress>> {
        let [_, at, count, _, address, length] = *args;
        let in_message = |at: u64| {
            let raw = operand::bytes(actor.task, at, 16).ok()?;
            match operand::word_at(&raw, 0) {
                0 => Some(RawAddress::None),
                name => Self::raw_address(actor, name, operand::half_at(&raw, 8).into()),
            }
        };
        match carrier {
            Carrier::Arguments if address == 0 => Some(vec![RawAddress::None]),
            Carrier::Arguments => {
                // Where an address is received, its length is behind a pointer.
                let length = match received {
                    None => length,
                    Some(_) => operand::word(actor.task, length).ok()? & 0xffff_ffff,
                };
                Some(vec![Self::raw_address(actor, address, length)?])
            }
            Carrier::Message => Some(vec![in_message(at)?]),
            Carrier::Messages => {
                let count = received.unwrap_or(count & 0xffff_ffff).min(MESSAGES);
                (0..count).map(|n| in_message(at + n * MMSGHDR)).collect()
            }
        }
    }

    pub(super) fn finish_connect(
        &mut self,
        actor: &Actor,
        fd: u64,
        list: &[RawAddress],
        errno: Option<i32>,
        key: Option<u64>,
    ) {
        if matches!(errno, Some(EISCONN | EALREADY)) {
            return;
        }
        let errno = errno.filter(|number| *number != EINPROGRESS);
        let Some(socket) = self.socket(actor, fd) else {
            return self.lost_socket();
        };
        for raw in list {
            let Some(address) = self.resolved(actor, raw, &socket) else {
                continue;
            };
            let local = matches!(address, Address::Unix(_) | Address::Abstract(_));
            let peer = (local && errno.is_none())
                .then(|| peer_program(&socket))
                .flatten();
            if let (Address::Unix(path), None) = (&address, errno) {
                self.override_for_socket(actor, path);
            }
            let fact = Fact::Connect {
                address,
                socket: socket.kind,
                peer,
                outcome: outcome(errno),
            };
            self.record(actor, fact, errno);
        }
        if errno.is_none()
            && let Some(key) = key
        {
            self.remember(key);
        }
    }

    /// Connecting to a path needs write permission on the socket.
    fn override_for_socket(&mut self, actor: &Actor, path: &AbsPath) {
        let stat = self.view(actor).and_then(|view| view.stat(path.as_bytes()));
        let overridden = stat.is_some_and(|stat| {
            permission::of_access(&stat, &actor.identity, WRITE) == Permission::Override
        });
        if overridden
            && let Ok(capability) = "CAP_DAC_OVERRIDE".parse()
            && let Some(call) = ringfence_policy::grant::SyscallName::new("connect")
        {
            self.record(actor, Fact::Capability { capability, call }, None);
        }
    }

    pub(super) fn enter_accept(&mut self, actor: &Actor, pending: &mut Pending) -> bool {
        let key = self.key(
            actor,
            (20_u8, actor.process.as_raw_nonzero(), pending.args[0]),
        );
        pending.work = Work::Accept;
        pending.key = Some(key);
        !self.is_known(key)
    }

    pub(super) fn finish_accept(
        &mut self,
        actor: &Actor,
        pending: &Pending,
        result: i64,
        errno: Option<i32>,
    ) {
        if errno.is_some() {
            return;
        }
        self.peaks.descriptor(result);
        self.served(actor, pending.args[0]);
    }

    fn served(&mut self, actor: &Actor, fd: u64) {
        let Some(socket) = self.socket(actor, fd) else {
            return self.lost_socket();
        };
        if let Some(address) = self.local(&socket) {
            let socket = socket.kind;
            self.record(actor, Fact::Served { address, socket }, None);
        }
    }

    pub(super) fn enter_receive(
        &mut self,
        actor: &Actor,
        pending: &mut Pending,
        carrier: Carrier,
    ) -> bool {
        let [fd, ..] = pending.args;
        let plain = self.key(actor, (21_u8, actor.process.as_raw_nonzero(), fd));
        if self.is_known(plain) {
            return false;
        }
        let serves = self.socket(actor, fd).is_some_and(|socket| {
            let bound = self.sockets.bound.get(&socket.inode);
            socket.kind == SocketKind::Datagram
                && bound.is_some_and(|address| !matches!(address, Address::Netlink(_)))
        });
        if !serves {
            self.remember(plain);
            return false;
        }
        pending.work = Work::Receive(carrier);
        true
    }

    pub(super) fn finish_receive(
        &mut self,
        actor: &Actor,
        pending: &Pending,
        carrier: Carrier,
        result: i64,
    ) {
        let Ok(count) = u64::try_from(result) else {
            if -result != i64::from(EAGAIN) {
                let key = self.key(
                    actor,
                    (21_u8, actor.process.as_raw_nonzero(), pending.args[0]),
                );
                // Not a socket any more.
                self.remember(key);
            }
            return;
        };
        self.served(actor, pending.args[0]);
        for raw in Self::addresses(actor, &pending.args, carrier, Some(count)).unwrap_or_default() {
            if self.sockets.senders.len() >= MOST {
                self.sockets.senders.clear();
            }
            self.sockets.senders.insert(raw);
        }
    }
}

/// The program at the other end, best effort: of a stream it is the one that called listen(2).
fn peer_program(socket: &Socket) -> Option<AbsPath> {
    let peer = sockopt::socket_peercred(&socket.fd).ok()?;
    let text = proc_link(peer.pid, "exe")?;
    AbsPath::from_bytes(&text).ok()
}
