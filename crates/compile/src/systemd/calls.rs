//! System calls, as a list of what is allowed.
//!
//! Names, not systemd's sets: a set grows with systemd, and the policy would grow with it. What is not on
//! the list says `EPERM`; from systemd 247 on, what systemd itself has never heard of says `ENOSYS`.

use std::collections::BTreeSet;

use ringfence_policy::grant::{Grant, Namespace};
use ringfence_policy::manifest::SecretForm;

use crate::coverage::Status;
use crate::native::{calls, syscall};

use super::draft::Draft;
use super::identity;

/// Calls that are always allowed, and that the libseccomp of this systemd's time has not heard of: systemd
/// would warn of each at every start. Nothing needs them that old.
const LATE: [(&str, u32); 6] = [
    ("cachestat", 256),
    ("futex_requeue", 257),
    ("futex_wait", 257),
    ("futex_wake", 257),
    ("mseal", 257),
    ("newfstat", u32::MAX),
];

/// Calls that ordinary programs only make to change how they are scheduled or limited. Whoever needs them
/// has learned them.
const SELDOM: [&str; 5] = [
    "sched_setaffinity",
    "sched_setattr",
    "sched_setscheduler",
    "setpriority",
    "setrlimit",
];

/// What our own command makes that puts secrets into a template before the service starts.
const RENDER: [&str; 14] = [
    "fchmod",
    "fstat",
    "ioctl",
    "mkdir",
    "newfstatat",
    "open",
    "openat",
    "poll",
    "prctl",
    "readlink",
    "rename",
    "renameat2",
    "statx",
    "unlink",
];

pub(super) fn put(draft: &mut Draft<'_>) {
    let learned = calls::is_learned(draft.policy);
    draft.group(if learned {
        "process.syscalls"
    } else {
        "no process.syscalls: what ordinary programs call"
    });
    draft.clear("SystemCallFilter");
    let names: Vec<_> = names(draft).into_iter().map(str::to_owned).collect();
    let worth = draft.put_list("SystemCallFilter", names);
    draft.record("system-call-filter", worth);
    draft.deny("SystemCallArchitectures", "native");
    draft.deny("SystemCallErrorNumber", "EPERM");
}

/// The names to allow.
fn names<'a>(draft: &Draft<'a>) -> BTreeSet<&'a str> {
    let target = draft.target;
    let granted = |call: &str| {
        draft
            .policy
            .expanded()
            .any(|grant| matches!(grant, Grant::Syscall(name) if name.as_str() == call))
    };
    let late = |call: &str| {
        LATE.iter()
            .any(|(name, since)| *name == call && target.version < *since)
    };
    let mut names = calls::names(draft.policy, target.arch);
    if !calls::is_learned(draft.policy) {
        names.retain(|call| !SELDOM.contains(call));
    }
    if identity::has_kill(draft) {
        names.insert("kill");
    }
    if draft
        .manifest
        .secrets
        .iter()
        .any(|secret| secret.form == SecretForm::Template)
    {
        names.extend(RENDER);
    }
    // Nobody can look at the flags of clone3(2), so RestrictNamespaces= of systemd 249 and later says that it
    // does not exist, and C libraries go on with clone(2). The error of this list would win over that one,
    // and at EPERM they give up.
    let all_kinds = Namespace::ALL
        .iter()
        .all(|kind| draft.policy.allows(&Grant::Namespace(*kind)));
    if target.version >= 249 || all_kinds {
        names.insert("clone3");
    }
    names.retain(|call| {
        syscall::number(target.arch, call).is_some() && (!late(call) || granted(call))
    });
    names
}

/// How exactly a call is granted.
pub(super) fn status(name: &str, draft: &Draft<'_>) -> Status {
    if syscall::number(draft.target.arch, name).is_none() {
        return Status::Narrower(format!(
            "no call of {} has this name",
            draft.target.arch.name()
        ));
    }
    if names(draft).contains(name) {
        Status::Exact
    } else {
        Status::Narrower("it needs a privilege that is not granted".to_owned())
    }
}
