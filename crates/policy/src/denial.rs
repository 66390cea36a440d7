//! From a fact to the grants that allow it: the one place where this is decided.
//!
//! `derive` asks what a service needs for what it did, `run --explain-denials` asks what it would have
//! needed for what was refused. Nothing here weighs whether a grant is wise.

use std::net::IpAddr;

use crate::grant::{
    DeviceAccess, Endpoint, FileAccess, Grant, Host, NetlinkProtocol, PeerAddress, Ports,
    Privilege, Protocol, SyscallName, User,
};
use crate::path::AbsPath;
use crate::pattern::PathPattern;
use crate::place::{self, Proc};
use crate::policy::Policy;
use crate::syscall::{deciding_arguments, is_base, privilege_of};
use crate::trace::{Address, Fact, Object, Outcome, SocketKind, Touch};

/// The grants that together would have allowed this fact. Empty: it is always allowed.
///
/// Whether a policy has them is a question for [`is_met`], which knows what one grant implies for
/// another; [`Policy::allows`] alone is too strict.
pub fn needed(fact: &Fact) -> Vec<Grant> {
    match fact {
        Fact::Syscall { name } => for_call(name),
        Fact::Argument { call, index, value } => for_argument(call, *index, *value),
        Fact::File {
            path,
            touch,
            object,
            outcome,
            beneath,
            ..
        } => for_file(path, *touch, *object, *outcome, *beneath),
        Fact::Exec { path, interpreter } => {
            let mut grants = vec![Grant::file(FileAccess::Exec, path)];
            grants.extend(interpreter.as_ref().map(for_interpreter));
            grants
        }
        Fact::Code { path } => vec![Grant::file(FileAccess::Read, path)],
        Fact::Socket {
            family,
            socket,
            protocol,
        } => for_socket(family, *socket, *protocol),
        Fact::Bind {
            address, socket, ..
        } => for_bind(address, *socket),
        Fact::Connect {
            address, socket, ..
        } => for_connect(address, *socket),
        Fact::Capability { capability, .. } => vec![Grant::Capability(*capability)],
        Fact::Become { uid: 0, .. } => vec![Grant::User(User::Root)],
        Fact::Become { uid, user, .. } => {
            vec![Grant::DropsTo(
                user.clone().unwrap_or_else(|| uid.to_string()),
            )]
        }
        Fact::SignalSent { own: false, .. } => vec![Grant::Privilege(Privilege::Signal)],
        // A link has no content of its own: what counts is where it leads, and that is another fact.
        // To listen and to be served needs nothing more than the address, which bind(2) decided.
        Fact::Link { .. }
        | Fact::Listen { .. }
        | Fact::Served { .. }
        | Fact::SignalSent { own: true, .. }
        | Fact::SignalReceived { .. } => Vec::new(),
    }
}

/// Whether a policy has what a need of [`needed`] asks for.
///
/// Beyond [`Policy::allows`]: a private or own directory allows all use of what lies beneath it; any
/// network grant lets internet sockets be made; `net.dns` reaches port 53; `proc.sys` reads `/proc`;
/// `CAP_DAC_OVERRIDE` reads what `CAP_DAC_READ_SEARCH` would.
pub fn is_met(policy: &Policy, need: &Grant) -> bool {
    if policy.allows(need) {
        return true;
    }
    match need {
        Grant::File(access, path) => {
            own_directory_holds(policy, path)
                || (*access == FileAccess::Read
                    && policy.allows(&Grant::Privilege(Privilege::ProcSys))
                    && place::in_proc(&path.literal_prefix()) == Some(Proc::System))
        }
        Grant::Family(family) if family == "inet" || family == "inet6" => policy
            .grants()
            .any(|own| matches!(own, Grant::Bind(_) | Grant::Connect(_) | Grant::Dns)),
        // The kernel asks for the narrower one first, and is content with the wider; see
        // generic_permission() in fs/namei.c.
        Grant::Capability(narrow) if narrow.name() == "CAP_DAC_READ_SEARCH" => policy
            .grants()
            .any(|own| matches!(own, Grant::Capability(wide) if wide.name() == "CAP_DAC_OVERRIDE")),
        Grant::Connect(endpoint) => {
            endpoint.ports == Ports::single(53) && policy.allows(&Grant::Dns)
        }
        _ => false,
    }
}

/// Whether `path` lies beneath a directory that the service has for itself.
fn own_directory_holds(policy: &Policy, path: &PathPattern) -> bool {
    policy.expanded().any(|own| match own {
        Grant::Private(top) => top.covers(path),
        // The second is where systemd keeps those of a dynamic user.
        Grant::Directory(kind, name) => ["", "/private"]
            .iter()
            .map(|of| format!("{}{of}/{name}", kind.parent()))
            .filter_map(|top| top.parse::<PathPattern>().ok())
            .any(|top| top.covers(path)),
        _ => false,
    })
}

