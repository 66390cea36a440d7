//! The layers of a plan, so that one can be left out to see whether the others hold.

use serde::Serialize;

use super::plan::Plan;

/// A layer of confinement that stands by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The user namespace.
    UserNamespace,
    /// The root of its own.
    MountView,
    /// The pid namespace.
    PidNamespace,
    /// The network namespace.
    NetNamespace,
    /// The IPC namespace.
    IpcNamespace,
    /// The UTS namespace.
    UtsNamespace,
    /// The cgroup namespace.
    CgroupNamespace,
    /// Landlock.
    Landlock,
    /// The system call filter and the denial of memory that is written and executed.
    Seccomp,
    /// The dropped capabilities and `no_new_privs`.
    Capabilities,
    /// Resource limits and cgroup.
    Limits,
    /// The change of user.
    Identity,
}

impl Layer {
    /// Every layer.
    pub const ALL: [Self; 12] = [
        Self::UserNamespace,
        Self::MountView,
        Self::PidNamespace,
        Self::NetNamespace,
        Self::IpcNamespace,
        Self::UtsNamespace,
        Self::CgroupNamespace,
        Self::Landlock,
        Self::Seccomp,
        Self::Capabilities,
        Self::Limits,
        Self::Identity,
    ];

    /// Its id: stable and kebab-case.
    pub const fn id(self) -> &'static str {
        match self {
            Self::UserNamespace => "user-namespace",
            Self::MountView => "mount-view",
            Self::PidNamespace => "pid-namespace",
            Self::NetNamespace => "net-namespace",
            Self::IpcNamespace => "ipc-namespace",
            Self::UtsNamespace => "uts-namespace",
            Self::CgroupNamespace => "cgroup-namespace",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Capabilities => "capabilities",
            Self::Limits => "limits",
            Self::Identity => "identity",
        }
    }
}

impl Plan {
    /// Whether this layer is part of the plan.
    pub fn has(&self, layer: Layer) -> bool {
        match layer {
            Layer::UserNamespace => self.namespaces.user,
            Layer::MountView => self.view.is_some(),
            Layer::PidNamespace => self.namespaces.pid,
            Layer::NetNamespace => self.namespaces.net,
            Layer::IpcNamespace => self.namespaces.ipc,
            Layer::UtsNamespace => self.namespaces.uts,
            Layer::CgroupNamespace => self.namespaces.cgroup,
            Layer::Landlock => self.landlock.is_some(),
            Layer::Seccomp => self.seccomp.is_some(),
            Layer::Capabilities => self.capabilities.is_some(),
            Layer::Limits => self.limits.is_some(),
            Layer::Identity => self.identity.is_some(),
        }
    }

    /// The layers that it has.
    pub fn layers(&self) -> impl Iterator<Item = Layer> {
        Layer::ALL.into_iter().filter(|layer| self.has(*layer))
    }

    /// The same plan with this layer broken.
    ///
    /// Without root, Landlock and seccomp need `no_new_privs`, and the other namespaces need a user
    /// namespace; the sandbox sets these up again where a remaining layer cannot be had otherwise.
    #[must_use]
    pub fn without(mut self, layer: Layer) -> Self {
        match layer {
            Layer::UserNamespace => self.namespaces.user = false,
            Layer::MountView => {
                self.view = None;
                self.namespaces.mount = false;
            }
            Layer::PidNamespace => self.namespaces.pid = false,
            Layer::NetNamespace => self.namespaces.net = false,
            Layer::IpcNamespace => self.namespaces.ipc = false,
            Layer::UtsNamespace => self.namespaces.uts = false,
            Layer::CgroupNamespace => self.namespaces.cgroup = false,
            Layer::Landlock => self.landlock = None,
            Layer::Seccomp => {
                self.seccomp = None;
                self.deny_write_execute = false;
            }
            Layer::Capabilities => {
                self.capabilities = None;
                self.no_new_privileges = false;
            }
            Layer::Limits => self.limits = None,
            Layer::Identity => self.identity = None,
        }
        self
    }
}
