//! What a service may ask of the kernel, but for system calls by name.

use ringfence_policy::grant::{FileAccess, Grant, Namespace, Privilege};
use ringfence_policy::path::AbsPath;
use ringfence_policy::place;

use crate::coverage::Status;

use super::draft::Draft;

/// A directive, the value that denies, and the privilege that needs it off.
const SWITCHES: [(&str, &str, &str, Privilege); 11] = [
    ("LockPersonality", "yes", "no", Privilege::Personality),
    ("MemoryDenyWriteExecute", "yes", "no", Privilege::Jit),
    ("RestrictRealtime", "yes", "no", Privilege::Realtime),
    ("RestrictSUIDSGID", "yes", "no", Privilege::SetuidFiles),
    ("KeyringMode", "private", "inherit", Privilege::Keyring),
    ("ProtectKernelModules", "yes", "no", Privilege::Modules),
    ("ProtectKernelLogs", "yes", "no", Privilege::Logs),
    ("ProtectClock", "yes", "no", Privilege::Clock),
    ("ProtectControlGroups", "yes", "no", Privilege::Cgroups),
    ("PrivateIPC", "yes", "no", Privilege::SharedMemory),
    ("PrivateBPF", "yes", "no", Privilege::Bpf),
];

pub(super) fn put(draft: &mut Draft<'_>) {
    draft.group("nothing of the kernel that is not granted");
    for (key, on, off, privilege) in SWITCHES {
        if draft.has(privilege) || needs_off(draft, key) {
            draft.permit(key, off);
        } else {
            draft.deny(key, on);
        }
    }
    if draft.has(Privilege::Tunables) || writes_kernel_files(draft) {
        draft.permit("ProtectKernelTunables", "no");
    } else {
        draft.deny("ProtectKernelTunables", "yes");
    }
    if draft.has(Privilege::Hostname) {
        draft.permit("ProtectHostname", "no");
    } else {
        draft.deny("ProtectHostname", "yes");
    }
    namespaces(draft);
    processes(draft);
}

/// Whether a protection takes more than its privilege: a capability that it drops was granted by name.
fn needs_off(draft: &Draft<'_>, key: &str) -> bool {
    let dropped: &[&str] = match key {
        "ProtectKernelModules" => &["CAP_SYS_MODULE"],
        "ProtectKernelLogs" => &["CAP_SYSLOG"],
        "ProtectClock" => &["CAP_SYS_TIME", "CAP_WAKE_ALARM"],
        _ => &[],
    };
    super::identity::granted(draft)
        .iter()
        .any(|capability| dropped.contains(&capability.name()))
}

fn writes_kernel_files(draft: &Draft<'_>) -> bool {
    draft.policy.expanded().any(|grant| match grant {
        Grant::File(FileAccess::Write | FileAccess::Append, pattern) => {
            let path = pattern.literal_prefix();
            path.components().next() == Some(b"sys")
                || place::in_proc(&path) == Some(place::Proc::System)
        }
        _ => false,
    })
}

fn namespaces(draft: &mut Draft<'_>) {
    let allowed: Vec<_> = Namespace::ALL
        .iter()
        .filter(|kind| draft.policy.allows(&Grant::Namespace(**kind)))
        .map(|kind| match kind {
            Namespace::Mount => "mnt",
            other => other.word(),
        })
        .collect();
    if allowed.is_empty() {
        draft.deny("RestrictNamespaces", "yes");
    } else {
        draft.deny("RestrictNamespaces", allowed.join(" "));
    }
}

fn processes(draft: &mut Draft<'_>) {
    if draft.has(Privilege::ProcOthers) {
        draft.permit("ProtectProc", "default");
    } else if draft.is_root() {
        // PrivatePIDs= of systemd 257 would hide them, but makes the service the init of its namespace: a
        // signal that it does not handle is then lost, and SIGTERM is one.
        let worth = draft.put("ProtectProc", "invisible");
        let worth = match worth {
            Status::Exact => Status::Wider(
                "root sees every process of root: only other users' are hidden".to_owned(),
            ),
            other => other,
        };
        draft.record("protect-proc", worth);
    } else {
        draft.deny("ProtectProc", "invisible");
    }
    if shows_all_of_proc(draft) {
        draft.permit("ProcSubset", "all");
    } else {
        draft.deny("ProcSubset", "pid");
    }
}

/// Whether a grant reaches into `/proc` beyond the directories of processes.
pub(super) fn shows_all_of_proc(draft: &Draft<'_>) -> bool {
    let proc = AbsPath::root().join(b"proc");
    draft.has(Privilege::ProcSys)
        || draft.has(Privilege::Tunables)
        || draft.policy.expanded().any(|grant| match grant {
            Grant::File(_, pattern) => {
                let path = pattern.literal_prefix();
                path == proc || place::in_proc(&path) == Some(place::Proc::System)
            }
            _ => false,
        })
}
