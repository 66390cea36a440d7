//! How much a service may use up.

use ringfence_policy::grant::{Amount, Grant, Privilege, Resource};
use ringfence_policy::manifest::Kind;

use crate::coverage::Status;

use super::draft::Draft;

/// Processes and threads of a service about which the policy says nothing.
const TASKS: u64 = 256;

pub(super) fn amount(draft: &Draft<'_>, resource: Resource) -> Option<Amount> {
    draft.policy.expanded().find_map(|grant| match grant {
        Grant::Resource(own, amount) if *own == resource => Some(*amount),
        _ => None,
    })
}

pub(super) fn put(draft: &mut Draft<'_>) {
    draft.group("resources");
    for (resource, key) in [
        (Resource::MemoryMax, "MemoryMax"),
        (Resource::TasksMax, "TasksMax"),
        (Resource::Nofile, "LimitNOFILE"),
    ] {
        match amount(draft, resource) {
            Some(amount) if left_to_unit(draft, resource, amount).is_none() => {
                draft.put(key, word(resource, amount));
            }
            None if resource == Resource::TasksMax => tasks(draft),
            None if resource == Resource::MemoryMax => draft.record(
                "memory-max",
                Status::None("the policy names no memory_max".to_owned()),
            ),
            _ => {}
        }
    }
    if let Some(Amount::Limit(percent)) = amount(draft, Resource::CpuQuota) {
        draft.put("CPUQuota", format!("{percent}%"));
    }
    if let Some(Amount::Limit(seconds)) = amount(draft, Resource::RuntimeMax) {
        // The time of a oneshot is all start.
        let key = if is_oneshot(draft) {
            "TimeoutStartSec"
        } else {
            "RuntimeMaxSec"
        };
        draft.put(key, seconds.to_string());
    }
    if draft.has(Privilege::Coredump) {
        draft.permit("LimitCORE", "infinity");
    } else {
        draft.deny("LimitCORE", "0");
    }
    if draft.has(Privilege::Mlock) {
        draft.permit("LimitMEMLOCK", "infinity");
    } else {
        draft.deny("LimitMEMLOCK", "0");
    }
}

fn tasks(draft: &mut Draft<'_>) {
    if draft
        .packaged
        .and_then(|unit| unit.last("TasksMax"))
        .is_none()
    {
        draft.deny("TasksMax", TASKS.to_string());
    }
}

/// An amount as systemd takes it: only sizes may have a unit.
fn word(resource: Resource, amount: Amount) -> String {
    match amount {
        Amount::Limit(_) if resource.is_bytes() => amount.to_string(),
        Amount::Limit(number) => number.to_string(),
        Amount::Unlimited => "infinity".to_owned(),
    }
}

/// What the unit's own limit makes of a grant, when it stays: a tighter one is never loosened, and whoever
/// packaged the unit knows how many descriptors its clients take, which no workload shows.
pub(super) fn left_to_unit(
    draft: &Draft<'_>,
    resource: Resource,
    amount: Amount,
) -> Option<Status> {
    let key = match resource {
        Resource::MemoryMax => "MemoryMax",
        Resource::TasksMax => "TasksMax",
        Resource::Nofile => "LimitNOFILE",
        _ => return None,
    };
    let set = draft.packaged?.last(key)?;
    // A limit of a process may have two values; the second bounds the first.
    let own = match set.rsplit(':').next().unwrap_or(set) {
        "infinity" => Amount::Unlimited,
        number => number.parse().ok()?,
    };
    if own < amount {
        let why = format!("{key}={set} of the unit is tighter, and stays");
        return Some(Status::Narrower(why));
    }
    (resource == Resource::Nofile && own > amount)
        .then(|| Status::Wider(format!("{key}={set} of the unit is left as it is")))
}

fn is_oneshot(draft: &Draft<'_>) -> bool {
    match draft.packaged {
        Some(unit) => unit.last("Type") == Some("oneshot"),
        None => draft.manifest.service.kind == Kind::Oneshot,
    }
}
