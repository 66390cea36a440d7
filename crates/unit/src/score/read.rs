//! The settings that count, and how a unit's lines become a [`Service`].

use std::path::Path;
use std::sync::LazyLock;

use super::finding::Ignored;
use super::profile::Profile;
use super::reader::Reader;
use super::refusal::{Reason, Refusal};
use super::service::Service;
use super::settings::capability::Capabilities;
use super::settings::choice::Choice;
use super::settings::flag::Flag;
use super::settings::{
    account, address, bus_name, command, delegate, device, exit_status, host_name, image, path,
    umask,
};
use crate::load::{Setting, Unit};
use crate::specifier::{Host, Specifiers};
use crate::word::boolean;

/// What a setting's value is.
enum Kind {
    /// On or off. Anything else is ignored.
    Flag(Flag),
    /// One of a few words. Anything else is ignored.
    Choice(Choice),
    /// Something that asks for a mount namespace unless it is empty.
    Mounts,
    /// A value of its own kind. What is wrong with it is ignored.
    Value(fn(&mut Service, &str, &mut Reader<'_>)),
    /// A value of its own kind. What is wrong with it stops the file.
    Strict(fn(&mut Service, &str, &mut Reader<'_>) -> Result<(), Reason>),
}

use Kind::{Choice as Word, Flag as Bool, Mounts, Strict, Value};

/// The settings of `[Service]` that count, sorted.
#[rustfmt::skip]
const SERVICE: &[(&str, Kind)] = &[
    ("AmbientCapabilities", Value(|s, v, r| s.ambient.assign(v, Capabilities::NONE, r))),
    ("AppArmorProfile", Strict(|_, v, r| label(v, r))),
    ("BindPaths", Mounts),
    ("BindReadOnlyPaths", Mounts),
    ("BusName", Value(|s, v, r| bus_name::assign(&mut s.bus_name, v, r))),
    ("CapabilityBoundingSet", Value(|s, v, r| s.bounding.assign(v, Capabilities::all(r.profile), r))),
    ("Delegate", Value(|s, v, r| delegate::assign(&mut s.delegate, v, r))),
    ("DeviceAllow", Value(|s, v, r| device::assign(&mut s.devices, v, r))),
    ("DevicePolicy", Word(Choice::DevicePolicy)),
    ("DynamicUser", Strict(|s, v, _| dynamic_user(s, v))),
    ("ExecCondition", Strict(|_, v, r| command::assign(&mut 0, v, r))),
    ("ExecPaths", Mounts),
    ("ExecReload", Strict(|_, v, r| command::assign(&mut 0, v, r))),
    ("ExecReloadPost", Strict(reload_post)),
    ("ExecStart", Strict(|s, v, r| command::assign(&mut s.commands.start, v, r))),
    ("ExecStartPost", Strict(|_, v, r| command::assign(&mut 0, v, r))),
    ("ExecStartPre", Strict(|_, v, r| command::assign(&mut 0, v, r))),
    ("ExecStop", Strict(|s, v, r| command::assign(&mut s.commands.stop, v, r))),
    ("ExecStopPost", Strict(|_, v, r| command::assign(&mut 0, v, r))),
    ("ExitType", Word(Choice::ExitType)),
    ("ExtensionDirectories", Mounts),
    ("ExtensionImages", Mounts),
    ("Group", Strict(|s, v, r| account::assign(&mut s.group, v, r))),
    ("IPAddressAllow", Value(|s, v, r| s.ip_access.allow.assign(v, r))),
    ("IPAddressDeny", Value(|s, v, r| s.ip_access.deny.assign(v, r))),
    ("IPEgressFilterPath", Value(|s, v, r| address::filter(&mut s.ip_access.egress, v, r))),
    ("IPIngressFilterPath", Value(|s, v, r| address::filter(&mut s.ip_access.ingress, v, r))),
    ("ImportCredential", Value(import_credential)),
    ("InaccessibleDirectories", Mounts),
    ("InaccessiblePaths", Mounts),
    ("KeyringMode", Word(Choice::KeyringMode)),
    ("KillMode", Word(Choice::KillMode)),
    ("LoadCredential", Value(|s, v, r| s.credentials.load(v, false, r))),
    ("LoadCredentialEncrypted", Value(|s, v, r| s.credentials.load(v, true, r))),
    ("LockPersonality", Bool(Flag::LockPersonality)),
    ("LogNamespace", Mounts),
    ("MemoryDenyWriteExecute", Bool(Flag::MemoryDenyWriteExecute)),
    ("MountImages", Value(|s, v, r| image::assign(&mut s.mount_images, v, r))),
    ("NoExecPaths", Mounts),
    ("NoNewPrivileges", Bool(Flag::NoNewPrivileges)),
    ("NotifyAccess", Word(Choice::NotifyAccess)),
    ("PAMName", Value(pam_name)),
    ("PrivateDevices", Bool(Flag::PrivateDevices)),
    ("PrivateMounts", Value(private_mounts)),
    ("PrivateNetwork", Bool(Flag::PrivateNetwork)),
    ("PrivatePIDs", Value(private_pids)),
    ("PrivateTmp", Word(Choice::PrivateTmp)),
    ("PrivateUsers", Word(Choice::PrivateUsers)),
    ("ProcSubset", Word(Choice::ProcSubset)),
    ("ProtectClock", Bool(Flag::ProtectClock)),
    ("ProtectControlGroups", Word(Choice::ProtectControlGroups)),
    ("ProtectHome", Word(Choice::ProtectHome)),
    ("ProtectHostname", Value(protect_hostname)),
    ("ProtectKernelLogs", Bool(Flag::ProtectKernelLogs)),
    ("ProtectKernelModules", Bool(Flag::ProtectKernelModules)),
    ("ProtectKernelTunables", Bool(Flag::ProtectKernelTunables)),
    ("ProtectProc", Word(Choice::ProtectProc)),
    ("ProtectSystem", Word(Choice::ProtectSystem)),
    ("ReadOnlyDirectories", Mounts),
    ("ReadOnlyPaths", Mounts),
    ("ReadWriteDirectories", Mounts),
    ("ReadWritePaths", Mounts),
    ("RemainAfterExit", Bool(Flag::RemainAfterExit)),
    ("RemoveIPC", Bool(Flag::RemoveIpc)),
    ("Restart", Word(Choice::Restart)),
    ("RestartForceExitStatus", Value(|s, v, r| exit_status::assign(&mut s.restart_statuses, v, r))),
    ("RestrictAddressFamilies", Value(|s, v, r| s.address_families.assign(v, r))),
    ("RestrictNamespaces", Value(|s, v, r| s.namespaces.assign(v, r))),
    ("RestrictRealtime", Bool(Flag::RestrictRealtime)),
    ("RestrictSUIDSGID", Bool(Flag::RestrictSuidSgid)),
    ("RootDirectory", Strict(|s, v, r| path::assign(&mut s.root_directory, v, r))),
    ("RootImage", Strict(|s, v, r| path::assign(&mut s.root_image, v, r))),
    ("RootMStack", Strict(root_stack)),
    ("RootVerity", Strict(|_, v, r| path::assign(&mut None, v, r))),
    ("SELinuxContext", Strict(|_, v, r| label(v, r))),
    ("SetCredential", Value(|s, v, r| s.credentials.set(v, false, r))),
    ("SetCredentialEncrypted", Value(|s, v, r| s.credentials.set(v, true, r))),
    ("SmackProcessLabel", Strict(|_, v, r| label(v, r))),
    ("SupplementaryGroups", Strict(|s, v, r| account::extend(&mut s.supplementary_groups, v, r))),
    ("SystemCallArchitectures", Value(|s, v, r| s.architectures.assign(v, r))),
    ("SystemCallFilter", Value(|s, v, r| s.system_calls.assign(v, r))),
    ("TemporaryFileSystem", Mounts),
    ("Type", Word(Choice::Type)),
    ("UMask", Value(mask)),
    ("User", Strict(|s, v, r| account::assign(&mut s.user, v, r))),
    ("WorkingDirectory", Strict(|s, v, r| s.working_directory.assign(v, r))),
];

/// The settings of `[Unit]` that count, sorted.
const UNIT: &[(&str, Kind)] = &[
    ("DefaultDependencies", Bool(Flag::DefaultDependencies)),
    ("SuccessAction", Word(Choice::SuccessAction)),
];

/// What a unit's lines came to.
pub(crate) struct Read {
    /// The settings as they stand, nothing implied yet.
    pub service: Service,
    /// The line that stopped the main file.
    pub refusal: Option<Refusal>,
    /// What was ignored.
    pub ignored: Vec<Ignored>,
}

/// Applies a unit's lines one after another.
///
/// A line that stops a drop-in takes the rest of that drop-in with it. Of a main file that stops the rest is
/// read all the same: nobody will load it, but it can be scored for what it says.
pub(crate) fn read(unit: &Unit, profile: &Profile) -> Read {
    let mut reader = reader(unit, profile);
    let mut read = Read {
        service: Service::unset(profile),
        refusal: None,
        ignored: Vec::new(),
    };
    let mut stopped = None;
    for setting in unit.settings() {
        if stopped == Some(setting.file) {
            continue;
        }
        let result = assign(
            &mut read.service,
            &setting.section,
            &setting.key,
            &setting.value,
            &mut reader,
        );
        for word in reader.take_ignored() {
            read.ignored.push(Ignored::new(setting, word));
        }
        match result {
            Ok(()) => {}
            Err(reason) if setting.file == 0 => {
                read.refusal
                    .get_or_insert_with(|| refuse(unit, setting, reason));
            }
            Err(_) => stopped = Some(setting.file),
        }
    }
    read
}

/// Applies further lines of `[Service]` to a service of this unit, as a drop-in would.
pub(crate) fn apply(service: &mut Service, lines: &str, unit: &Unit, profile: &Profile) {
    let mut reader = reader(unit, profile);
    for (key, value) in lines.lines().filter_map(|line| line.split_once('=')) {
        if assign(service, "Service", key, value, &mut reader).is_err() {
            return;
        }
    }
}

/// A host like any other: what a specifier stands for does not change a score, but that it is one does.
fn host(profile: &Profile) -> &'static Host {
    static OLDER: LazyLock<Host> = LazyLock::new(Host::default);
    static WITH_SHARED_DATA: LazyLock<Host> = LazyLock::new(|| Host {
        shared_data: Some("/usr/share".to_owned()),
        ..Host::default()
    });
    if profile.since(256) {
        &WITH_SHARED_DATA
    } else {
        &OLDER
    }
}

fn reader<'a>(unit: &'a Unit, profile: &'a Profile) -> Reader<'a> {
    let specifiers = Specifiers {
        unit: &unit.name,
        file: unit.files.first().map_or(Path::new("/"), |file| &file.path),
        host: host(profile),
    };
    Reader::new(profile, specifiers)
}

fn refuse(unit: &Unit, setting: &Setting, reason: Reason) -> Refusal {
    Refusal::Line {
        file: unit
            .file_of(setting)
            .map(|file| file.path.clone())
            .unwrap_or_default(),
        at: setting.value_at,
        key: setting.key.clone(),
        reason,
    }
}

fn assign(
    service: &mut Service,
    section: &str,
    key: &str,
    value: &str,
    reader: &mut Reader<'_>,
) -> Result<(), Reason> {
    let settings = match section {
        "Service" => SERVICE,
        "Unit" => UNIT,
        _ => return Ok(()),
    };
    let place = settings
        .binary_search_by(|(known, _)| (*known).cmp(key))
        .ok();
    match place.and_then(|place| settings.get(place)) {
        None => {}
        Some((_, Kind::Flag(flag))) => match boolean(value) {
            Some(on) => service.flags.set(*flag, on),
            None => reader.ignored(value),
        },
        Some((_, Kind::Choice(choice))) => match choice.read(value, reader.profile) {
            Some(word) => service.choices.set(*choice, word),
            None => reader.ignored(value),
        },
        Some((key, Mounts)) => {
            if value.is_empty() {
                service.mounts.remove(key);
            } else {
                service.mounts.insert(key);
            }
        }
        Some((_, Value(read))) => read(service, value, reader),
        Some((_, Strict(read))) => read(service, value, reader)?,
    }
    Ok(())
}

fn dynamic_user(service: &mut Service, value: &str) -> Result<(), Reason> {
    let on = boolean(value).ok_or_else(|| Reason::Boolean {
        value: value.to_owned(),
    })?;
    service.flags.set(Flag::DynamicUser, on);
    Ok(())
}

/// From 254 an empty value takes back what was said before.
fn private_mounts(service: &mut Service, value: &str, reader: &mut Reader<'_>) {
    match boolean(value) {
        Some(on) => service.private_mounts = Some(on),
        None if value.is_empty() && reader.profile.since(254) => service.private_mounts = None,
        None => reader.ignored(value),
    }
}

/// Known from 254.
fn import_credential(service: &mut Service, value: &str, reader: &mut Reader<'_>) {
    if reader.profile.since(254) {
        service.credentials.import(value, reader);
    }
}

/// Known from 257.
fn private_pids(service: &mut Service, value: &str, reader: &mut Reader<'_>) {
    let known = Choice::PrivatePids.read(value, reader.profile);
    if let Some(word) = known.filter(|_| reader.profile.since(257)) {
        service.choices.set(Choice::PrivatePids, word);
    } else {
        reader.ignored(value);
    }
}

fn protect_hostname(service: &mut Service, value: &str, reader: &mut Reader<'_>) {
    match host_name::read(value, reader) {
        Some(word) => service.choices.set(Choice::ProtectHostname, word),
        None => reader.ignored(value),
    }
}

fn mask(service: &mut Service, value: &str, reader: &mut Reader<'_>) {
    match umask::read(value) {
        Some(mask) => service.umask = mask,
        None => reader.ignored(value),
    }
}

/// A value with bad specifiers is ignored.
fn pam_name(service: &mut Service, value: &str, reader: &mut Reader<'_>) {
    match reader.expand(value) {
        Ok(name) => service.pam_name = !name.is_empty(),
        Err(_) => reader.ignored(value),
    }
}

/// Known from 259.
fn reload_post(_: &mut Service, value: &str, reader: &mut Reader<'_>) -> Result<(), Reason> {
    if reader.profile.since(259) {
        command::assign(&mut 0, value, reader)?;
    }
    Ok(())
}

/// Known from 260.
fn root_stack(service: &mut Service, value: &str, reader: &mut Reader<'_>) -> Result<(), Reason> {
    if reader.profile.since(260) {
        path::assign(&mut service.root_stack, value, reader)?;
    }
    Ok(())
}

/// A label of a security module: only bad specifiers are wrong with it, and a leading `-` forgives them.
fn label(value: &str, reader: &Reader<'_>) -> Result<(), Reason> {
    if !value.starts_with('-') {
        reader.expand(value)?;
    }
    Ok(())
}

/// The settings of `[Service]` that count.
#[cfg(test)]
pub(super) fn keys() -> Vec<&'static str> {
    SERVICE.iter().map(|(key, _)| *key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_for_searching() {
        assert!(SERVICE.is_sorted_by_key(|(key, _)| *key));
        assert!(UNIT.is_sorted_by_key(|(key, _)| *key));
    }
}
