//! The 81 rows, in the order of `systemd-analyze security`, with its names, weights and ranges.

use super::row::Rule::{Asked, Bounding, Calls, Chosen, Off, Own, Unprivileged};
use super::row::Rule::{Family as Socket, Namespace as Make};
use super::row::{Row, row};
use crate::score::profile::{Model, Profile};
use crate::score::service::Service;
use crate::score::settings::address_family::Family;
use crate::score::settings::capability::Capabilities;
use crate::score::settings::choice::Choice;
use crate::score::settings::flag::Flag;
use crate::score::settings::namespace::Namespace;
use crate::score::settings::{account, umask};

/// The rows: name, JSON field, weight, range, rule, remedies, and what the service may do when it is bad.
#[rustfmt::skip]
pub const ROWS: [Row; 81] = [
    row("User=/DynamicUser=", "UserOrDynamicUser", 2000, 10, Own(user), &["DynamicUser=yes", "User=\nDynamicUser=yes"], "run as root, or as a user that others are too"),
    row("SupplementaryGroups=", "SupplementaryGroups", 200, 1, Unprivileged(|service| u32::from(!service.supplementary_groups.is_empty())), &["SupplementaryGroups="], "use what more groups may"),
    row("PrivateDevices=", "PrivateDevices", 1000, 1, Off(Flag::PrivateDevices), &["PrivateDevices=yes"], "reach hardware"),
    row("PrivateMounts=", "PrivateMounts", 1000, 1, Asked(private_mounts), &["PrivateMounts=yes"], "mount file systems that everyone sees"),
    row("PrivateNetwork=", "PrivateNetwork", 2500, 1, Off(Flag::PrivateNetwork), &["PrivateNetwork=yes"], "use the network of the host"),
    row("PrivateTmp=", "PrivateTmp", 1000, 1, Chosen(Choice::PrivateTmp), &["PrivateTmp=yes"], "see everyone's temporary files").with_default_dependencies(),
    row("PrivateUsers=", "PrivateUsers", 1000, 1, Chosen(Choice::PrivateUsers), &["PrivateUsers=yes"], "act as other users of the host"),
    row("ProtectControlGroups=", "ProtectControlGroups", 1000, 1, Chosen(Choice::ProtectControlGroups), &["ProtectControlGroups=yes"], "change control groups"),
    row("ProtectKernelModules=", "ProtectKernelModules", 1000, 1, Off(Flag::ProtectKernelModules), &["ProtectKernelModules=yes"], "load and read kernel modules"),
    row("ProtectKernelTunables=", "ProtectKernelTunables", 1000, 1, Off(Flag::ProtectKernelTunables), &["ProtectKernelTunables=yes"], "change variables of the kernel"),
    row("ProtectKernelLogs=", "ProtectKernelLogs", 1000, 1, Off(Flag::ProtectKernelLogs), &["ProtectKernelLogs=yes"], "read and clear the log of the kernel"),
    row("ProtectClock=", "ProtectClock", 1000, 1, Off(Flag::ProtectClock), &["ProtectClock=yes"], "set the clock"),
    row("ProtectHome=", "ProtectHome", 1000, 10, Chosen(Choice::ProtectHome), &["ProtectHome=yes"], "reach the homes of users").with_default_dependencies(),
    row("ProtectHostname=", "ProtectHostname", 50, 1, Chosen(Choice::ProtectHostname), &["ProtectHostname=yes"], "rename the host"),
    row("ProtectSystem=", "ProtectSystem", 1000, 10, Chosen(Choice::ProtectSystem), &["ProtectSystem=strict"], "write to the system's files").with_default_dependencies(),
    row("RootDirectory=/RootImage=", "RootDirectoryOrRootImage", 200, 1, Own(|service| u32::from(!service.has_own_root())), &["RootDirectory=/srv/%N"], "see the root directory of the host").with_default_dependencies(),
    row("LockPersonality=", "LockPersonality", 100, 1, Off(Flag::LockPersonality), &["LockPersonality=yes"], "change how the kernel treats old programs"),
    row("MemoryDenyWriteExecute=", "MemoryDenyWriteExecute", 100, 1, Off(Flag::MemoryDenyWriteExecute), &["MemoryDenyWriteExecute=yes"], "run memory that it wrote"),
    row("NoNewPrivileges=", "NoNewPrivileges", 1000, 1, Off(Flag::NoNewPrivileges), &["NoNewPrivileges=yes"], "gain privileges from set-user-ID programs"),
    row("CapabilityBoundingSet=~CAP_SYS_ADMIN", "CapabilityBoundingSet_CAP_SYS_ADMIN", 1500, 1, Bounding(Capabilities::named(&["SYS_ADMIN"])), &["CapabilityBoundingSet=~CAP_SYS_ADMIN"], "administrate nearly everything"),
    row("CapabilityBoundingSet=~CAP_SET(UID|GID|PCAP)", "CapabilityBoundingSet_CAP_SET_UID_GID_PCAP", 1500, 1, Bounding(Capabilities::named(&["SETUID", "SETGID", "SETPCAP"])), &["CapabilityBoundingSet=~CAP_SETUID CAP_SETGID CAP_SETPCAP"], "become another user"),
    row("CapabilityBoundingSet=~CAP_SYS_PTRACE", "CapabilityBoundingSet_CAP_SYS_PTRACE", 1500, 1, Bounding(Capabilities::named(&["SYS_PTRACE"])), &["CapabilityBoundingSet=~CAP_SYS_PTRACE"], "inspect and steer other processes"),
    row("CapabilityBoundingSet=~CAP_SYS_TIME", "CapabilityBoundingSet_CAP_SYS_TIME", 1000, 1, Bounding(Capabilities::named(&["SYS_TIME"])), &["CapabilityBoundingSet=~CAP_SYS_TIME"], "set the clock by system call"),
    row("CapabilityBoundingSet=~CAP_NET_ADMIN", "CapabilityBoundingSet_CAP_NET_ADMIN", 1000, 1, Bounding(Capabilities::named(&["NET_ADMIN"])), &["CapabilityBoundingSet=~CAP_NET_ADMIN"], "configure the network"),
    row("CapabilityBoundingSet=~CAP_SYS_RAWIO", "CapabilityBoundingSet_CAP_SYS_RAWIO", 1000, 1, Bounding(Capabilities::named(&["SYS_RAWIO"])), &["CapabilityBoundingSet=~CAP_SYS_RAWIO"], "talk to hardware directly"),
    row("CapabilityBoundingSet=~CAP_SYS_MODULE", "CapabilityBoundingSet_CAP_SYS_MODULE", 1000, 1, Bounding(Capabilities::named(&["SYS_MODULE"])), &["CapabilityBoundingSet=~CAP_SYS_MODULE"], "load kernel modules by system call"),
    row("CapabilityBoundingSet=~CAP_AUDIT_*", "CapabilityBoundingSet_CAP_AUDIT", 500, 1, Bounding(Capabilities::named(&["AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE"])), &["CapabilityBoundingSet=~CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_AUDIT_WRITE"], "read and change what is audited"),
    row("CapabilityBoundingSet=~CAP_SYSLOG", "CapabilityBoundingSet_CAP_SYSLOG", 500, 1, Bounding(Capabilities::named(&["SYSLOG"])), &["CapabilityBoundingSet=~CAP_SYSLOG"], "read the log of the kernel by system call"),
    row("CapabilityBoundingSet=~CAP_SYS_(NICE|RESOURCE)", "CapabilityBoundingSet_CAP_SYS_NICE_RESOURCE", 500, 1, Bounding(Capabilities::named(&["SYS_NICE", "SYS_RESOURCE"])), &["CapabilityBoundingSet=~CAP_SYS_NICE CAP_SYS_RESOURCE"], "raise its priority and its limits"),
    row("CapabilityBoundingSet=~CAP_MKNOD", "CapabilityBoundingSet_CAP_MKNOD", 500, 1, Bounding(Capabilities::named(&["MKNOD"])), &["CapabilityBoundingSet=~CAP_MKNOD"], "make device nodes"),
    row("CapabilityBoundingSet=~CAP_(CHOWN|FSETID|SETFCAP)", "CapabilityBoundingSet_CAP_CHOWN_FSETID_SETFCAP", 1000, 1, Bounding(Capabilities::named(&["CHOWN", "FSETID", "SETFCAP"])), &["CapabilityBoundingSet=~CAP_CHOWN CAP_FSETID CAP_SETFCAP"], "give files other owners and capabilities"),
    row("CapabilityBoundingSet=~CAP_(DAC_*|FOWNER|IPC_OWNER)", "CapabilityBoundingSet_CAP_DAC_FOWNER_IPC_OWNER", 1000, 1, Bounding(Capabilities::named(&["DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "IPC_OWNER"])), &["CapabilityBoundingSet=~CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_IPC_OWNER"], "ignore the permissions of files"),
    row("CapabilityBoundingSet=~CAP_KILL", "CapabilityBoundingSet_CAP_KILL", 500, 1, Bounding(Capabilities::named(&["KILL"])), &["CapabilityBoundingSet=~CAP_KILL"], "send signals to others' processes"),
    row("CapabilityBoundingSet=~CAP_NET_(BIND_SERVICE|BROADCAST|RAW)", "CapabilityBoundingSet_CAP_NET_BIND_SERVICE_BROADCAST_RAW)", 500, 1, Bounding(Capabilities::named(&["NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW"])), &["CapabilityBoundingSet=~CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_RAW"], "use low ports and raw sockets"),
    row("CapabilityBoundingSet=~CAP_SYS_BOOT", "CapabilityBoundingSet_CAP_SYS_BOOT", 100, 1, Bounding(Capabilities::named(&["SYS_BOOT"])), &["CapabilityBoundingSet=~CAP_SYS_BOOT"], "reboot"),
    row("CapabilityBoundingSet=~CAP_MAC_*", "CapabilityBoundingSet_CAP_MAC", 100, 1, Bounding(Capabilities::named(&["MAC_ADMIN", "MAC_OVERRIDE"])), &["CapabilityBoundingSet=~CAP_MAC_ADMIN CAP_MAC_OVERRIDE"], "change mandatory access control"),
    row("CapabilityBoundingSet=~CAP_LINUX_IMMUTABLE", "CapabilityBoundingSet_CAP_LINUX_IMMUTABLE", 75, 1, Bounding(Capabilities::named(&["LINUX_IMMUTABLE"])), &["CapabilityBoundingSet=~CAP_LINUX_IMMUTABLE"], "change immutable files"),
    row("CapabilityBoundingSet=~CAP_IPC_LOCK", "CapabilityBoundingSet_CAP_IPC_LOCK", 50, 1, Bounding(Capabilities::named(&["IPC_LOCK"])), &["CapabilityBoundingSet=~CAP_IPC_LOCK"], "keep memory from being swapped"),
    row("CapabilityBoundingSet=~CAP_SYS_CHROOT", "CapabilityBoundingSet_CAP_SYS_CHROOT", 50, 1, Bounding(Capabilities::named(&["SYS_CHROOT"])), &["CapabilityBoundingSet=~CAP_SYS_CHROOT"], "change its root directory"),
    row("CapabilityBoundingSet=~CAP_BLOCK_SUSPEND", "CapabilityBoundingSet_CAP_BLOCK_SUSPEND", 25, 1, Bounding(Capabilities::named(&["BLOCK_SUSPEND"])), &["CapabilityBoundingSet=~CAP_BLOCK_SUSPEND"], "keep the machine awake"),
    row("CapabilityBoundingSet=~CAP_WAKE_ALARM", "CapabilityBoundingSet_CAP_WAKE_ALARM", 25, 1, Bounding(Capabilities::named(&["WAKE_ALARM"])), &["CapabilityBoundingSet=~CAP_WAKE_ALARM"], "wake the machine"),
    row("CapabilityBoundingSet=~CAP_LEASE", "CapabilityBoundingSet_CAP_LEASE", 25, 1, Bounding(Capabilities::named(&["LEASE"])), &["CapabilityBoundingSet=~CAP_LEASE"], "take leases on others' files"),
    row("CapabilityBoundingSet=~CAP_SYS_TTY_CONFIG", "CapabilityBoundingSet_CAP_SYS_TTY_CONFIG", 25, 1, Bounding(Capabilities::named(&["SYS_TTY_CONFIG"])), &["CapabilityBoundingSet=~CAP_SYS_TTY_CONFIG"], "hang up terminals"),
    row("CapabilityBoundingSet=~CAP_SYS_PACCT", "CapabilityBoundingSet_CAP_SYS_PACCT", 25, 1, Bounding(Capabilities::named(&["SYS_PACCT"])), &["CapabilityBoundingSet=~CAP_SYS_PACCT"], "switch process accounting"),
    row("CapabilityBoundingSet=~CAP_BPF", "CapabilityBoundingSet_CAP_BPF", 25, 1, Bounding(Capabilities::named(&["BPF"])), &["CapabilityBoundingSet=~CAP_BPF"], "load programs into the kernel"),
    row("UMask=", "UMask", 100, 10, Own(|service| umask::badness(service.umask)), &["UMask=0077"], "make files that others can use"),
    row("KeyringMode=", "KeyringMode", 1000, 1, Chosen(Choice::KeyringMode), &["KeyringMode=private"], "share keys with other services"),
    row("ProtectProc=", "ProtectProc", 1000, 3, Chosen(Choice::ProtectProc), &["ProtectProc=invisible"], "see others' processes"),
    row("ProcSubset=", "ProcSubset", 10, 1, Chosen(Choice::ProcSubset), &["ProcSubset=pid"], "read about more than processes in /proc"),
    row("NotifyAccess=", "NotifyAccess", 1000, 1, Chosen(Choice::NotifyAccess), &["NotifyAccess=main"], "change its state from any of its processes"),
    row("RemoveIPC=", "RemoveIPC", 100, 1, Unprivileged(|service| u32::from(!service.has(Flag::RemoveIpc))), &["RemoveIPC=yes"], "leave shared memory behind"),
    row("Delegate=", "Delegate", 100, 1, Own(|service| u32::from(service.delegate)), &["Delegate=no"], "manage its control group"),
    row("RestrictRealtime=", "RestrictRealtime", 500, 1, Off(Flag::RestrictRealtime), &["RestrictRealtime=yes"], "take the processor with real-time priority"),
    row("RestrictSUIDSGID=", "RestrictSUIDSGID", 1000, 1, Off(Flag::RestrictSuidSgid), &["RestrictSUIDSGID=yes"], "make set-user-ID programs"),
    row("RestrictNamespaces=~user", "RestrictNamespaces_user", 1500, 1, Make(Namespace::User), &["RestrictNamespaces=~user"], "make user namespaces"),
    row("RestrictNamespaces=~mnt", "RestrictNamespaces_mnt", 500, 1, Make(Namespace::Mount), &["RestrictNamespaces=~mnt"], "make mount namespaces"),
    row("RestrictNamespaces=~ipc", "RestrictNamespaces_ipc", 500, 1, Make(Namespace::Ipc), &["RestrictNamespaces=~ipc"], "make IPC namespaces"),
    row("RestrictNamespaces=~pid", "RestrictNamespaces_pid", 500, 1, Make(Namespace::Pid), &["RestrictNamespaces=~pid"], "make process namespaces"),
    row("RestrictNamespaces=~cgroup", "RestrictNamespaces_cgroup", 500, 1, Make(Namespace::Cgroup), &["RestrictNamespaces=~cgroup"], "make control group namespaces"),
    row("RestrictNamespaces=~net", "RestrictNamespaces_net", 500, 1, Make(Namespace::Network), &["RestrictNamespaces=~net"], "make network namespaces"),
    row("RestrictNamespaces=~uts", "RestrictNamespaces_uts", 100, 1, Make(Namespace::Uts), &["RestrictNamespaces=~uts"], "make host name namespaces"),
    row("RestrictAddressFamilies=~AF_(INET|INET6)", "RestrictAddressFamilies_AF_INET_INET6", 1500, 1, Socket(Family::Inet), &["RestrictAddressFamilies=~AF_INET AF_INET6"], "open internet sockets"),
    row("RestrictAddressFamilies=~AF_UNIX", "RestrictAddressFamilies_AF_UNIX", 25, 1, Socket(Family::Unix), &["RestrictAddressFamilies=~AF_UNIX"], "open local sockets"),
    row("RestrictAddressFamilies=~AF_NETLINK", "RestrictAddressFamilies_AF_NETLINK", 200, 1, Socket(Family::Netlink), &["RestrictAddressFamilies=~AF_NETLINK"], "talk to the kernel over netlink"),
    row("RestrictAddressFamilies=~AF_PACKET", "RestrictAddressFamilies_AF_PACKET", 1000, 1, Socket(Family::Packet), &["RestrictAddressFamilies=~AF_PACKET"], "open packet sockets"),
    row("RestrictAddressFamilies=~…", "RestrictAddressFamilies_OTHER", 1250, 1, Socket(Family::Other), &["RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET", "RestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"], "open sockets of rare families"),
    row("SystemCallArchitectures=", "SystemCallArchitectures", 1000, 10, Own(|service| service.architectures.badness()), &["SystemCallArchitectures=native", "SystemCallArchitectures=\nSystemCallArchitectures=native"], "make system calls of other architectures"),
    row("SystemCallFilter=~@swap", "SystemCallFilter_swap", 1000, 10, Calls("@swap"), &["SystemCallFilter=~@swap"], "switch swapping"),
    row("SystemCallFilter=~@obsolete", "SystemCallFilter_obsolete", 250, 10, Calls("@obsolete"), &["SystemCallFilter=~@obsolete"], "make system calls that nobody needs"),
    row("SystemCallFilter=~@clock", "SystemCallFilter_clock", 1000, 10, Calls("@clock"), &["SystemCallFilter=~@clock"], "set the clock"),
    row("SystemCallFilter=~@cpu-emulation", "SystemCallFilter_cpu_emulation", 250, 10, Calls("@cpu-emulation"), &["SystemCallFilter=~@cpu-emulation"], "emulate old processors"),
    row("SystemCallFilter=~@debug", "SystemCallFilter_debug", 1000, 10, Calls("@debug"), &["SystemCallFilter=~@debug"], "debug and trace"),
    row("SystemCallFilter=~@mount", "SystemCallFilter_mount", 1000, 10, Calls("@mount"), &["SystemCallFilter=~@mount"], "mount file systems"),
    row("SystemCallFilter=~@module", "SystemCallFilter_module", 1000, 10, Calls("@module"), &["SystemCallFilter=~@module"], "load kernel modules"),
    row("SystemCallFilter=~@raw-io", "SystemCallFilter_raw_io", 1000, 10, Calls("@raw-io"), &["SystemCallFilter=~@raw-io"], "talk to hardware"),
    row("SystemCallFilter=~@reboot", "SystemCallFilter_reboot", 1000, 10, Calls("@reboot"), &["SystemCallFilter=~@reboot"], "reboot"),
    row("SystemCallFilter=~@privileged", "SystemCallFilter_privileged", 700, 10, Calls("@privileged"), &["SystemCallFilter=~@privileged"], "make system calls of administrators"),
    row("SystemCallFilter=~@resources", "SystemCallFilter_resources", 700, 10, Calls("@resources"), &["SystemCallFilter=~@resources"], "set priorities and affinities"),
    row("IPAddressDeny=", "IPAddressDeny", 1000, 10, Asked(|service, _, model| service.ip_access.badness(model)), &["IPAddressDeny=any", "IPAddressAllow=\nIPAddressDeny=any"], "reach any address"),
    row("DeviceAllow=", "DeviceAllow", 1000, 10, Own(device_allow), &["DevicePolicy=closed", "DeviceAllow=\nDevicePolicy=closed"], "use any device"),
    row("AmbientCapabilities=", "AmbientCapabilities", 500, 1, Own(|service| u32::from(service.ambient != Capabilities::NONE)), &["AmbientCapabilities="], "start with capabilities that a user does not have"),
];

/// `nobody` is bad because many are it. An account of number 0 that is not called root passes.
fn user(service: &Service) -> u32 {
    match service.user.as_deref() {
        Some("nobody") => 9,
        Some(user) if account::is_root(user) => 10,
        None if !service.has(Flag::DynamicUser) => 10,
        _ => 0,
    }
}

/// Asked about a loaded unit, `systemd-analyze security` adds what other settings imply. Given a file it
/// forgets to, and from 254 takes what is not set for yes.
fn private_mounts(service: &Service, profile: &Profile, model: Model) -> u32 {
    let private = match model {
        Model::Offline => service.private_mounts.unwrap_or(profile.since(254)),
        Model::Manager => service.private_mounts == Some(true) || service.implies_private_mounts(),
    };
    u32::from(!private)
}

/// A list without a policy denies nothing, so it does not count.
fn device_allow(service: &Service) -> u32 {
    match service.choices.of(Choice::DevicePolicy) {
        "auto" => 10,
        _ if service.devices.is_empty() => 0,
        _ => 5,
    }
}
