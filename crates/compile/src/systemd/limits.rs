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
            Some(amount) if !is_left_to_unit(draft, resource, amount) => {
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

/// Whether the unit names its own number of descriptors, and a higher one: whoever packaged it knows how
/// many clients it is to serve, which no workload shows.
pub(super) fn is_left_to_unit(draft: &Draft<'_>, resource: Resource, amount: Amount) -> bool {
    let Some(set) = draft.packaged.and_then(|unit| unit.last("LimitNOFILE")) else {
        return false;
    };
    let own = set
        .rsplit(':')
        .next()
        .map(|hard| hard.parse().map_or(Amount::Unlimited, Amount::Limit));
    resource == Resource::Nofile && own > Some(amount)
}

fn is_oneshot(draft: &Draft<'_>) -> bool {
    match draft.packaged {
        Some(unit) => unit.last("Type") == Some("oneshot"),
        None => draft.manifest.service.kind == Kind::Oneshot,
    }
}
