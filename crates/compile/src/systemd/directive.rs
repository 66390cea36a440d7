//! The directives that we write: since when systemd knows them, and what they need to have an effect.
//!
//! systemd starts a unit whose directives it cannot carry out, most of them without a word. So a directive
//! being in a unit proves nothing; this table says when it is worth anything.

use crate::coverage::Status;

use super::target::{CgroupMode, Target};

/// What a directive needs on the host to have an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing that a host with systemd could lack.
    Nothing,
    /// A system call filter.
    Seccomp,
    /// A filter of system calls, or from systemd 254 and Linux 6.3 on a flag of the process.
    WriteExecute,
    /// A BPF program on the control group that systemd makes with libbpf.
    Bpf,
    /// The same, and BPF among the security modules.
    BpfLsm,
    /// A BPF program on the control group that systemd makes by itself.
    IpFilter,
    /// A controller.
    Controller(&'static str),
    /// Options of proc(5) that hold for one mount, which Linux has from 5.8 on.
    OwnProc,
}

/// A directive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Directive {
    /// Its name.
    pub(super) key: &'static str,
    /// Its row in a coverage.
    pub(super) id: &'static str,
    /// The first version of systemd that knows it; 0 for older than anything that matters.
    pub(super) since: u32,
    /// Whether several lines add up, so that what is there must be reset first.
    pub(super) list: bool,
    need: Need,
}

const fn one(key: &'static str, id: &'static str, since: u32, need: Need) -> Directive {
    Directive {
        key,
        id,
        since,
        list: false,
        need,
    }
}

const fn list(key: &'static str, id: &'static str, since: u32, need: Need) -> Directive {
    Directive {
        list: true,
        ..one(key, id, since, need)
    }
}

/// Sorted by key. The versions are those of systemd's manual pages and NEWS.
#[rustfmt::skip]
const TABLE: &[Directive] = &[
    list("AmbientCapabilities", "ambient-capabilities", 229, Need::Nothing),
    one("BindPaths", "bind-paths", 233, Need::Nothing),
    one("BindReadOnlyPaths", "bind-read-only-paths", 233, Need::Nothing),
    one("CPUQuota", "cpu-quota", 213, Need::Controller("cpu")),
    one("CacheDirectory", "cache-directory", 235, Need::Nothing),
    list("CapabilityBoundingSet", "capability-bounding-set", 0, Need::Nothing),
    list("DeviceAllow", "device-allow", 208, Need::Nothing),
    one("DevicePolicy", "device-policy", 208, Need::Nothing),
    one("DynamicUser", "dynamic-user", 232, Need::Nothing),
    one("EnvironmentFile", "environment-file", 0, Need::Nothing),
    list("ExecPaths", "exec-paths", 248, Need::Nothing),
    one("Group", "group", 0, Need::Nothing),
    list("IPAddressAllow", "ip-address-allow", 235, Need::IpFilter),
    list("IPAddressDeny", "ip-address-deny", 235, Need::IpFilter),
    one("InaccessiblePaths", "inaccessible-paths", 231, Need::Nothing),
    one("KeyringMode", "keyring-mode", 235, Need::Nothing),
    one("LimitCORE", "limit-core", 0, Need::Nothing),
    one("LimitMEMLOCK", "limit-memlock", 0, Need::Nothing),
    one("LimitNOFILE", "limit-nofile", 0, Need::Nothing),
    one("LoadCredential", "load-credential", 247, Need::Nothing),
    one("LoadCredentialEncrypted", "load-credential-encrypted", 250, Need::Nothing),
    one("LockPersonality", "lock-personality", 235, Need::Seccomp),
    one("LogsDirectory", "logs-directory", 235, Need::Nothing),
    one("MemoryDenyWriteExecute", "memory-deny-write-execute", 231, Need::WriteExecute),
    one("MemoryMax", "memory-max", 231, Need::Controller("memory")),
    list("NoExecPaths", "no-exec-paths", 248, Need::Nothing),
    one("NoNewPrivileges", "no-new-privileges", 187, Need::Nothing),
    one("PIDFile", "pid-file", 0, Need::Nothing),
    one("PrivateBPF", "private-bpf", 258, Need::Nothing),
    one("PrivateDevices", "private-devices", 209, Need::Nothing),
    one("PrivateIPC", "private-ipc", 248, Need::Nothing),
    one("PrivateMounts", "private-mounts", 239, Need::Nothing),
    one("PrivateNetwork", "private-network", 0, Need::Nothing),
    one("PrivateTmp", "private-tmp", 0, Need::Nothing),
    one("PrivateUsers", "private-users", 232, Need::Nothing),
    one("ProcSubset", "proc-subset", 247, Need::OwnProc),
    one("ProtectClock", "protect-clock", 245, Need::Nothing),
    one("ProtectControlGroups", "protect-control-groups", 232, Need::Nothing),
    one("ProtectHome", "protect-home", 214, Need::Nothing),
    one("ProtectHostname", "protect-hostname", 242, Need::Nothing),
    one("ProtectKernelLogs", "protect-kernel-logs", 244, Need::Nothing),
    one("ProtectKernelModules", "protect-kernel-modules", 232, Need::Nothing),
    one("ProtectKernelTunables", "protect-kernel-tunables", 232, Need::Nothing),
    one("ProtectProc", "protect-proc", 247, Need::OwnProc),
    one("ProtectSystem", "protect-system", 232, Need::Nothing),
    list("ReadOnlyPaths", "read-only-paths", 231, Need::Nothing),
    list("ReadWritePaths", "read-write-paths", 231, Need::Nothing),
    one("RemoveIPC", "remove-ipc", 232, Need::Nothing),
    list("RestrictAddressFamilies", "restrict-address-families", 211, Need::Seccomp),
    list("RestrictFileSystems", "restrict-file-systems", 250, Need::BpfLsm),
    list("RestrictNamespaces", "restrict-namespaces", 233, Need::Seccomp),
    one("RestrictRealtime", "restrict-realtime", 231, Need::Seccomp),
    one("RestrictSUIDSGID", "restrict-suid-sgid", 242, Need::Seccomp),
    one("RuntimeDirectory", "runtime-directory", 211, Need::Nothing),
    one("RuntimeDirectoryMode", "runtime-directory-mode", 234, Need::Nothing),
    one("RuntimeMaxSec", "runtime-max", 229, Need::Nothing),
    list("SocketBindAllow", "socket-bind-allow", 249, Need::Bpf),
    list("SocketBindDeny", "socket-bind-deny", 249, Need::Bpf),
    one("StateDirectory", "state-directory", 235, Need::Nothing),
    list("SupplementaryGroups", "supplementary-groups", 0, Need::Nothing),
    list("SystemCallArchitectures", "system-call-architectures", 209, Need::Seccomp),
    one("SystemCallErrorNumber", "system-call-error-number", 209, Need::Seccomp),
    list("SystemCallFilter", "system-call-filter", 187, Need::Seccomp),
    one("TasksMax", "tasks-max", 227, Need::Controller("pids")),
    list("TemporaryFileSystem", "temporary-file-system", 238, Need::Nothing),
    one("TimeoutStartSec", "timeout-start", 188, Need::Nothing),
    one("UMask", "umask", 0, Need::Nothing),
    one("User", "user", 0, Need::Nothing),
];

