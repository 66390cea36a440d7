//! Staying: places from which code runs later, as someone else or after a restart.
//!
//! Files are opened for appending and closed; in directories a file without a name is made, which can
//! never get one. What watches these files sees that they were opened.

use std::path::Path;

use ringfence_policy::grant::FileAccess;

use rustix::io::Errno;
use rustix::process::{getegid, geteuid};

use super::Group::Exploited;
use super::file::{STATE, Way, of_others, open_each};
use super::{Attempt, Needs};
use crate::context::Owner;
use crate::outcome::{How, Outcome, Reach};
use crate::survey::Candidate;

pub(super) const ATTEMPTS: &[Attempt] = &[
    write("change-accounts", "add accounts and passwords").on(&[
        "/etc/passwd",
        "/etc/shadow",
        "/etc/group",
        "/etc/sudoers",
        "/etc/sudoers.d",
    ]),
    write("add-cron-job", "add cron jobs").on(&[
        "/etc/crontab",
        "/etc/cron.d",
        "/etc/cron.hourly",
        "/etc/cron.daily",
        "/var/spool/cron/crontabs",
        "/var/spool/cron/atjobs",
    ]),
    write("add-service", "add services").on(&[
        "/etc/systemd/system",
        "/usr/lib/systemd/system",
        "/usr/local/lib/systemd/system",
        "/run/systemd/system",
        "/etc/init.d",
        "/etc/rc.local",
    ]),
    write("replace-programs", "replace the host's programs").on(&[
        "/usr/bin",
        "/usr/sbin",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/bin",
        "/sbin",
    ]),
    write("replace-libraries", "put code into every program").on(&[
        "/usr/lib",
        "/usr/local/lib",
        "/etc/ld.so.conf.d",
        "/etc/ld.so.preload",
        "/etc/ld.so.cache",
    ]),
    write("change-logins", "run code when someone logs in").on(&[
        "/etc/profile",
        "/etc/profile.d",
        "/etc/bash.bashrc",
        "/etc/pam.d",
        "/etc/ssh",
        "~/.ssh",
        "~/.ssh/authorized_keys",
        "~/.bashrc",
        "~/.profile",
        "~/",
    ]),
    write("change-boot", "change what the machine boots").on(&[
        "/boot",
        "/boot/grub",
        "/boot/efi",
        "/efi",
        "/etc/default",
    ]),
    write("add-hooks", "run code when packages or devices change").on(&[
        "/etc/udev/rules.d",
        "/etc/modprobe.d",
        "/etc/modules-load.d",
        "/etc/apt/apt.conf.d",
        "/etc/dpkg/dpkg.cfg.d",
        "/var/lib/dpkg/info",
        "/etc/logrotate.d",
        "/etc/network/if-up.d",
    ]),
    write(
        "change-tunables",
        "have the kernel run programs of its choice",
    )
    .on(&[
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/modprobe",
        "/proc/sys/kernel/hotplug",
        "/proc/sys/fs/binfmt_misc/register",
        "/sys/kernel/uevent_helper",
    ]),
    write("weaken-kernel", "switch off the kernel's defences").on(&[
        "/proc/sys/kernel/randomize_va_space",
        "/proc/sys/kernel/kptr_restrict",
        "/proc/sys/kernel/dmesg_restrict",
        "/proc/sys/kernel/yama/ptrace_scope",
        "/proc/sys/kernel/unprivileged_bpf_disabled",
    ]),
    write("change-cgroups", "move out of its control group").on(&[
        "/sys/fs/cgroup/cgroup.procs",
        "/sys/fs/cgroup/*/cgroup.procs",
        "/sys/fs/cgroup/*/release_agent",
    ]),
    write(
        "change-network",
        "change names, routes and trusted certificates",
    )
    .on(&[
        "/etc/hosts",
        "/etc/resolv.conf",
        "/etc/nsswitch.conf",
        "/etc/ssl/certs",
        "/usr/local/share/ca-certificates",
        "/etc/hosts.allow",
    ]),
    Attempt::new(
        "change-state",
        Exploited,
        "change what other services keep",
        |context, candidates| open_each(&of_others(context, candidates), Way::Write),
    )
    .needs(Needs::Files(FileAccess::Write))
    .on(&STATE),
    Attempt::new(
        "change-own-settings",
        Exploited,
        "change its own settings for when it starts again",
        |context, _| {
            if context.settings.is_empty() {
                return Outcome::cannot("it is not known to have any");
            }
            open_each(&context.settings, Way::Write)
        },
    )
    .needs(Needs::Files(FileAccess::Write)),
    write("clean-logs", "remove its traces from the logs").on(&[
        "/var/log",
        "/var/log/auth.log",
        "/var/log/syslog",
        "/var/log/wtmp",
        "/var/log/journal",
        "/var/log/journal/*",
    ]),
    Attempt::new(
        "replace-own-program",
        Exploited,
        "replace its own program",
        |context, _| match &context.program {
            None => Outcome::cannot("the program of the service is not known"),
            Some(path) if context.stands_in => replace_unseen(path, context.program_owner),
            Some(path) => open_each(&[unidentified(path)], Way::Write),
        },
    )
    .needs(Needs::Files(FileAccess::Write)),
];

