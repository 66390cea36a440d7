//! What settings bring with them, once everything is read.

use super::profile::Profile;
use super::service::Service;
use super::settings::capability::Capabilities;
use super::settings::choice::Choice;
use super::settings::flag::Flag;

/// The capabilities that settings take out of the bounding set.
const DROPPED: [(Flag, Capabilities); 4] = [
    (
        Flag::PrivateDevices,
        Capabilities::named(&["MKNOD", "SYS_RAWIO"]),
    ),
    (
        Flag::ProtectKernelModules,
        Capabilities::named(&["SYS_MODULE"]),
    ),
    (Flag::ProtectKernelLogs, Capabilities::named(&["SYSLOG"])),
    (
        Flag::ProtectClock,
        Capabilities::named(&["SYS_TIME", "WAKE_ALARM"]),
    ),
];

/// Adds what the settings of a service of this name imply. They win over what was said explicitly.
pub(crate) fn settle(service: &mut Service, name: &str, profile: &Profile) {
    for (flag, capabilities) in DROPPED {
        if service.has(flag) {
            service.bounding.remove(capabilities);
        }
    }
    if service.has(Flag::DynamicUser) {
        settle_dynamic_user(service, name);
    }
    settle_type(service, profile);
    settle_devices(service, profile);
}

/// Nothing of a user that is made up may outlive it, nor may anything lift it above itself.
fn settle_dynamic_user(service: &mut Service, name: &str) {
    // A name that cannot be a user's becomes a hash. Of those only `0` would mean something here.
    let name = if name == "0" { "_du" } else { name };
    service.user.get_or_insert_with(|| name.to_owned());
    if service.choices.of(Choice::PrivateTmp) == "no" {
        service.choices.set(Choice::PrivateTmp, "disconnected");
    }
    if service.choices.of(Choice::ProtectHome) == "no" {
        service.choices.set(Choice::ProtectHome, "read-only");
    }
    service.choices.set(Choice::ProtectSystem, "strict");
    for flag in [
        Flag::RemoveIpc,
        Flag::NoNewPrivileges,
        Flag::RestrictSuidSgid,
    ] {
        service.flags.set(flag, true);
    }
}

fn settle_type(service: &mut Service, profile: &Profile) {
    if !service.choices.of(Choice::Type).is_empty() {
        return;
    }
    let implied = if service.bus_name {
        "dbus"
    } else if service.credentials.any() && profile.since(256) {
        "exec"
    } else if service.commands.start > 0 {
        "simple"
    } else {
        "oneshot"
    };
    service.choices.set(Choice::Type, implied);
}

/// Once there is a policy or a list, devices that other settings need are added to the list. So PrivateDevices=
/// and ProtectClock= together leave the clock in it, and nothing takes it out again.
fn settle_devices(service: &mut Service, profile: &Profile) {
    if service.has(Flag::PrivateDevices) && service.choices.of(Choice::DevicePolicy) == "auto" {
        service.choices.set(Choice::DevicePolicy, "closed");
    }
    if service.choices.of(Choice::DevicePolicy) == "auto" && service.devices.is_empty() {
        return;
    }
    let images =
        service.root_image.is_some() || service.mount_images || service.root_stack.is_some();
    let encrypted = service.credentials.any_encrypted();
    let needed = [
        (images, "block-loop"),
        (service.has(Flag::ProtectClock), "char-rtc"),
        (encrypted && !profile.since(258), "/dev/tpmrm0"),
    ];
    let devices = needed.iter().filter(|(needed, _)| *needed);
    service
        .devices
        .extend(devices.map(|(_, device)| (*device).to_owned()));
}