fn for_call(name: &SyscallName) -> Vec<Grant> {
    let call = name.as_str();
    let mut grants = Vec::new();
    if !is_base(call) {
        grants.push(Grant::Syscall(name.clone()));
    }
    grants.extend(privilege_of(call).map(Grant::Privilege));
    grants
}

fn for_argument(call: &SyscallName, index: u8, value: u64) -> Vec<Grant> {
    let mut grants: Vec<_> = deciding_arguments(call.as_str())
        .iter()
        .filter(|deciding| deciding.index == index)
        .flat_map(|deciding| deciding.needs(value))
        .collect();
    grants.sort();
    grants.dedup();
    grants
}

/// The dynamic loader is opened by the kernel like a library, so reading it is enough; the interpreter of
/// a script is a program of its own.
fn for_interpreter(path: &AbsPath) -> Grant {
    let loader = path
        .file_name()
        .is_some_and(|name| name.starts_with(b"ld-") || name.starts_with(b"ld.so"));
    let access = if loader {
        FileAccess::Read
    } else {
        FileAccess::Exec
    };
    Grant::file(access, path)
}

fn for_file(
    path: &AbsPath,
    touch: Touch,
    object: Object,
    outcome: Outcome,
    beneath: bool,
) -> Vec<Grant> {
    // Every view of the file system has a root, and a directory can be looked at as soon as something
    // beneath it is granted.
    let is_root = path.parent().is_none() && !beneath;
    let looked_at_directory =
        touch == Touch::Probe && object == Object::Directory && outcome == Outcome::Done;
    if looked_at_directory && !beneath
        || is_root
            && matches!(
                touch,
                Touch::Probe | Touch::List | Touch::Root | Touch::Read
            )
    {
        return Vec::new();
    }
    let writes = !matches!(
        touch,
        Touch::Probe | Touch::Read | Touch::List | Touch::Root
    );
    if let Some(grants) = in_kernel_file_system(path, writes) {
        return grants;
    }
    if object == Object::Device && !matches!(touch, Touch::Create | Touch::Remove | Touch::Rename) {
        let access = match touch {
            Touch::Append | Touch::Write => DeviceAccess::Write,
            Touch::Metadata => DeviceAccess::ReadWrite,
            _ => DeviceAccess::Read,
        };
        return vec![Grant::Device(access, path.into())];
    }
    let access = match touch {
        Touch::Probe | Touch::Read | Touch::List | Touch::Root => FileAccess::Read,
        Touch::Append => FileAccess::Append,
        _ => FileAccess::Write,
    };
    let names_change = matches!(touch, Touch::Create | Touch::Remove | Touch::Rename);
    if names_change && !beneath {
        return vec![Grant::file(access, &directory_to_write(path))];
    }
    vec![Grant::file(access, path)]
}

/// Where writing must be granted so that the name `path` may appear and vanish.
///
/// That is the directory: a file that is a mount point of its own can be neither renamed nor removed
/// (`EBUSY`). But a directory that other services share is never granted for one file in it.
fn directory_to_write(path: &AbsPath) -> AbsPath {
    match path.parent() {
        Some(parent) if place::is_volatile(&parent) || !place::is_shared(&parent) => parent,
        _ => path.clone(),
    }
}

/// What `/proc`, `/sys` and the control groups need; `None` for ordinary paths.
fn in_kernel_file_system(path: &AbsPath, writes: bool) -> Option<Vec<Grant>> {
    let is_sys = path.components().next() == Some(b"sys");
    let privilege = match (place::in_proc(path), writes) {
        (Some(Proc::Own), _) => return Some(Vec::new()),
        (Some(Proc::Other), _) => Privilege::ProcOthers,
        (Some(Proc::System), _) if path.as_bytes() == b"/proc/kmsg" => Privilege::Logs,
        (Some(Proc::System), true) => Privilege::Tunables,
        (None, true) if is_sys && path.as_bytes().starts_with(b"/sys/fs/cgroup") => {
            Privilege::Cgroups
        }
        (None, true) if is_sys => Privilege::Tunables,
        _ => return None,
    };
    Some(vec![Grant::Privilege(privilege)])
}

