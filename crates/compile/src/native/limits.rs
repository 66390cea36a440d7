//! Limits of resources: cgroup v2 where it has the controller, else v1, else what rlimits can hold.

use ringfence_policy::grant::{Amount, Grant, Privilege, Resource};
use ringfence_policy::policy::Policy;

use super::compile::has;
use super::plan::{Identity, Limits, Namespaces, StartUser};
use super::target::Target;

/// Descriptors of a process about which the policy says nothing.
const FILES: u64 = 1024;
/// Processes and threads of a service about which the policy says nothing.
const TASKS: u64 = 256;
/// Bytes in private directories about which the policy says nothing, as tmpfs(5) takes it.
const PRIVATE: &str = "10%";

/// How many tasks are set-up's own: the one that reaps.
const OWN_TASKS: u64 = 1;

pub(super) fn amount(policy: &Policy, resource: Resource) -> Option<Amount> {
    policy.expanded().find_map(|grant| match grant {
        Grant::Resource(own, amount) if *own == resource => Some(*amount),
        _ => None,
    })
}

fn limit(policy: &Policy, resource: Resource, default: Option<u64>) -> Option<u64> {
    match amount(policy, resource) {
        Some(Amount::Limit(number)) => Some(number),
        Some(Amount::Unlimited) => None,
        None => default,
    }
}

pub(super) fn limits(
    policy: &Policy,
    target: &Target,
    namespaces: Namespaces,
    identity: &Identity,
) -> Limits {
    let memory = limit(policy, Resource::MemoryMax, None);
    let tasks = limit(policy, Resource::TasksMax, Some(TASKS));
    let grouped = |name| target.has_controller(name) || target.has_legacy_controller(name);
    let memory_cgroup = grouped("memory");
    let counted = counts_processes(target, namespaces, identity);
    // Making a v1 group takes a part of the time that a start takes, which the bound that nobody asked for
    // is not worth where RLIMIT_NPROC holds it.
    let asked = amount(policy, Resource::TasksMax).is_some();
    let pids_cgroup = target.has_controller("pids") || (grouped("pids") && (asked || !counted));
    Limits {
        memory_max: memory.filter(|_| memory_cgroup),
        data: memory.filter(|_| !memory_cgroup),
        tasks_max: tasks
            .filter(|_| pids_cgroup)
            .map(|tasks| tasks.saturating_add(OWN_TASKS)),
        processes: tasks.filter(|_| !pids_cgroup && counted),
        cpu_quota: limit(policy, Resource::CpuQuota, None).filter(|_| grouped("cpu")),
        files: limit(policy, Resource::Nofile, Some(FILES)),
        locked: (!has(policy, Privilege::Mlock)).then_some(0),
        core: (!has(policy, Privilege::Coredump)).then_some(0),
        seconds: limit(policy, Resource::RuntimeMax, None),
    }
}

/// Whether `RLIMIT_NPROC` counts the service's own processes and nobody else's.
///
/// The kernel counts per user id and user namespace, and does not hold the host's root to it.
pub(super) fn counts_processes(
    target: &Target,
    namespaces: Namespaces,
    identity: &Identity,
) -> bool {
    match identity.user {
        StartUser::Root => false,
        StartUser::Dynamic => true,
        StartUser::Own | StartUser::Named(_) => {
            namespaces.user && (target.uid != 0 || target.privileged)
        }
    }
}

pub(super) fn private_size(policy: &Policy) -> String {
    match amount(policy, Resource::TmpMax) {
        Some(Amount::Limit(bytes)) => bytes.to_string(),
        Some(Amount::Unlimited) => "100%".to_owned(),
        None => match amount(policy, Resource::MemoryMax) {
            Some(Amount::Limit(bytes)) => bytes.to_string(),
            _ => PRIVATE.to_owned(),
        },
    }
}
