//! Other processes: the neighbor stands for all of them.
//!
//! In a pid namespace its number means nothing, or a process of the sandbox's own, so an attempt that goes
//! by number says that it reached the neighbor only where numbers mean what they mean outside.

use std::fs::{self, File, OpenOptions};
use std::io;

use ringfence_sys::{memory, ptrace};
use rustix::process::{
    ForeignRawFd, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open, test_kill_process,
};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::Attempt;
use super::Group::{Exploited, ReadsEverything};
use crate::context::Context;
use crate::outcome::Outcome;

const TRACE: &[&str] = &["process.capability CAP_SYS_PTRACE"];

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::new(
        "signal-others",
        Exploited,
        "send signals to other services",
        // Signal 0 is checked as any other and delivers nothing; kill(2).
        |context, _| {
            let sent = test_kill_process(context.neighbor.pid());
            certain(
                context,
                Outcome::judge(sent, &[], "may signal another service's process"),
            )
        },
    )
    .any(&["process.signal", "process.capability CAP_KILL"]),
    Attempt::new(
        "trace-others",
        Exploited,
        "trace other services",
        |context, _| {
            // Seizing does not stop the neighbor, and the end of this process lets it go.
            let seized = ptrace::seize(context.neighbor.pid(), ptrace::Options::empty());
            certain(
                context,
                Outcome::judge(seized, &[], "attached to another service's process"),
            )
        },
    )
    .any(TRACE),
    Attempt::new(
        "change-memory",
        Exploited,
        "change the memory of other services",
        |context, _| {
            let path = format!("/proc/{}/mem", context.neighbor.pid().as_raw_nonzero());
            let opened = OpenOptions::new().write(true).open(path);
            certain(
                context,
                Outcome::judge(opened, &[], "opened another process's memory for writing"),
            )
        },
    )
    .any(TRACE),
    Attempt::new(
        "take-descriptors",
        Exploited,
        "take open files from other services",
        |context, _| {
            // The neighbor listens, so a small number is open there; ENOENT or EBADF for one that is not
            // comes after the right (pidfd_getfd(2), ptrace access mode ATTACH).
            let taken = pidfd_open(context.neighbor.pid(), PidfdFlags::empty())
                .and_then(|pidfd| pidfd_getfd(&pidfd, 3 as ForeignRawFd, PidfdGetfdFlags::empty()));
            let let_in = [rustix::io::Errno::BADF];
            certain(context, Outcome::judge(taken, &let_in, "took a descriptor"))
        },
    )
    .any(TRACE),
    Attempt::new(
        "follow-root",
        Exploited,
        "reach the host's files through another process's root",
        |context, _| {
            let pid = context.neighbor.pid().as_raw_nonzero();
            let note = context.neighbor.note();
            let below = note.strip_prefix("/").unwrap_or(&note);
            let path = std::path::Path::new("/proc")
                .join(pid.to_string())
                .join("root")
                .join(below);
            certain(
                context,
                Outcome::judge(
                    File::open(path),
                    &[],
                    "opened a file through /proc/PID/root",
                ),
            )
        },
    )
    .any(TRACE),
    Attempt::new(
        "join-namespaces",
        Exploited,
        "move into another service's namespaces",
        |context, _| {
            let path = format!("/proc/{}/ns/mnt", context.neighbor.pid().as_raw_nonzero());
            let joined = File::open(path).and_then(|namespace| {
                let kind = Some(LinkNameSpaceType::Mount);
                let fd = rustix::fd::AsFd::as_fd(&namespace);
                move_into_link_name_space(fd, kind).map_err(io::Error::from)
            });
            certain(
                context,
                Outcome::judge(joined, &[], "moved into another mount namespace"),
            )
        },
    )
    .any(&["process.capability CAP_SYS_ADMIN"]),
    Attempt::new(
        "see-others",
        ReadsEverything,
        "see other services' processes",
        |context, _| {
            let path = format!("/proc/{}/cmdline", context.neighbor.pid().as_raw_nonzero());
            certain(
                context,
                Outcome::judge(fs::read(path), &[], "read another process's command line"),
            )
        },
    )
    .any(&["proc.others"]),
    Attempt::new(
        "read-environment",
        ReadsEverything,
        "read the environment of other services",
        |context, _| {
            // The kernel looks at the right when the file is opened; nothing is read.
            let path = format!("/proc/{}/environ", context.neighbor.pid().as_raw_nonzero());
            let opened = File::open(path);
            certain(
                context,
                Outcome::judge(opened, &[], "opened another process's environment"),
            )
        },
    )
    .any(TRACE),
    Attempt::new(
        "read-memory",
        ReadsEverything,
        "read the memory of other services",
        |context, _| read_memory(context),
    )
    .any(TRACE),
    Attempt::new(
        "see-shared-tmp",
        ReadsEverything,
        "read temporary files of other services",
        |context, _| {
            let opened = File::open(context.neighbor.note());
            Outcome::judge(opened, &[], "opened another service's file in /tmp")
        },
    )
    .any(&["files.read /tmp"]),
];

/// What was reached by number alone is only certain where numbers mean what they mean outside.
fn certain(context: &Context, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Reached(_) if context.has_own("pid") => {
            Outcome::cannot("the number of the process means another process here")
        }
        other => other,
    }
}

fn read_memory(context: &Context) -> Outcome {
    let (secret, address) = context.neighbor.secret();
    let mut seen = [0; 16];
    match memory::read(context.neighbor.pid(), address, &mut seen) {
        Ok(_) if seen == *secret => Outcome::reached("read what it keeps in memory"),
        Ok(_) => Outcome::cannot("the number of the process means another process here"),
        Err(error) => Outcome::stopped(error),
    }
}
