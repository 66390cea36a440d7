//! How exactly each grant is given, row by row.

use ringfence_policy::grant::{Amount, FileAccess, Grant, PeerAddress, Privilege, Resource, User};

use crate::coverage::{Coverage, Status};

use super::directive::directive;
use super::draft::Draft;
use super::{arrange, calls, devices, kernel, limits, network, secrets, view, whole};

pub(super) fn coverage(draft: &Draft<'_>) -> Coverage {
    let mut coverage = Coverage::default();
    for grant in draft.policy.grants() {
        coverage.grant(grant, status(grant, draft));
    }
    for (id, status) in draft.controls() {
        coverage.control(id, status.clone());
    }
    coverage
}

fn worth(key: &str, draft: &Draft<'_>) -> Status {
    directive(key).map_or(Status::Exact, |own| own.worth(draft.target))
}

fn status(grant: &Grant, draft: &Draft<'_>) -> Status {
    match grant {
        Grant::User(user) => user_status(user, draft),
        Grant::DropsTo(name) => Status::Wider(format!(
            "any user, not only {name}: capabilities to become one name none"
        )),
        Grant::Group(_) => Status::Wider("every file that the group can read".to_owned()),
        Grant::File(access, pattern) => file_status(*access, pattern, draft),
        Grant::Use(bundle) => bundle.grants().iter().fold(Status::Exact, |known, member| {
            match (known, status(member, draft)) {
                (Status::Exact, Status::Exact) => Status::Exact,
                (Status::Exact, Status::Narrower(why)) => {
                    Status::Narrower(format!("{member}: {why}"))
                }
                (Status::Exact, other) => Status::Wider(format!("{member}: {}", other.why())),
                (known, _) => known,
            }
        }),
        Grant::Device(_, pattern) => devices::status(pattern.as_literal().as_ref()),
        Grant::Directory(kind, _) => match worth(
            match kind {
                ringfence_policy::grant::DirectoryKind::Runtime => "RuntimeDirectory",
                _ => "StateDirectory",
            },
            draft,
        ) {
            Status::Exact => Status::Exact,
            other => Status::Extern(format!("it has to be made: {}", other.why())),
        },
        Grant::Private(_) | Grant::Family(_) | Grant::Capability(_) => Status::Exact,
        Grant::Bind(endpoint) => network::status(endpoint, true, draft),
        Grant::Connect(endpoint) => network::status(endpoint, false, draft),
        Grant::Dns if network::asks_itself(draft) => {
            Status::Wider("every port of the loopback, where the host's resolver is".to_owned())
        }
        Grant::Dns => Status::Wider(
            "every address and port: where the resolver is, only the host knows".to_owned(),
        ),
        Grant::Netlink(protocol) => match worth("RestrictAddressFamilies", draft) {
            Status::Exact => Status::Wider(format!(
                "every netlink protocol, not only {}",
                protocol.word()
            )),
            other => other,
        },
        Grant::Peer(address) => {
            network::abstract_status(address).unwrap_or_else(|| view::peer_status(address))
        }
        Grant::Listen(address) => listen_status(address, draft),
        Grant::Syscall(name) => match worth("SystemCallFilter", draft) {
            Status::Exact => calls::status(name.as_str(), draft),
            other => other,
        },
        Grant::Namespace(_) => worth("RestrictNamespaces", draft),
        Grant::Privilege(privilege) => privilege_status(*privilege),
        Grant::Resource(resource, amount) => resource_status(*resource, *amount, draft),
        Grant::Secret(name) => {
            let secret = draft.manifest.secrets.iter().find(|own| own.name == *name);
            secrets::status(secret, draft)
        }
        _ => Status::None("this back end has not heard of it".to_owned()),
    }
}

fn user_status(user: &User, draft: &Draft<'_>) -> Status {
    let unit_user = draft.packaged.and_then(|unit| unit.last("User"));
    match (user, unit_user) {
        (User::Dynamic, _) => worth("DynamicUser", draft),
        (User::Root, Some(name)) if !["", "root", "0"].contains(&name) => {
            Status::Narrower(format!("the unit starts as {name}, which is left as it is"))
        }
        _ => Status::Exact,
    }
}

fn file_status(
    access: FileAccess,
    pattern: &ringfence_policy::pattern::PathPattern,
    draft: &Draft<'_>,
) -> Status {
    let whole = pattern.literal_prefix();
    match whole.components().next() {
        Some(b"proc") if kernel::shows_all_of_proc(draft) => {
            Status::Wider("all of /proc beside the processes is shown".to_owned())
        }
        Some(b"sys") => Status::Wider("all of /sys can be read".to_owned()),
        _ if matches!(access, FileAccess::Append | FileAccess::Write)
            && arrange::log_place(&whole).is_some() =>
        {
            Status::Wider(
                "all of /var/log, as far as the modes of files let it: a rotated log is another file"
                    .to_owned(),
            )
        }
        _ => {
            let wider = pattern.as_literal().is_none();
            view::status(access, wider.then_some(&whole), draft)
        }
    }
}

fn listen_status(address: &PeerAddress, draft: &Draft<'_>) -> Status {
    if let Some(status) = network::abstract_status(address) {
        return status;
    }
    let listen = draft
        .manifest
        .listens
        .iter()
        .find(|listen| listen.address == *address);
    let handed = listen.is_some_and(whole::is_handed_over);
    if handed && draft.packaged.is_none() {
        return Status::Extern(
            "a .socket unit makes it, and the service has to take it over: sd_listen_fds(3)"
                .to_owned(),
        );
    }
    if listen.is_some_and(|listen| !listen.clients.is_empty()) {
        return Status::Wider(
            "every client that its mode lets in: a server's unit cannot name its clients"
                .to_owned(),
        );
    }
    Status::Exact
}

fn privilege_status(privilege: Privilege) -> Status {
    match privilege {
        Privilege::Signal => Status::Wider(
            "any process of its own user, and with CAP_KILL anyone's: no directive names processes"
                .to_owned(),
        ),
        Privilege::Ptrace => Status::Wider(
            "any process of its own user that can be seen: no directive names processes".to_owned(),
        ),
        _ => Status::Exact,
    }
}

fn resource_status(resource: Resource, amount: Amount, draft: &Draft<'_>) -> Status {
    if let Some(status) = limits::left_to_unit(draft, resource, amount) {
        return status;
    }
    if amount == Amount::Unlimited {
        return Status::Exact;
    }
    match resource {
        Resource::MemoryMax => worth("MemoryMax", draft),
        Resource::TasksMax => worth("TasksMax", draft),
        Resource::CpuQuota => worth("CPUQuota", draft),
        Resource::RuntimeMax => worth("RuntimeMaxSec", draft),
        Resource::TmpMax => Status::None(
            "a private /tmp lies on the host's file system, which alone can bound it".to_owned(),
        ),
        _ => Status::Exact,
    }
}
