//! Protections in the wrong section, or misspelled. systemd says so in its log, and starts the service.

use super::{Finding, Rule};
use crate::load::{Setting, Unit};

/// What protects, and its like: near enough to them is a misspelling. Sorted.
const PROTECTIONS: [&str; 93] = [
    "AmbientCapabilities",
    "AppArmorProfile",
    "BindPaths",
    "BindReadOnlyPaths",
    "CPUQuota",
    "CPUWeight",
    "CacheDirectory",
    "CapabilityBoundingSet",
    "ConfigurationDirectory",
    "DelegateControllers",
    "DeviceAllow",
    "DevicePolicy",
    "DynamicUser",
    "ExecPaths",
    "ExecSearchPath",
    "ExtensionDirectories",
    "ExtensionImages",
    "Group",
    "IOReadBandwidthMax",
    "IOWeight",
    "IOWriteBandwidthMax",
    "IPAddressAllow",
    "IPAddressDeny",
    "IPCNamespacePath",
    "IPEgressFilterPath",
    "IPIngressFilterPath",
    "InaccessiblePaths",
    "KeyringMode",
    "LimitAS",
    "LimitCORE",
    "LimitFSIZE",
    "LimitMEMLOCK",
    "LimitNOFILE",
    "LimitNPROC",
    "LoadCredential",
    "LoadCredentialEncrypted",
    "LockPersonality",
    "LogsDirectory",
    "MemoryDenyWriteExecute",
    "MemoryHigh",
    "MemoryLow",
    "MemoryMax",
    "MemoryMin",
    "MemorySwapMax",
    "MountAPIVFS",
    "MountFlags",
    "MountImages",
    "NetworkNamespacePath",
    "NoExecPaths",
    "NoNewPrivileges",
    "NotifyAccess",
    "PrivateBPF",
    "PrivateDevices",
    "PrivateIPC",
    "PrivateMounts",
    "PrivateNetwork",
    "PrivatePIDs",
    "PrivateTmp",
    "PrivateUsers",
    "ProcSubset",
    "ProtectClock",
    "ProtectControlGroups",
    "ProtectHome",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
    "ProtectProc",
    "ProtectSystem",
    "ReadOnlyPaths",
    "ReadWritePaths",
    "RemoveIPC",
    "RestrictAddressFamilies",
    "RestrictFileSystems",
    "RestrictNamespaces",
    "RestrictNetworkInterfaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "RootDirectory",
    "RootImage",
    "RuntimeDirectory",
    "SecureBits",
    "SetCredential",
    "SetCredentialEncrypted",
    "SocketBindAllow",
    "SocketBindDeny",
    "StateDirectory",
    "SupplementaryGroups",
    "SystemCallArchitectures",
    "SystemCallErrorNumber",
    "SystemCallFilter",
    "TasksMax",
    "TemporaryFileSystem",
];

/// Settings that exist and are nearly spelled like a protection.
const NEIGHBORS: [&str; 4] = [
    "MemoryAccounting",
    "TasksAccounting",
    "SystemCallLog",
    "UMask",
];

pub(super) fn findings(unit: &Unit) -> Vec<Finding> {
    unit.settings().iter().filter_map(about).collect()
}

fn about(setting: &Setting) -> Option<Finding> {
    let known = PROTECTIONS.contains(&setting.key.as_str());
    if setting.section.starts_with("X-") || setting.key.starts_with("X-") {
        return None;
    }
    if known && ["Unit", "Install"].contains(&setting.section.as_str()) {
        return Some(Finding::about(
            setting,
            Rule::UnknownSetting,
            format!("{}= has no effect in [{}]", setting.key, setting.section),
            "move it to [Service]",
        ));
    }
    if known || setting.section != "Service" || NEIGHBORS.contains(&setting.key.as_str()) {
        return None;
    }
    let near = PROTECTIONS
        .iter()
        .find(|name| is_near(name, &setting.key))?;
    Some(Finding::about(
        setting,
        Rule::UnknownSetting,
        format!(
            "there is no setting {}=, so the line is ignored",
            setting.key
        ),
        format!("write {near}="),
    ))
}

/// Whether a name is another in other case, or with one letter changed, added, left out or moved by one place.
fn is_near(name: &str, typed: &str) -> bool {
    if name.eq_ignore_ascii_case(typed) {
        return true;
    }
    let name: Vec<char> = name.chars().collect();
    let typed: Vec<char> = typed.chars().collect();
    let (short, long) = if name.len() <= typed.len() {
        (&name, &typed)
    } else {
        (&typed, &name)
    };
    // A short name has too many neighbors that mean something else.
    if short.len() < 7 || long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let after = |list: &[char], skip: usize| list.get(same + skip..).unwrap_or_default().to_vec();
    if short.len() < long.len() {
        return after(short, 0) == after(long, 1);
    }
    let swapped = short.get(same) == long.get(same + 1) && short.get(same + 1) == long.get(same);
    after(short, 1) == after(long, 1) || (swapped && after(short, 2) == after(long, 2))
}
