//! What can it exhaust?

use super::sentence;
use crate::load::Unit;

/// A resource: what is said of it without a limit, the settings that limit it, the newest first, and what it
/// is called with one.
const RESOURCES: [(&str, &[&str], &str); 4] = [
    ("memory", &["MemoryMax", "MemoryLimit"], "of memory"),
    ("tasks", &["TasksMax"], "tasks"),
    ("CPU time", &["CPUQuota"], "of a CPU"),
    (
        "disk bandwidth",
        &["IOWriteBandwidthMax", "BlockIOWriteBandwidth"],
        "of disk bandwidth",
    ),
];

pub(super) fn answer(unit: &Unit) -> String {
    let (mut bounded, mut free) = (Vec::new(), Vec::new());
    for (resource, keys, called) in RESOURCES {
        match limit(unit, keys) {
            Some(limit) => bounded.push(format!("{limit} {called}")),
            // Without a line of its own a unit has DefaultTasksMax=, which is 15 per cent of what there is.
            None if resource == "tasks" && !is_unbounded(unit, "TasksMax") => {
                bounded.push("the manager's default of tasks".to_owned());
            }
            None => free.push(resource.to_owned()),
        }
    }
    let mut parts = Vec::new();
    if !free.is_empty() {
        parts.push(format!("all {}", sentence(&free)));
    }
    if !bounded.is_empty() {
        parts.push(format!("at most {}", sentence(&bounded)));
    }
    let mut answer = parts.join("; ");
    if is_spared(unit) {
        answer.push_str("; killed last when memory runs out");
    }
    answer
}

/// The limit that counts, of settings of which the first that is set wins.
fn limit<'a>(unit: &'a Unit, keys: &'a [&str]) -> Option<&'a str> {
    let set = keys.iter().find_map(|key| unit.last("Service", key))?;
    let value = set.value.as_str();
    (!value.is_empty() && !is_infinite(value)).then_some(value)
}

fn is_unbounded(unit: &Unit, key: &str) -> bool {
    unit.last("Service", key)
        .is_some_and(|setting| is_infinite(&setting.value))
}

fn is_infinite(value: &str) -> bool {
    value == "infinity" || value == "100%"
}

fn is_spared(unit: &Unit) -> bool {
    let adjustment = unit.last("Service", "OOMScoreAdjust");
    let adjustment = adjustment.and_then(|setting| setting.value.parse::<i32>().ok());
    adjustment.is_some_and(|adjustment| adjustment <= -900)
}
