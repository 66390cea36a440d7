//! What the settings of a service add up to.

use std::collections::BTreeSet;

use super::profile::Profile;
use super::settings::account::is_root;
use super::settings::address::IpAccess;
use super::settings::address_family::AddressFamilies;
use super::settings::architecture::Architectures;
use super::settings::capability::Capabilities;
use super::settings::choice::{Choice, Choices};
use super::settings::command::Commands;
use super::settings::credential::Credentials;
use super::settings::flag::{Flag, Flags};
use super::settings::namespace::Namespaces;
use super::settings::system_call::SystemCallFilter;
use super::settings::working_directory::WorkingDirectory;

/// The settings of a service, as far as they decide its rows or whether it is loaded.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting by itself")]
pub(crate) struct Service {
    pub flags: Flags,
    pub choices: Choices,
    /// `None` is not the same as no: it may be implied.
    pub private_mounts: Option<bool>,

    pub user: Option<String>,
    pub group: Option<String>,
    pub supplementary_groups: Vec<String>,
    pub bounding: Capabilities,
    pub ambient: Capabilities,

    pub umask: u32,
    pub delegate: bool,
    pub namespaces: Namespaces,
    pub address_families: AddressFamilies,
    pub architectures: Architectures,
    pub system_calls: SystemCallFilter,
    pub ip_access: IpAccess,
    pub devices: Vec<String>,

    pub root_directory: Option<String>,
    pub root_image: Option<String>,
    pub root_stack: Option<String>,
    pub mount_images: bool,
    /// The settings that are set and need a mount namespace of its own, without those above.
    pub mounts: BTreeSet<&'static str>,
    pub working_directory: WorkingDirectory,

    pub credentials: Credentials,

    pub commands: Commands,
    pub bus_name: bool,
    pub pam_name: bool,
    pub restart_statuses: bool,
}

impl Service {
    /// A service that nothing is set for.
    pub fn unset(profile: &Profile) -> Self {
        Self {
            flags: Flags::default(),
            choices: Choices::default(),
            private_mounts: None,
            user: None,
            group: None,
            supplementary_groups: Vec::new(),
            bounding: Capabilities::all(profile),
            ambient: Capabilities::NONE,
            umask: 0o022,
            delegate: false,
            namespaces: Namespaces::default(),
            address_families: AddressFamilies::default(),
            architectures: Architectures::default(),
            system_calls: SystemCallFilter::default(),
            ip_access: IpAccess::default(),
            devices: Vec::new(),
            root_directory: None,
            root_image: None,
            root_stack: None,
            mount_images: false,
            mounts: BTreeSet::new(),
            working_directory: WorkingDirectory::default(),
            credentials: Credentials::default(),
            commands: Commands::default(),
            bus_name: false,
            pam_name: false,
            restart_statuses: false,
        }
    }

    /// Whether it is on.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags.has(flag)
    }

    /// Whether the word chosen is another than this.
    pub fn is_not(&self, choice: Choice, word: &str) -> bool {
        self.choices.of(choice) != word
    }

    /// Whether the score takes it to run as root.
    pub fn is_privileged(&self) -> bool {
        match &self.user {
            Some(user) => is_root(user),
            None => !self.has(Flag::DynamicUser),
        }
    }

    /// Whether its root is another directory than everyone's.
    pub fn has_own_root(&self) -> bool {
        let other = |path: &Option<String>| path.as_ref().is_some_and(|path| path != "/");
        other(&self.root_directory) || other(&self.root_image)
    }

    /// Whether the score takes its settings to imply PrivateMounts=yes. They do so for more than these.
    pub fn implies_private_mounts(&self) -> bool {
        let choices = [
            Choice::PrivateTmp,
            Choice::ProtectControlGroups,
            Choice::ProtectHome,
            Choice::ProtectSystem,
        ];
        self.root_image.is_some()
            || self.has(Flag::PrivateDevices)
            || self.has(Flag::ProtectKernelTunables)
            || self.has(Flag::ProtectKernelModules)
            || choices.iter().any(|choice| self.is_not(*choice, "no"))
    }

    /// Whether it gets a mount namespace of its own, as far as the settings alone tell: up to 259 a connected
    /// `/tmp` takes part only once it has been made.
    pub fn needs_mount_namespace(&self, profile: &Profile) -> bool {
        let flags = [
            Flag::PrivateDevices,
            Flag::ProtectKernelLogs,
            Flag::ProtectKernelModules,
            Flag::ProtectKernelTunables,
        ];
        let choices = [
            (Choice::PrivatePids, "no"),
            (Choice::ProcSubset, "all"),
            (Choice::ProtectControlGroups, "no"),
            (Choice::ProtectHome, "no"),
            (Choice::ProtectProc, "default"),
            (Choice::ProtectSystem, "no"),
        ];
        let root =
            self.root_directory.is_some() || self.root_image.is_some() || self.root_stack.is_some();
        let temporary = match self.choices.of(Choice::PrivateTmp) {
            "connected" => profile.since(260),
            word => word != "no",
        };
        root || self.mount_images
            || temporary
            || !self.mounts.is_empty()
            || self
                .private_mounts
                .unwrap_or(self.has(Flag::PrivateNetwork))
            || flags.iter().any(|flag| self.has(*flag))
            || choices
                .iter()
                .any(|(choice, off)| self.is_not(*choice, off))
    }
}