fn for_socket(family: &str, socket: SocketKind, protocol: u32) -> Vec<Grant> {
    let netlink = || {
        NetlinkProtocol::ALL
            .into_iter()
            .find(|known| known.number() == protocol)
            .map_or_else(|| Grant::Family("netlink".into()), Grant::Netlink)
    };
    match (family, socket) {
        ("unix" | "local" | "unspec", _) => Vec::new(),
        // A raw socket sees every packet of its protocol without being bound.
        ("inet" | "inet6", SocketKind::Raw) => vec![Grant::Bind(Endpoint {
            protocol: Protocol::Raw,
            host: Host::Any,
            ports: Ports::ANY,
        })],
        ("netlink", _) => vec![netlink()],
        _ => vec![Grant::Family(family.to_owned())],
    }
}

fn transports(socket: SocketKind) -> &'static [Protocol] {
    match socket {
        SocketKind::Stream => &[Protocol::Tcp],
        SocketKind::Datagram => &[Protocol::Udp],
        SocketKind::SeqPacket => &[Protocol::Sctp],
        SocketKind::Raw => &[Protocol::Raw],
        SocketKind::Other => &[Protocol::Tcp, Protocol::Udp],
    }
}

fn endpoints(socket: SocketKind, host: &Host, port: u16) -> Vec<Endpoint> {
    let endpoint = |protocol: &Protocol| Endpoint {
        protocol: *protocol,
        host: host.clone(),
        ports: match protocol {
            Protocol::Raw => Ports::ANY,
            _ => Ports::single(port),
        },
    };
    transports(socket).iter().map(endpoint).collect()
}

fn for_bind(address: &Address, socket: SocketKind) -> Vec<Grant> {
    match address {
        Address::Ip(ip, port) => {
            let host = if ip.is_unspecified() {
                Host::Any
            } else {
                Host::single(*ip)
            };
            let grant = Grant::Bind;
            endpoints(socket, &host, *port)
                .into_iter()
                .map(grant)
                .collect()
        }
        Address::Unix(path) => vec![Grant::Listen(PeerAddress::Path(path.into()))],
        // An empty name asks the kernel for a fresh one, which nobody can know beforehand.
        Address::Abstract(name) if name.is_empty() => Vec::new(),
        Address::Abstract(name) => {
            vec![Grant::Listen(PeerAddress::Abstract(name.as_slice().into()))]
        }
        // The socket itself was granted by its family and protocol.
        Address::Netlink(_) | Address::Other(_) => Vec::new(),
    }
}

