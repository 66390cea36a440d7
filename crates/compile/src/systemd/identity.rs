//! Who the service is, and what it may do by that.

use ringfence_policy::grant::{Capability, Grant, PeerAddress, Privilege, User};

use crate::coverage::Status;

use crate::native::calls::is_learned;

use super::draft::Draft;

/// Capabilities that mean something within the user namespace of a unit too. The others reach for things
/// of the host's user namespace: its files, ports and devices.
const OWN: [&str; 1] = ["CAP_SETPCAP"];

pub(super) fn put(draft: &mut Draft<'_>) {
    user(draft);
    capabilities(draft);
    user_namespace(draft);
}

fn user(draft: &mut Draft<'_>) {
    let user = draft.policy.grants().find_map(|grant| match grant {
        Grant::User(user) => Some(user.clone()),
        _ => None,
    });
    let unit_user = draft.packaged.and_then(|unit| {
        let name = unit.last("User").filter(|name| !name.is_empty());
        name.map(str::to_owned)
    });
    let unit_dynamic = draft.packaged.is_some_and(|unit| unit.is_on("DynamicUser"));
    match user.unwrap_or(User::Dynamic) {
        User::Dynamic if unit_dynamic => {}
        User::Dynamic => {
            draft.group("service.user dynamic");
            if unit_user.is_some() {
                draft.put("User", "");
            }
            if draft
                .packaged
                .is_some_and(|unit| unit.last("Group").is_some())
            {
                draft.put("Group", "");
            }
            draft.put("DynamicUser", "yes");
        }
        User::Named(name) => {
            draft.group(format!("service.user {name}"));
            if unit_dynamic {
                draft.put("DynamicUser", "no");
            }
            if unit_user.as_deref() != Some(name.as_str()) {
                draft.put("User", name);
            }
        }
        // A unit that names a user and starts its program with `!` is root's all the same, and one that
        // does not is narrower than the policy: both are the unit's own business.
        User::Root => {}
    }
    let groups: Vec<_> = draft
        .policy
        .grants()
        .filter_map(|grant| match grant {
            Grant::Group(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    draft.group("service.group");
    draft.clear("SupplementaryGroups");
    draft.put_list("SupplementaryGroups", groups);
}

/// The capabilities that the policy grants.
pub(super) fn granted(draft: &Draft<'_>) -> Vec<Capability> {
    draft
        .policy
        .expanded()
        .filter_map(|grant| match grant {
            Grant::Capability(capability) => Some(*capability),
            _ => None,
        })
        .collect()
}

fn capabilities(draft: &mut Draft<'_>) {
    let mut own: Vec<_> = granted(draft)
        .iter()
        .map(|capability| capability.name().to_owned())
        .collect();
    if signals_another_user(draft) && !own.iter().any(|name| name == "CAP_KILL") {
        own.push("CAP_KILL".to_owned());
        draft.record(
            "commands",
            Status::Wider(
                "the unit's kill(1) is root's, and the service is another user by then: CAP_KILL \
                 is left to root's processes of the unit"
                    .to_owned(),
            ),
        );
    }
    draft.group(if own.is_empty() {
        "no process.capability"
    } else {
        "process.capability"
    });
    let ambient = !draft.is_root() && !own.is_empty();
    // An empty line takes away every capability; what follows gives some back.
    draft.line("CapabilityBoundingSet", String::new());
    if !own.is_empty() {
        draft.line("CapabilityBoundingSet", own.join(" "));
    }
    draft.record("capability-bounding-set", Status::Exact);
    draft.clear("AmbientCapabilities");
    if ambient {
        draft.put("AmbientCapabilities", own.join(" "));
    }
    if draft.has(Privilege::NewPrivileges) {
        draft.permit("NoNewPrivileges", "no");
    } else {
        draft.deny("NoNewPrivileges", "yes");
    }
}

/// Whether a command of the unit signals a service that has become another user.
fn signals_another_user(draft: &Draft<'_>) -> bool {
    let drops = |grant: &Grant| matches!(grant, Grant::DropsTo(_));
    draft.is_root() && draft.policy.grants().any(drops) && has_kill(draft)
}

/// Whether a command of the unit inside of the sandbox is kill(1), and nobody has watched it: what was
/// learned has the calls and capabilities that the unit's commands need.
pub(super) fn has_kill(draft: &Draft<'_>) -> bool {
    if is_learned(draft.policy) {
        return false;
    }
    let is_kill = |program: &ringfence_policy::path::AbsPath| {
        [b"kill".as_slice(), b"start-stop-daemon"]
            .contains(&program.file_name().unwrap_or_default())
    };
    draft.packaged.is_some_and(|unit| {
        unit.commands()
            .iter()
            .any(|command| !command.is_unconfined() && command.programs.iter().any(is_kill))
    })
}

fn user_namespace(draft: &mut Draft<'_>) {
    let why = host_user_namespace(draft);
    match why {
        None => draft.deny("PrivateUsers", "yes"),
        Some(why) => {
            draft.permit("PrivateUsers", "no");
            draft.record("private-users", Status::None(why.to_owned()));
        }
    }
}

/// Why the service has to live in the host's user namespace, if it has to.
fn host_user_namespace(draft: &Draft<'_>) -> Option<&'static str> {
    if draft.is_root() {
        return Some("root needs the users and files of the host");
    }
    if granted(draft)
        .iter()
        .any(|capability| !OWN.contains(&capability.name()))
    {
        return Some("a granted capability must hold on the host");
    }
    let starts_as_root = draft.packaged.is_some_and(|unit| {
        unit.commands()
            .iter()
            .any(super::packaged::Command::starts_as_root)
    });
    if starts_as_root {
        return Some("a command of the unit starts as root");
    }
    let serves = |grant: &Grant| matches!(grant, Grant::Listen(PeerAddress::Path(_)));
    if draft.policy.grants().any(serves) {
        return Some("in its own user namespace it could not tell its clients apart (SO_PEERCRED)");
    }
    if draft.has(Privilege::Mount) || draft.has(Privilege::Tunables) {
        return Some("what is granted of the kernel is the host's");
    }
    None
}