const fn write(id: &'static str, title: &'static str) -> Attempt {
    Attempt::new(id, Exploited, title, |_, candidates| {
        open_each(candidates, Way::Write)
    })
    .needs(Needs::Files(FileAccess::Write))
}

/// Its identity does not matter: this is about the file the service starts from.
fn unidentified(path: &Path) -> Candidate {
    Candidate {
        path: path.to_owned(),
        identity: None,
    }
}

/// Another program is put over the service's, so that it cannot be opened. In a directory that can be
/// written it can be replaced all the same, and where neither mode nor owner let the service write it,
/// nothing else has to stop that.
fn replace_unseen(path: &Path, owner: Option<Owner>) -> Outcome {
    let Some(directory) = path.parent() else {
        return Outcome::cannot("the program of the service is in no directory");
    };
    let how = match open_each(&[unidentified(directory)], Way::Write) {
        Outcome::Reached(reach) => {
            return Outcome::Reached(Reach {
                detail: reach.detail,
                paths: vec![path.to_owned()],
            });
        }
        Outcome::Stopped(how) => how,
        other @ Outcome::CannotTry(_) => return other,
    };
    let read_only = How::Errno(Errno::ROFS.raw_os_error());
    if how == read_only || owner.is_some_and(|owner| !owner.lets_write()) {
        return Outcome::Stopped(how);
    }
    Outcome::cannot("its directory cannot be written; the file itself is out of sight")
}

impl Owner {
    /// Whether the mode lets the calling process write. Root needs no mode.
    fn lets_write(self) -> bool {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        uid == 0
            || (uid == self.uid && self.mode & 0o200 != 0)
            || (gid == self.gid && self.mode & 0o020 != 0)
            || self.mode & 0o002 != 0
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_program_out_of_sight_is_replaced_through_its_directory_or_nothing_is_known() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("program");
        fs::write(&program, "").unwrap();
        let Outcome::Reached(reach) = replace_unseen(&program, None) else {
            panic!("the directory is writable");
        };
        assert_eq!(reach.paths, [program]);
        // Nobody makes files in /proc, which is not mounted read-only, so the file itself counts.
        let unseen = Path::new("/proc/version");
        assert!(matches!(
            replace_unseen(unseen, None),
            Outcome::CannotTry(_)
        ));
        let uid = geteuid().as_raw() + 1;
        let others = Owner {
            uid,
            gid: uid,
            mode: 0o755,
        };
        let stopped = matches!(replace_unseen(unseen, Some(others)), Outcome::Stopped(_));
        assert_eq!(stopped, !geteuid().is_root());
    }
}