fn for_connect(address: &Address, socket: SocketKind) -> Vec<Grant> {
    match address {
        // Nothing is sent by such a connect. The C library makes one to learn which of the host's addresses
        // it would use, and nobody serves port 0 or the address that means all of them.
        Address::Ip(ip, port)
            if socket == SocketKind::Datagram && (*port == 0 || ip.is_unspecified()) =>
        {
            Vec::new()
        }
        Address::Ip(ip, port) => {
            // A connect to the unspecified address reaches the host itself.
            let reached = match ip {
                IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
                IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
                other => *other,
            };
            endpoints(socket, &Host::single(reached), *port)
                .into_iter()
                .map(Grant::Connect)
                .collect()
        }
        Address::Unix(path) => vec![Grant::Peer(PeerAddress::Path(path.into()))],
        Address::Abstract(name) => {
            vec![Grant::Peer(PeerAddress::Abstract(name.as_slice().into()))]
        }
        Address::Netlink(_) | Address::Other(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Permission;

    fn texts(fact: &Fact) -> Vec<String> {
        needed(fact).iter().map(ToString::to_string).collect()
    }

    fn file(path: &str, touch: Touch, object: Object, outcome: Outcome) -> Fact {
        Fact::File {
            path: path.parse().unwrap(),
            touch,
            object,
            permission: Permission::Unknown,
            outcome,
            beneath: false,
        }
    }

    fn done(path: &str, touch: Touch) -> Fact {
        file(path, touch, Object::Regular, Outcome::Done)
    }

    #[test]
    fn creating_a_file_needs_its_directory() {
        let created = done("/var/lib/redis/temp-1.rdb", Touch::Create);
        assert_eq!(texts(&created), ["files.write /var/lib/redis"]);
    }

    #[test]
    fn a_file_in_a_shared_directory_never_needs_the_directory() {
        for (path, need) in [
            ("/var/log/daemon.log", "files.write /var/log/daemon.log"),
            ("/home/ada/x", "files.write /home/ada/x"),
            (
                "/usr/lib/python3/x.pyc",
                "files.write /usr/lib/python3/x.pyc",
            ),
            ("/etc/resolv.conf", "files.write /etc/resolv.conf"),
        ] {
            assert_eq!(texts(&done(path, Touch::Rename)), [need]);
        }
        // The directory in which every service has its pid file can be private instead.
        assert_eq!(
            texts(&done("/run/nginx.pid", Touch::Create)),
            ["files.write /run"]
        );
    }

    #[test]
    fn a_private_directory_meets_what_is_needed_beneath_it() {
        let policy = Policy::base();
        for need in needed(&done("/tmp/x", Touch::Create)) {
            assert!(is_met(&policy, &need));
        }
        for need in needed(&done("/run/nginx.pid", Touch::Create)) {
            assert!(!is_met(&policy, &need));
            let private: Policy = ["dirs.private /run".parse().unwrap()].into_iter().collect();
            assert!(is_met(&private, &need));
        }
    }

    #[test]
    fn looking_at_a_directory_needs_nothing_unless_it_failed() {
        let seen = file("/srv/www", Touch::Probe, Object::Directory, Outcome::Done);
        assert!(texts(&seen).is_empty());
        let refused = file("/srv/www", Touch::Probe, Object::Unknown, Outcome::Missing);
        assert_eq!(texts(&refused), ["files.read /srv/www"]);
    }

    #[test]
    fn the_root_directory_may_always_be_listed() {
        assert!(texts(&file("/", Touch::List, Object::Directory, Outcome::Done)).is_empty());
    }

    #[test]
    fn files_of_the_kernel_need_privileges_when_written() {
        assert_eq!(
            texts(&done("/proc/sys/vm/swappiness", Touch::Write)),
            ["kernel.tunables"]
        );
        assert_eq!(
            texts(&done("/sys/fs/cgroup/x/tasks", Touch::Write)),
            ["kernel.cgroups"]
        );
        assert_eq!(texts(&done("/proc/7/stat", Touch::Read)), ["proc.others"]);
        assert!(texts(&done("/proc/self/oom_score_adj", Touch::Write)).is_empty());
        assert_eq!(
            texts(&done("/proc/stat", Touch::Read)),
            ["files.read /proc/stat"]
        );
    }

    #[test]
    fn a_device_is_granted_by_direction() {
        let kvm = file("/dev/kvm", Touch::Write, Object::Device, Outcome::Done);
        assert_eq!(texts(&kvm), ["files.device /dev/kvm w"]);
    }

    #[test]
    fn binding_every_address_is_written_without_one() {
        let bind = |address: &str, socket| Fact::Bind {
            address: address.parse().unwrap(),
            socket,
            outcome: Outcome::Done,
        };
        assert_eq!(
            texts(&bind("[::]:80", SocketKind::Stream)),
            ["net.bind tcp:80"]
        );
        assert_eq!(
            texts(&bind("127.0.0.1:53", SocketKind::Datagram)),
            ["net.bind udp:127.0.0.1:53"]
        );
        assert_eq!(
            texts(&bind("unix:/run/x/s", SocketKind::Stream)),
            ["listen.unix /run/x/s"]
        );
    }

    #[test]
    fn asking_for_the_own_address_needs_nothing() {
        for address in ["192.0.2.1:0", "0.0.0.0:8080", "[::]:8080"] {
            let probe = Fact::Connect {
                address: address.parse().unwrap(),
                socket: SocketKind::Datagram,
                peer: None,
                outcome: Outcome::Done,
            };
            assert!(texts(&probe).is_empty(), "{address}");
        }
    }

    #[test]
    fn a_script_needs_its_interpreter_as_a_program() {
        let exec = |path: &str, interpreter: &str| Fact::Exec {
            path: path.parse().unwrap(),
            interpreter: Some(interpreter.parse().unwrap()),
        };
        assert_eq!(
            texts(&exec("/srv/run.sh", "/usr/bin/dash")),
            ["files.exec /srv/run.sh", "files.exec /usr/bin/dash"]
        );
        assert_eq!(
            texts(&exec("/usr/bin/x", "/usr/lib/ld-linux-x86-64.so.2")),
            [
                "files.exec /usr/bin/x",
                "files.read /usr/lib/ld-linux-x86-64.so.2"
            ]
        );
    }

    #[test]
    fn a_privileged_call_needs_its_name_and_its_privilege() {
        let call = |name: &str| Fact::Syscall {
            name: name.parse().unwrap(),
        };
        assert_eq!(
            texts(&call("memfd_create")),
            ["process.syscall memfd_create", "process.memfd"]
        );
        assert!(texts(&call("read")).is_empty());
    }

    #[test]
    fn resolving_names_meets_what_port_53_needs() {
        let policy: Policy = [Grant::Dns].into_iter().collect();
        assert!(is_met(
            &policy,
            &"net.connect udp:127.0.0.53:53".parse().unwrap()
        ));
        assert!(is_met(&policy, &"net.family inet".parse().unwrap()));
        assert!(!is_met(
            &policy,
            &"net.connect udp:192.0.2.1:54".parse().unwrap()
        ));
    }
}
