//! Puts the facts together.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use ringfence_compile::native::syscall::Arch;
use ringfence_compile::systemd::{CgroupMode, Target};
use ringfence_policy::path::AbsPath;

use super::cgroup;
use super::library::is_installed;
use crate::systemd::{Systemctl, SystemctlError};

/// What was found out, and what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// The target. What is unknown is taken for missing in it, so that nothing is called enforced that was
    /// not seen.
    pub target: Target,
    /// What could not be found out, in sentences without a full stop.
    pub unknown: Vec<String>,
}

/// Why a host cannot be described.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// No systemd, or one that does not say what it is.
    #[error(transparent)]
    Systemctl(#[from] SystemctlError),
    /// No system call table.
    #[error("describe this host: its processor is not known")]
    Processor,
    /// Not even where this program lies.
    #[error("find this program")]
    Program(#[source] io::Error),
}

/// Looks at this host. Its manager need not run, but its programs have to be installed.
///
/// [`Target::links`] is left empty: it depends on a policy; see [`super::links`].
pub fn detect(systemctl: &Systemctl) -> Result<Detected, TargetError> {
    let version = systemctl.version()?;
    let mut unknown = Vec::new();
    let mut or_unknown = |known: Option<bool>, what: &str| {
        known.unwrap_or_else(|| {
            unknown.push(format!("whether systemd was built with {what}"));
            false
        })
    };
    let root = Path::new("/");
    let bpf_framework = or_unknown(version.built_with("BPF_FRAMEWORK"), "BPF_FRAMEWORK");
    // Where systemd is linked with libseccomp (252, 257) the library is there, or systemd would not run.
    // Later (262) it is loaded when it is needed, and where it is missing every filter is void in silence.
    let libseccomp = or_unknown(version.built_with("SECCOMP"), "SECCOMP")
        && is_installed(root, &["libseccomp.so.2"]);
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mount = Path::new(cgroup::MOUNT);
    let cgroups = cgroup::mode(mount);
    if cgroups.is_none() {
        unknown.push("how control groups are mounted".to_owned());
    }
    let lsm = security_modules(Path::new("/sys/kernel/security/lsm"));
    if lsm.is_none() {
        unknown.push(
            "which security modules are active: /sys/kernel/security is not mounted".to_owned(),
        );
    }
    let program = std::env::current_exe().map_err(TargetError::Program)?;
    let ringfence = AbsPath::from_bytes(program.as_os_str().as_bytes())
        .map_err(|error| TargetError::Program(io::Error::other(error.to_string())))?;
    let target = Target {
        version: version.number,
        arch: Arch::native().ok_or(TargetError::Processor)?,
        kernel: rustix::system::uname()
            .release()
            .to_string_lossy()
            .into_owned(),
        bpf_framework,
        libbpf: is_installed(root, &["libbpf.so.1", "libbpf.so.0"]),
        libseccomp,
        cgroups: cgroups.unwrap_or(CgroupMode::Legacy),
        controllers: cgroups
            .map(|mode| cgroup::controllers(mount, mode, &mounts))
            .unwrap_or_default(),
        lsm: lsm.unwrap_or_default(),
        ringfence,
        links: BTreeMap::new(),
    };
    Ok(Detected { target, unknown })
}

/// The active security modules; `None` when the kernel does not show them here.
fn security_modules(file: &Path) -> Option<Vec<String>> {
    let text = fs::read_to_string(file).ok()?;
    let names = text.trim().split(',').filter(|name| !name.is_empty());
    Some(names.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_modules_are_listed_or_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lsm");
        assert_eq!(security_modules(&file), None);
        fs::write(&file, "lockdown,capability,landlock,yama,bpf\n").unwrap();
        assert_eq!(security_modules(&file).unwrap().last().unwrap(), "bpf");
    }
}