/// The directive of this name; `None` for one that we never decide.
pub(super) fn directive(key: &str) -> Option<&'static Directive> {
    let at = TABLE.binary_search_by_key(&key, |own| own.key).ok()?;
    TABLE.get(at)
}

impl Directive {
    /// Whether the target's systemd knows it.
    pub(super) fn is_known(&self, target: &Target) -> bool {
        self.since <= target.version
    }

    /// What it is worth on the target: exact, inert or lost.
    pub(super) fn worth(&self, target: &Target) -> Status {
        if !self.is_known(target) {
            return Status::Lost(format!(
                "{}= came with systemd {}, the target has {}",
                self.key, self.since, target.version
            ));
        }
        match self.missing(target) {
            None => Status::Exact,
            Some(why) => Status::Inert(format!("{}= is accepted and ignored: {why}", self.key)),
        }
    }

    fn missing(&self, target: &Target) -> Option<String> {
        let seccomp = || {
            (!target.libseccomp).then(|| "systemd cannot find libseccomp on the target".to_owned())
        };
        let bpf = || {
            if !target.bpf_framework {
                Some("systemd was built without BPF_FRAMEWORK".to_owned())
            } else if !target.libbpf {
                Some("libbpf is not installed".to_owned())
            } else if target.cgroups != CgroupMode::Unified {
                Some("control groups are not of version 2".to_owned())
            } else {
                None
            }
        };
        match self.need {
            Need::Nothing => None,
            Need::WriteExecute if target.version >= 254 && target.kernel_is(6, 3) => None,
            Need::Seccomp | Need::WriteExecute => seccomp(),
            Need::Bpf => bpf(),
            Need::BpfLsm => bpf().or_else(|| {
                let has = target.lsm.iter().any(|own| own == "bpf");
                (!has).then(|| "the kernel was booted without bpf in lsm=".to_owned())
            }),
            Need::IpFilter => (target.cgroups != CgroupMode::Unified)
                .then(|| "it needs control groups of version 2 alone".to_owned()),
            Need::Controller(name) => {
                let has = target.controllers.iter().any(|own| own == name);
                (!has).then(|| format!("units have no {name} controller"))
            }
            Need::OwnProc => (!target.kernel_is(5, 8)).then(|| "it needs Linux 5.8".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_each_row_once() {
        assert!(TABLE.is_sorted_by(|a, b| a.key < b.key));
        let mut ids: Vec<_> = TABLE.iter().map(|own| own.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), TABLE.len());
    }
}
