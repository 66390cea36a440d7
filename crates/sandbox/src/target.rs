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
    let user_namespaces = may_make_user_namespaces() && works(|| unshare(Namespaces::USER))?;
    Ok(Target {
        arch,
        kernel: rustix::system::uname()
            .release()
            .to_string_lossy()
            .into_owned(),
        landlock_abi: abi_version().step(|| "ask for Landlock")?.number(),
        uid: uid.as_raw(),
        privileged,
        user_namespaces,
        procfs_mountable: works(move || mount_proc(privileged))?,
        cgroup_controllers: group::controllers(),
        unprivileged_port_start: number("/proc/sys/net/ipv4/ip_unprivileged_port_start")
            .unwrap_or(1024),
        deny_write_execute: works(ringfence_sys::credentials::deny_write_execute)?,
    })
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
fn mount_proc(privileged: bool) -> std::io::Result<()> {
    let mut kinds = Namespaces::MOUNT | Namespaces::PID;
    if !privileged {
        kinds |= Namespaces::USER;
    }
    unshare(kinds)?;
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
