//! The facts about a host that decide what a directive does there.
//!
//! Plain data: who fills it in has looked at a host, or describes one that is somewhere else.

use std::collections::BTreeMap;

use ringfence_policy::path::AbsPath;
use serde::Serialize;

use crate::native::syscall::Arch;

/// A host with systemd, as far as the back end cares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Version of systemd, the number before any dot.
    pub version: u32,
    /// The processor architecture.
    #[serde(serialize_with = "arch_name")]
    pub arch: Arch,
    /// The kernel's release, as `uname -r` says it.
    pub kernel: String,
    /// Whether systemd was built with `+BPF_FRAMEWORK`.
    pub bpf_framework: bool,
    /// Whether libbpf is installed, which systemd loads when it needs it.
    pub libbpf: bool,
    /// Whether systemd can use libseccomp: built with `+SECCOMP`, and installed where it is loaded late.
    pub libseccomp: bool,
    /// How control groups are mounted.
    pub cgroups: CgroupMode,
    /// The controllers that the service manager can give to units.
    pub controllers: Vec<String>,
    /// Active Linux security modules, as `/sys/kernel/security/lsm` lists them.
    pub lsm: Vec<String>,
    /// Where ringfence itself is installed, for what it does at the start of a service.
    pub ringfence: AbsPath,
    /// Symbolic links of the host and where they finally lead, of those that a policy's paths go through.
    /// What is not listed is taken for no link, but for `/var/run` and `/var/lock`.
    pub links: BTreeMap<AbsPath, AbsPath>,
}

impl Target {
    /// A host with everything that this version of systemd can use: for describing a target by its version.
    pub fn of_version(version: u32, arch: Arch) -> Self {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        Self {
            version,
            arch,
            kernel: "6.12.0".to_owned(),
            bpf_framework: true,
            libbpf: true,
            libseccomp: true,
            cgroups: CgroupMode::Unified,
            controllers: words(&["cpu", "io", "memory", "pids"]),
            lsm: words(&["landlock", "bpf"]),
            ringfence: AbsPath::root().join(b"usr").join(b"bin").join(b"ringfence"),
            links: BTreeMap::new(),
        }
    }

    /// Whether the kernel is this release or a later one.
    pub(super) fn kernel_is(&self, major: u32, minor: u32) -> bool {
        let mut parts = self
            .kernel
            .split(|c: char| !c.is_ascii_digit())
            .map(|part| part.parse().unwrap_or(0));
        let own: (u32, u32) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        own >= (major, minor)
    }
}

/// How control groups are mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CgroupMode {
    /// Version 1 alone.
    Legacy,
    /// Controllers in version 1, and a version 2 tree for systemd's own use.
    Hybrid,
    /// Version 2 alone.
    Unified,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn arch_name<S: serde::Serializer>(arch: &Arch, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(arch.name())
}
