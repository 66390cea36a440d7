//! Policy, settings and target to a plan and its coverage.

use ringfence_policy::grant::{Capability, Grant, PeerAddress, Privilege, Protocol, User};
use ringfence_policy::lock::Lock;
use ringfence_policy::manifest::Manifest;
use ringfence_policy::path::AbsPath;
use ringfence_policy::place;
use ringfence_policy::policy::Policy;

use super::plan::{Identity, Landlock, Namespaces, Plan, Proc, StartUser, View};
use super::target::Target;
use super::{calls, cover, files, limits, network};
use crate::coverage::{Coverage, Inexact};

/// What a manifest says about a service besides its grants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Name of the service.
    pub name: String,
    /// The command; its program is an absolute path.
    pub exec: Vec<String>,
    /// The working directory.
    pub directory: Option<AbsPath>,
    /// Names of environment variables that it gets besides the usual ones; `NAME*` stands for a prefix.
    pub environment: Vec<String>,
    /// Files outside of the usual directories that it maps as code, as the lock says.
    pub code: Vec<AbsPath>,
    /// Symbolic links that it follows, as the lock says.
    pub links: Vec<AbsPath>,
    /// Kinds of grants that must be enforced exactly.
    pub require_exact: Vec<String>,
}

impl Settings {
    /// What a manifest and its lock say.
    pub fn new(manifest: &Manifest, lock: Option<&Lock>) -> Self {
        let service = &manifest.service;
        Self {
            name: service.name.clone(),
            exec: service.exec.clone(),
            directory: service.directory.clone(),
            environment: service.environment.clone(),
            code: lock.map(|lock| lock.code.clone()).unwrap_or_default(),
            links: lock.map(|lock| lock.links.clone()).unwrap_or_default(),
            require_exact: manifest.require_exact.clone(),
        }
    }

    /// The program's path, when there is a command.
    pub fn program(&self) -> Option<AbsPath> {
        AbsPath::from_bytes(self.exec.first()?.as_bytes()).ok()
    }
}

/// Why a policy cannot be compiled for a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// A grant that must be exact is not.
    #[error(transparent)]
    Inexact(#[from] Inexact),
    /// Only root can start this service.
    #[error("start `{service}` as {user}: uid {uid} can only start services as itself")]
    OtherUser {
        /// The service.
        service: String,
        /// Who it should be.
        user: String,
        /// Who wants to start it.
        uid: u32,
    },
}

/// Environment variables that any service may have: they configure the C library, say where home is, or
/// belong to the protocols of service managers.
const ENVIRONMENT: [&str; 12] = [
    "PATH",
    "HOME",
    "LANG",
    "LC_*",
    "LANGUAGE",
    "TZ",
    "TERM",
    "USER",
    "LOGNAME",
    "SHELL",
    "NOTIFY_SOCKET",
    "LISTEN_*",
];

/// Makes the plan that enforces `policy` on `target` as exactly as it can be, and says how exactly that is.
pub fn compile(
    policy: &Policy,
    settings: &Settings,
    target: &Target,
) -> Result<(Plan, Coverage), CompileError> {
    let identity = identity(policy, settings, target)?;
    let namespaces = namespaces(policy, &identity, target);
    let capabilities = capabilities(policy);
    let landlock = landlock(policy, target);
    let view = namespaces.mount.then(|| view(policy, target));
    let limits = limits::limits(policy, target, namespaces, &identity);
    let mut plan = Plan {
        service: settings.name.clone(),
        argv: settings.exec.clone(),
        directory: settings.directory.clone(),
        environment: ENVIRONMENT
            .iter()
            .map(|name| (*name).to_owned())
            .chain(settings.environment.iter().cloned())
            .collect(),
        no_new_privileges: !has(policy, Privilege::NewPrivileges) || !target.privileged,
        files: files::rules(policy, settings, target.arch),
        seccomp: Some(calls::filter(policy, target.arch)),
        deny_write_execute: target.deny_write_execute && !has(policy, Privilege::Jit),
        own_keyring: !has(policy, Privilege::Keyring),
        identity: Some(identity),
        capabilities: Some(capabilities),
        namespaces,
        view,
        landlock,
        limits: Some(limits),
        notes: Vec::new(),
    };
    let coverage = cover::coverage(policy, &plan, target);
    plan.notes = cover::notes(policy, &plan, target);
    coverage.require_exact(&settings.require_exact)?;
    Ok((plan, coverage))
}

pub(super) fn has(policy: &Policy, privilege: Privilege) -> bool {
    policy.allows(&Grant::Privilege(privilege))
}

