//! The facts about a host that decide what a control really does there.
//!
//! Plain data: who fills it in has looked at a host, or describes one that is somewhere else.

use serde::{Serialize, Serializer};

use super::syscall::Arch;

/// A host, as far as the native back end cares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact about the host"
)]
pub struct Target {
    /// The processor architecture.
    #[serde(serialize_with = "arch_name")]
    pub arch: Arch,
    /// The kernel's release, as `uname -r` says it.
    pub kernel: String,
    /// Version of Landlock; 0 for none.
    pub landlock_abi: u32,
    /// The user id that starts services.
    pub uid: u32,
    /// User id 0 with the capabilities that make namespaces, mounts and other identities possible.
    pub privileged: bool,
    /// Whether user namespaces can be created by that user.
    pub user_namespaces: bool,
    /// Whether proc(5) can be mounted in new namespaces; a container that hides parts of it prevents this.
    pub procfs_mountable: bool,
    /// Controllers of a cgroup v2 directory in which we can make children; empty without one.
    pub cgroup_controllers: Vec<String>,
    /// Controllers of cgroup v1 hierarchies in which we can make children. None that v2 has.
    pub legacy_controllers: Vec<String>,
    /// Ports from here on can be bound by anyone.
    pub unprivileged_port_start: u16,
    /// Whether the kernel has `PR_SET_MDWE` (Linux 6.3).
    pub deny_write_execute: bool,
}

impl Target {
    /// Whether mount, pid, ipc, uts, cgroup and net namespaces can be had.
    pub fn has_namespaces(&self) -> bool {
        self.privileged || self.user_namespaces
    }

    /// Whether children of our v2 cgroup have this controller.
    pub fn has_controller(&self, name: &str) -> bool {
        self.cgroup_controllers.iter().any(|own| own == name)
    }

    /// Whether a v1 cgroup of ours can have this controller.
    pub fn has_legacy_controller(&self, name: &str) -> bool {
        self.legacy_controllers.iter().any(|own| own == name)
    }
}

impl Arch {
    /// The name that `uname -m` gives.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// The dynamic loaders of the C libraries for this architecture. The kernel executes one of them for
    /// every dynamic program.
    pub const fn loaders(self) -> &'static [&'static str] {
        match self {
            Self::X86_64 => &["/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"],
            Self::Aarch64 => &["/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"],
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn arch_name<S: Serializer>(arch: &Arch, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(arch.name())
}
