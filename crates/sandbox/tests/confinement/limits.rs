//! What can be used up.

use std::fs::File;
use std::path::PathBuf;
use std::time::Instant;

use ringfence_sandbox::{Exit, Sandbox};
use ringfence_sys::process::{Fork, exit_now, fork};
use ringfence_sys::signal::{self, Signal, SignalSet};
use rustix::process::{Pid, WaitOptions, getpid, waitpid};

use crate::given::{LONG, errno, holds, holds_under, plan};
use crate::life::{in_background_under, line, wait_for_ever};
use crate::{Needs, Test};

pub const TESTS: &[Test] = &[
    ("descriptors_run_out", Needs::Anyone, descriptors),
    ("processes_run_out", Needs::Anyone, processes),
    ("processes_of_root_run_out", Needs::Root, processes_of_root),
    ("groups_of_the_dead_are_removed", Needs::Root, dead_groups),
    ("memory_runs_out", Needs::Anyone, memory),
    ("private_space_runs_out", Needs::Anyone, space),
    ("no_core_and_no_locked_memory", Needs::Anyone, core),
];

fn descriptors() {
    assert!(holds(&["resources.nofile 20"], || {
        let files: Vec<_> = (0..30).map(|_| File::open("/dev/null")).collect();
        files.iter().filter(|file| file.is_ok()).count() <= 17
            && files.into_iter().any(|file| errno(file) == Some(24))
    }));
}

fn processes() {
    assert!(holds(&["resources.tasks_max 10"], || forks_at_most(10)));
}

/// Whether another process is refused before there are more than so many.
fn forks_at_most(most: u32) -> bool {
    let mut children = 0;
    for _ in 0..most + 20 {
        match fork() {
            // They wait for the end of everything, which comes when the test returns.
            Ok(Fork::Child) => {
                let _ = signal::wait(SignalSet::empty(), None);
                exit_now(0)
            }
            Ok(Fork::Parent(_)) => children += 1,
            Err(error) => return error.raw_os_error() == Some(11) && children <= most,
        }
    }
    false
}

/// Root on the host is not held by `RLIMIT_NPROC`, so it takes a cgroup; without one there is a note.
fn processes_of_root() {
    let grants = [
        "service.user root",
        "process.capability CAP_SYS_RESOURCE",
        "process.capability CAP_SYS_ADMIN",
        "resources.tasks_max 10",
    ];
    let plan = plan(&grants, &["/bin/true"]);
    let has_group = plan.limits.as_ref().unwrap().tasks_max.is_some();
    assert_eq!(has_group, plan.notes.is_empty());
    if has_group {
        assert!(holds_under(plan, || forks_at_most(10)));
        assert_eq!(groups(getpid()), Vec::<PathBuf>::new());
    }
}

/// The cgroups that a supervisor has made.
fn groups(supervisor: Pid) -> Vec<PathBuf> {
    let name = format!("ringfence-test-{supervisor}");
    ["pids", "memory", "cpu", "unified", "."]
        .iter()
        .map(|hierarchy| PathBuf::from(format!("/sys/fs/cgroup/{hierarchy}/{name}")))
        .filter(|path| path.exists())
        .collect()
}

fn dead_groups() {
    let grants = ["resources.tasks_max 10"];
    let plan = plan(&grants, &["/bin/true"]);
    if plan.limits.as_ref().unwrap().tasks_max.is_none() {
        return;
    }
    let (supervisor, mut out) = in_background_under(plan, wait_for_ever);
    assert_eq!(line(&mut out), "ready");
    assert_ne!(groups(supervisor), Vec::<PathBuf>::new());
    signal::send(supervisor, Signal::KILL).unwrap();
    waitpid(Some(supervisor), WaitOptions::empty()).unwrap();
    // A process leaves its group a little after it closed its descriptors.
    let start = Instant::now();
    while !groups(supervisor).is_empty() {
        assert!(start.elapsed() < LONG, "a start removes what is left");
        assert!(holds(&grants, || true));
    }
}

fn memory() {
    let plan = plan(&["resources.memory_max 64M"], &["/bin/true"]);
    if plan.limits.as_ref().unwrap().memory_max.is_none() {
        assert!(holds_under(plan, || {
            let mut most: Vec<u8> = Vec::new();
            let mut few: Vec<u8> = Vec::new();
            most.try_reserve_exact(128 << 20).is_err() && few.try_reserve_exact(8 << 20).is_ok()
        }));
        return;
    }
    // A cgroup gives addresses away freely and kills when they are used.
    let touch = |bytes: usize| {
        let exit = Sandbox::new(plan.clone()).deadline(LONG).run_closure(|| {
            let filled = std::hint::black_box(vec![1_u8; bytes]);
            i32::from(filled.last() != Some(&1))
        });
        exit.unwrap()
    };
    assert_eq!(touch(8 << 20), Exit::Code(0));
    assert_eq!(touch(128 << 20), Exit::Signal(Signal::KILL));
}

fn space() {
    assert!(holds(&["resources.tmp_max 1M"], || {
        errno(std::fs::write("/tmp/large", vec![0; 2 << 20])) == Some(28)
            && std::fs::remove_file("/tmp/large").is_ok()
            && std::fs::write("/tmp/small", vec![0; 64 << 10]).is_ok()
    }));
}

fn core() {
    use rustix::process::{Resource, getrlimit};
    assert!(holds(&[], || {
        getrlimit(Resource::Core).maximum == Some(0)
            && getrlimit(Resource::Memlock).maximum == Some(0)
    }));
}