fn identity(
    policy: &Policy,
    settings: &Settings,
    target: &Target,
) -> Result<Identity, CompileError> {
    let mut user = StartUser::Own;
    let mut drops_to = Vec::new();
    let mut groups = Vec::new();
    for grant in policy.grants() {
        match grant {
            Grant::User(User::Dynamic) if target.privileged => user = StartUser::Dynamic,
            Grant::User(User::Named(name)) if target.privileged => {
                user = StartUser::Named(name.clone());
            }
            Grant::User(User::Root) if target.privileged => user = StartUser::Root,
            Grant::User(User::Named(name)) => user = StartUser::Named(name.clone()),
            Grant::User(User::Root) if target.uid != 0 => {
                return Err(CompileError::OtherUser {
                    service: settings.name.clone(),
                    user: "root".to_owned(),
                    uid: target.uid,
                });
            }
            Grant::DropsTo(name) => drops_to.push(name.clone()),
            Grant::Group(name) => groups.push(name.clone()),
            _ => {}
        }
    }
    // A policy without a user is that of nobody in particular, and root is somebody.
    let unnamed = !policy.grants().any(|grant| matches!(grant, Grant::User(_)));
    if unnamed && target.privileged {
        user = StartUser::Dynamic;
    }
    Ok(Identity {
        user,
        drops_to,
        groups,
    })
}

fn capabilities(policy: &Policy) -> Vec<Capability> {
    policy
        .expanded()
        .filter_map(|grant| match grant {
            Grant::Capability(capability) => Some(*capability),
            _ => None,
        })
        .collect()
}

/// Capabilities that mean the same within a user namespace that maps the service's own ids alone. The
/// others reach for things that belong to the host's user namespace: its files, ports and devices.
const OWN_IDS: [&str; 4] = ["CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_SETPCAP"];

fn namespaces(policy: &Policy, identity: &Identity, target: &Target) -> Namespaces {
    if !target.has_namespaces() {
        return Namespaces::default();
    }
    let own_ids = capabilities(policy)
        .iter()
        .all(|capability| OWN_IDS.contains(&capability.name()));
    // Becoming anybody else by name needs that id mapped, and root that could become anyone needs all.
    let can_map = !matches!(identity.user, StartUser::Root)
        || !identity.drops_to.is_empty()
        || capabilities(policy).is_empty();
    let tunes = has(policy, Privilege::Tunables) || has(policy, Privilege::Mount);
    Namespaces {
        user: target.user_namespaces && (!target.privileged || (own_ids && can_map && !tunes)),
        mount: true,
        pid: !has(policy, Privilege::ProcOthers) && !has(policy, Privilege::Signal),
        ipc: !has(policy, Privilege::SharedMemory),
        uts: !has(policy, Privilege::Hostname),
        cgroup: !has(policy, Privilege::Cgroups),
        net: !policy.expanded().any(network::needs_host_network),
    }
}

fn view(policy: &Policy, target: &Target) -> View {
    let terminals = policy.expanded().any(|grant| {
        matches!(grant, Grant::Device(_, pattern)
            if ["/dev/pts", "/dev/ptmx"].contains(&pattern.to_string().as_str()))
    });
    View {
        private_size: limits::private_size(policy),
        proc: proc(policy, target),
        terminals,
    }
}

fn proc(policy: &Policy, target: &Target) -> Proc {
    if !target.privileged && !target.procfs_mountable {
        return Proc::Absent;
    }
    if has(policy, Privilege::ProcSys) || has(policy, Privilege::Tunables) {
        Proc::All
    } else if policy.expanded().any(beyond_processes) {
        Proc::Granted
    } else {
        Proc::Processes
    }
}

/// Whether a file grant speaks of proc(5) outside the directories of processes.
pub(super) fn beyond_processes(grant: &Grant) -> bool {
    let Grant::File(_, pattern) = grant else {
        return false;
    };
    place::in_proc(&pattern.literal_prefix()) == Some(place::Proc::System)
}

fn landlock(policy: &Policy, target: &Target) -> Option<Landlock> {
    let abi = target.landlock_abi;
    if abi == 0 {
        return None;
    }
    let dns: Vec<_> = if policy.allows(&Grant::Dns) {
        ["udp:53", "tcp:53"]
            .iter()
            .filter_map(|t| t.parse().ok())
            .collect()
    } else {
        Vec::new()
    };
    let binds = |protocol: Protocol| {
        network::ports(policy.expanded().filter_map(move |grant| match grant {
            Grant::Bind(endpoint) if endpoint.protocol == protocol => Some(endpoint),
            _ => None,
        }))
    };
    let connects = |protocol: Protocol| {
        network::ports(
            policy
                .expanded()
                .filter_map(|grant| match grant {
                    Grant::Connect(endpoint) => Some(endpoint),
                    _ => None,
                })
                .chain(&dns)
                .filter(move |endpoint| endpoint.protocol == protocol),
        )
    };
    let since = |version: u32, ports: Option<Vec<u16>>| ports.filter(|_| abi >= version);
    let abstract_peer = policy
        .expanded()
        .any(|grant| matches!(grant, Grant::Peer(PeerAddress::Abstract(_))));
    Some(Landlock {
        abi,
        bind_tcp: since(4, binds(Protocol::Tcp)),
        connect_tcp: since(4, connects(Protocol::Tcp)),
        bind_udp: since(10, binds(Protocol::Udp)),
        connect_udp: since(10, connects(Protocol::Udp)),
        scope_abstract: abi >= 6 && !abstract_peer,
        scope_signal: abi >= 6 && !has(policy, Privilege::Signal),
    })
}
