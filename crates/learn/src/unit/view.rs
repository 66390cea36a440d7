//! Whether a unit sees other files than the host does.

use ringfence_unit::load::Unit;

/// Settings with which the service manager gives a unit a mount namespace of its own; see systemd.exec(5). The
/// list may be too long but not too short: what is in the namespace anyway can be shown there once more.
const OWN_VIEW: [&str; 38] = [
    "BindPaths",
    "BindReadOnlyPaths",
    "DynamicUser",
    "ExecPaths",
    "ExtensionDirectories",
    "ExtensionImages",
    "ImportCredential",
    "InaccessibleDirectories",
    "InaccessiblePaths",
    "IPCNamespacePath",
    "LoadCredential",
    "LoadCredentialEncrypted",
    "LogNamespace",
    "MountAPIVFS",
    "MountFlags",
    "MountImages",
    "NoExecPaths",
    "PrivateDevices",
    "PrivateIPC",
    "PrivateMounts",
    "PrivatePIDs",
    "PrivateTmp",
    "ProcSubset",
    "ProtectControlGroups",
    "ProtectHome",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
    "ProtectProc",
    "ProtectSystem",
    "ReadOnlyDirectories",
    "ReadOnlyPaths",
    "ReadWriteDirectories",
    "ReadWritePaths",
    "RootDirectory",
    "RootImage",
    "SetCredential",
    "TemporaryFileSystem",
];

/// Whether the unit has a mount view of its own, in which paths of the host may lead nowhere.
pub fn has_own_view(unit: &Unit) -> bool {
    OWN_VIEW.iter().any(|key| {
        unit.last("Service", key)
            .is_some_and(|setting| !is_off(&setting.value))
    })
}

fn is_off(value: &str) -> bool {
    let value = value.trim();
    ["", "0", "no", "n", "false", "f", "off"]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word))
}
