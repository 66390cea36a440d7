//! Gaining rights: identities, capabilities, namespaces, set-user-ID programs, device nodes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ringfence_sys::namespace::{Namespaces, unshare};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, StatVfsMountFlags, fstatvfs, mknodat, open, unlinkat,
};
use rustix::process::{Gid, Uid, getuid};
use rustix::thread::{
    CapabilitySet, capabilities, no_new_privs, set_capabilities, set_thread_res_gid,
    set_thread_res_uid,
};

use super::Attempt;
use super::Group::Exploited;
use super::file::{each, nameless, writable};
use crate::context::Context;
use crate::outcome::{How, Outcome};

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::new("become-root", Exploited, "become root", |_, _| {
        become_root()
    })
    .any(&["service.user root"]),
    Attempt::new(
        "become-another-user",
        Exploited,
        "become another user",
        |_, _| {
            // Any two will do: a service is at most one of them.
            let other = if getuid().as_raw() == 65533 {
                65532
            } else {
                65533
            };
            let changed = set_thread_res_uid(None, Uid::from_raw(other), None);
            Outcome::judge(changed, &[], &format!("became user {other}"))
        },
    )
    .any(&["process.capability CAP_SETUID"]),
    Attempt::new(
        "join-another-group",
        Exploited,
        "join another group",
        |_, _| {
            let changed = set_thread_res_gid(None, Gid::from_raw(65533), None);
            Outcome::judge(changed, &[], "became group 65533")
        },
    )
    .any(&["process.capability CAP_SETGID"]),
    Attempt::new(
        "raise-capabilities",
        Exploited,
        "hold CAP_SYS_ADMIN",
        |_, _| {
            let raised = capabilities(None).and_then(|mut own| {
                own.permitted |= CapabilitySet::SYS_ADMIN;
                own.effective |= CapabilitySet::SYS_ADMIN;
                set_capabilities(None, own)
            });
            Outcome::judge(raised, &[], "holds CAP_SYS_ADMIN")
        },
    )
    .any(&["process.capability CAP_SYS_ADMIN"]),
    Attempt::new(
        "override-modes",
        Exploited,
        "hold CAP_DAC_OVERRIDE, past every file mode",
        |_, _| {
            let raised = capabilities(None).and_then(|mut own| {
                own.permitted |= CapabilitySet::DAC_OVERRIDE;
                own.effective |= CapabilitySet::DAC_OVERRIDE;
                set_capabilities(None, own)
            });
            Outcome::judge(raised, &[], "holds CAP_DAC_OVERRIDE")
        },
    )
    .any(&["process.capability CAP_DAC_OVERRIDE"]),
    Attempt::new(
        "user-namespace",
        Exploited,
        "create a user namespace and with it be root over more of the kernel",
        |_, _| Outcome::judge(unshare(Namespaces::USER), &[], "created a user namespace"),
    )
    .any(&["process.namespace user"]),
    Attempt::new(
        "mount-namespace",
        Exploited,
        "create a mount namespace",
        |_, _| Outcome::judge(unshare(Namespaces::MOUNT), &[], "created a mount namespace"),
    )
    .any(&["process.namespace mount"]),
    Attempt::new(
        "net-namespace",
        Exploited,
        "create a network namespace",
        |_, _| {
            Outcome::judge(
                unshare(Namespaces::NETWORK),
                &[],
                "created a network namespace",
            )
        },
    )
    .any(&["process.namespace net"]),
    Attempt::new(
        "run-setuid-program",
        Exploited,
        "gain root by running a set-user-ID program",
        |_, candidates| {
            if no_new_privs().unwrap_or(false) {
                return Outcome::Stopped(How::Other("no_new_privs".into()));
            }
            each(candidates, "may run", |candidate| {
                setuid_program(&candidate.path)
            })
        },
    )
    .on(&[
        "/usr/bin/su",
        "/usr/bin/sudo",
        "/usr/bin/passwd",
        "/usr/bin/mount",
        "/usr/bin/newgrp",
        "/usr/bin/chsh",
        "/usr/bin/pkexec",
        "/usr/lib/openssh/ssh-keysign",
    ])
    .any(&["process.new_privileges"]),
    Attempt::new(
        "make-setuid-file",
        Exploited,
        "leave a set-user-ID program behind",
        |context, _| make_setuid_file(context),
    )
    .any(&["process.setuid_files"]),
    Attempt::new(
        "make-device",
        Exploited,
        "make a device node of its own",
        |context, _| make_device(context),
    )
    .any(&["process.capability CAP_MKNOD"]),
];

