//! Finds out what this host can do by trying it in a child that is thrown away.

use std::fs;

use ringfence_compile::native::{Target, syscall::Arch};
use ringfence_sys::landlock::abi_version;
use ringfence_sys::namespace::{Namespaces, unshare};
use ringfence_sys::process::{Fork, exit_now, fork};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};
use rustix::process::{Pid, WaitOptions, getuid, waitpid};
use rustix::thread::{CapabilitySet, capabilities};

use crate::error::{SandboxError, Step};
use crate::group;

/// The facts about this host. The calling process must have one thread.
pub fn detect() -> Result<Target, SandboxError> {
    let arch = Arch::native().ok_or_else(|| SandboxError::Unsupported {
        step: "confine anything on this processor".to_owned(),
        reason: "no table of its system calls".to_owned(),
    })?;
    let uid = getuid();
    let needed = CapabilitySet::SYS_ADMIN
        | CapabilitySet::SETUID
        | CapabilitySet::SETGID
        | CapabilitySet::SETPCAP
        | CapabilitySet::CHOWN
        | CapabilitySet::DAC_OVERRIDE
        | CapabilitySet::KILL
        | CapabilitySet::MKNOD;
    let held = capabilities(None).step(|| "read our own capabilities")?;
    let privileged = uid.is_root() && held.effective.contains(needed);
    let (user_namespaces, procfs_mountable) = namespaces(privileged)?;
    let (cgroup_controllers, legacy_controllers) = group::controllers();
    let kernel = rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned();
    Ok(Target {
        arch,
        deny_write_execute: version(&kernel) >= (6, 3),
        kernel,
        landlock_abi: abi_version().step(|| "ask for Landlock")?.number(),
        uid: uid.as_raw(),
        privileged,
        user_namespaces,
        procfs_mountable,
        cgroup_controllers,
        legacy_controllers,
        unprivileged_port_start: number("/proc/sys/net/ipv4/ip_unprivileged_port_start")
            .unwrap_or(1024),
    })
}

/// Whether user namespaces can be made, and proc(5) mounted in new namespaces.
///
/// Root with all that it takes is believed: an attempt costs as much as a start, and a start that fails
/// says why. For everyone else it depends on the distribution, on security modules and on containers
/// around us, so it is tried.
fn namespaces(privileged: bool) -> Result<(bool, bool), SandboxError> {
    if !may_make_user_namespaces() {
        return Ok((false, privileged));
    }
    if privileged || works(mount_proc)? {
        return Ok((true, true));
    }
    Ok((works(|| unshare(Namespaces::USER))?, false))
}

/// Major and minor version in a kernel's release.
fn version(release: &str) -> (u32, u32) {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

fn may_make_user_namespaces() -> bool {
    // Debian's switch, and the count that is 0 where they are switched off.
    number::<u32>("/proc/sys/kernel/unprivileged_userns_clone") != Some(0)
        && number::<u64>("/proc/sys/user/max_user_namespaces") != Some(0)
}

fn number<T: std::str::FromStr>(file: &str) -> Option<T> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// Mounts a proc(5) for a new pid namespace, which is then gone with the child.
fn mount_proc() -> std::io::Result<()> {
    unshare(Namespaces::USER | Namespaces::MOUNT | Namespaces::PID)?;
    // The new pid namespace is that of our children, so one of them has to do it.
    let mount = || -> std::io::Result<()> {
        let context = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
        fsconfig_create(&context)?;
        fsmount(
            &context,
            FsMountFlags::FSMOUNT_CLOEXEC,
            MountAttrFlags::empty(),
        )?;
        Ok(())
    };
    if works(mount).is_ok_and(|yes| yes) {
        Ok(())
    } else {
        Err(std::io::ErrorKind::PermissionDenied.into())
    }
}

/// Whether something succeeds in a child, which then ends.
fn works(attempt: impl FnOnce() -> std::io::Result<()>) -> Result<bool, SandboxError> {
    let step = || "try what this host can do";
    let pid: Pid = match fork().step(step)? {
        Fork::Child => exit_now(i32::from(attempt().is_err())),
        Fork::Parent(pid) => pid,
    };
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Err(rustix::io::Errno::INTR) => {}
            other => {
                let status = other.step(step)?;
                return Ok(status.is_some_and(|(_, status)| status.exit_status() == Some(0)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn the_release_begins_with_the_version() {
        assert_eq!(version("6.18.44-fc-v595"), (6, 18));
        assert_eq!(version("6.3-rc1"), (6, 3));
        assert_eq!(version("unknown"), (0, 0));
    }
}
