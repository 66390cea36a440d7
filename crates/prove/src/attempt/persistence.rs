//! Staying: places from which code runs later, as someone else or after a restart.
//!
//! Files are opened for appending and closed; in directories a file without a name is made, which can
//! never get one. What watches these files sees that they were opened.

use ringfence_policy::grant::FileAccess;

use super::Group::Exploited;
use super::file::{Way, open_each};
use super::{Attempt, Needs};
use crate::outcome::Outcome;
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
            Some(path) => {
                // Its identity does not matter: this is about the file the service starts from.
                let program = Candidate {
                    path: path.clone(),
                    identity: None,
                };
                open_each(&[program], Way::Write)
            }
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