/// Uid 0 inside is root only where the namespace maps it to 0 outside.
fn become_root() -> Outcome {
    let root = Uid::ROOT;
    if let Err(errno) = set_thread_res_uid(root, root, root) {
        return Outcome::stopped(errno);
    }
    match fs::read_to_string("/proc/self/uid_map").map(|map| outside(&map, 0)) {
        Ok(Some(0)) => Outcome::reached("is root"),
        Ok(Some(other)) => Outcome::Stopped(How::Other(format!(
            "user 0 of its own user namespace is user {other} of the host"
        ))),
        Ok(None) | Err(_) => Outcome::reached("is user 0; what that is outside cannot be seen"),
    }
}

/// What a uid of this namespace is in the one outside; user_namespaces(7).
fn outside(map: &str, inside: u32) -> Option<u32> {
    map.lines().find_map(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let (first, mapped, count) = (
            numbers.next()?.ok()?,
            numbers.next()?.ok()?,
            numbers.next()?.ok()?,
        );
        let offset = inside.checked_sub(first).filter(|offset| *offset < count)?;
        mapped.checked_add(offset)
    })
}

/// Whether running this would make the caller another user; it is not run.
fn setuid_program(path: &Path) -> Result<(), How> {
    const SET_USER_ID: u32 = 0o4000;
    let errno = |errno: rustix::io::Errno| How::Errno(errno.raw_os_error());
    let other = |text: &str| Err(How::Other(text.into()));
    let metadata = fs::metadata(path).map_err(How::from)?;
    if metadata.mode() & SET_USER_ID == 0 {
        return other("the program is not set-user-ID here");
    }
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).map_err(errno)?;
    let mount = rustix::fs::statvfs(path).map_err(errno)?;
    if mount.f_flag.contains(StatVfsMountFlags::NOSUID) {
        return other("the file system is mounted nosuid");
    }
    Ok(())
}

fn make_setuid_file(context: &Context) -> Outcome {
    let Some(directory) = writable(&context.writable) else {
        return Outcome::cannot("no directory is writable");
    };
    let made = nameless(directory).and_then(|file| {
        rustix::fs::fchmod(&file, Mode::SUID | Mode::RUSR | Mode::XUSR)?;
        let set = rustix::fs::fstat(&file)?.st_mode & Mode::SUID.bits() != 0;
        Ok((set, fstatvfs(&file)?.f_flag))
    });
    match made {
        Ok((true, flags)) if flags.contains(StatVfsMountFlags::NOSUID) => {
            Outcome::Stopped(How::Other("the file system is mounted nosuid".into()))
        }
        Ok((true, _)) => Outcome::reached(format!("set the bit in {}", directory.display())),
        Ok((false, _)) => Outcome::Stopped(How::Other("the bit is dropped".into())),
        Err(errno) => Outcome::stopped(errno),
    }
}

/// Makes another `/dev/null`, which is the most harmless device there is, and removes it.
fn make_device(context: &Context) -> Outcome {
    let Some(directory) = writable(&context.writable) else {
        return Outcome::cannot("no directory is writable");
    };
    let flags = OFlags::CLOEXEC | OFlags::RDONLY | OFlags::DIRECTORY;
    let directory = match open(directory, flags, Mode::empty()) {
        Ok(directory) => directory,
        Err(errno) => return Outcome::stopped(errno),
    };
    let name = format!("ringfence-prove-device-{}", std::process::id());
    let null = rustix::fs::makedev(1, 3);
    let made = mknodat(
        &directory,
        &*name,
        FileType::CharacterDevice,
        Mode::RUSR,
        null,
    );
    if made.is_ok() {
        let _ = unlinkat(&directory, &*name, AtFlags::empty());
    }
    Outcome::judge(made, &[], "made a device node")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_followed_through_a_map_of_ranges() {
        let map = "         0     100000       1000\n      1000          0          1\n";
        assert_eq!(outside(map, 0), Some(100_000));
        assert_eq!(outside(map, 999), Some(100_999));
        assert_eq!(outside(map, 1000), Some(0));
        assert_eq!(outside(map, 1001), None);
    }

    #[test]
    fn a_program_without_the_bit_gains_nothing() {
        assert!(setuid_program(Path::new("/bin/sh")).is_err());
    }
}
