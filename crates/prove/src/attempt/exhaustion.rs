//! Using up: a little more than the policy grants, for a moment, and given back.
//!
//! Where the policy sets no limit an attempt takes a fixed, modest amount: enough to say that nothing
//! stops it, and not enough to hurt. Where the host itself is short, nothing is taken.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use ringfence_policy::grant::{Amount, FileAccess, Grant, Resource as Amounts};
use ringfence_sys::forbidden;
use ringfence_sys::process::{self, Fork};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};

use super::Group::Exhausts;
use super::file::{each, nameless, writable};
use super::{Attempt, Needs};
use crate::context::Context;
use crate::outcome::{How, Outcome};

const MIB: u64 = 1 << 20;

/// How much is tried: the limit, or else `unset`, and `beyond` more.
fn goal(limit: Option<u64>, unset: u64, beyond: u64) -> u64 {
    limit.unwrap_or(unset).saturating_add(beyond)
}

fn tasks(context: &Context) -> u64 {
    goal(context.limits.tasks, 256, 8)
}

fn memory(context: &Context) -> u64 {
    goal(context.limits.memory, 256 * MIB, 64 * MIB)
}

fn descriptors(context: &Context) -> u64 {
    goal(context.limits.descriptors, 4096, 8)
}

fn temporary(context: &Context) -> u64 {
    goal(context.limits.tmp, 64 * MIB, 8 * MIB)
}

/// Says which limit would have helped, where the policy sets none.
fn unlimited(outcome: Outcome, limit: Option<u64>, key: &str) -> Outcome {
    match outcome {
        Outcome::Reached(reach) if limit.is_none() => {
            Outcome::reached(format!("{}; the policy sets no `{key}`", reach.detail))
        }
        other => other,
    }
}

fn granted(resource: Amounts, amount: u64) -> Vec<Grant> {
    vec![Grant::Resource(resource, Amount::Limit(amount))]
}

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::new(
        "use-all-tasks",
        Exhausts,
        "start processes without end",
        |context, _| unlimited(use_tasks(tasks(context)), context.limits.tasks, "tasks_max"),
    )
    .needs(Needs::Computed(|c| granted(Amounts::TasksMax, tasks(c)))),
    Attempt::new(
        "use-all-memory",
        Exhausts,
        "use memory without end",
        |context, _| {
            let used = use_memory(memory(context), context.spare_memory);
            unlimited(used, context.limits.memory, "memory_max")
        },
    )
    .needs(Needs::Computed(|c| granted(Amounts::MemoryMax, memory(c)))),
    Attempt::new(
        "use-all-descriptors",
        Exhausts,
        "open files without end",
        |context, _| {
            let used = use_descriptors(descriptors(context));
            unlimited(used, context.limits.descriptors, "nofile")
        },
    )
    .needs(Needs::Computed(|c| {
        granted(Amounts::Nofile, descriptors(c))
    })),
    Attempt::new("fill-tmp", Exhausts, "fill /tmp", |context, _| {
        fill(context, temporary(context))
    })
    .needs(Needs::Computed(|c| granted(Amounts::TmpMax, temporary(c)))),
    Attempt::new(
        "fill-disk",
        Exhausts,
        "fill the disk of other services",
        |_, candidates| {
            each(candidates, "may fill", |candidate| {
                store(&candidate.path, candidate.identity)
            })
        },
    )
    .on(&[
        "/",
        "/var",
        "/var/lib",
        "/var/log",
        "/var/cache",
        "/run",
        "/run/lock",
        "/tmp",
        "/var/tmp",
        "/dev/shm",
        "/srv",
        "/opt",
    ])
    .needs(Needs::Files(FileAccess::Write)),
    Attempt::new(
        "use-all-cpu",
        Exhausts,
        "use more of the processor than its share",
        |context, _| use_cpu(context.limits.cpu),
    )
    .needs(Needs::Computed(|context| {
        let beyond = |cpu: u64| granted(Amounts::CpuQuota, cpu.saturating_add(15));
        context.limits.cpu.map_or_else(Vec::new, beyond)
    })),
    Attempt::new(
        "lock-memory",
        Exhausts,
        "lock memory so that it is never swapped",
        |context, _| {
            let amount = 64 * MIB;
            if context.spare_memory < 4 * amount {
                return Outcome::cannot("the host is short of memory");
            }
            match usize::try_from(amount).map(forbidden::lock) {
                Ok(locked) => Outcome::judge(locked, &[], "locked 64 MiB"),
                Err(error) => Outcome::cannot(error.to_string()),
            }
        },
    )
    .any(&["process.mlock", "process.capability CAP_IPC_LOCK"]),
    Attempt::new(
        "share-memory",
        Exhausts,
        "leave memory behind that belongs to no process",
        |context, _| {
            if context.has_own("ipc") {
                return Outcome::Stopped(How::Other("its shared memory is its own".into()));
            }
            let shared = forbidden::shared_segment(1 << 20);
            Outcome::judge(shared, &[], "made a shared segment")
        },
    )
    .any(&["process.shm"]),
    Attempt::new(
        "raise-priority",
        Exhausts,
        "run before every other service",
        |_, _| {
            let raised = rustix::process::setpriority_process(None, -20);
            Outcome::judge(raised, &[], "runs at nice -20")
        },
    )
    .any(&["process.capability CAP_SYS_NICE"]),
    Attempt::new(
        "run-in-real-time",
        Exhausts,
        "keep a processor from everyone else",
        |_, _| {
            let changed = forbidden::real_time_scheduling();
            Outcome::judge(changed, &[], "runs in real time")
        },
    )
    .any(&["process.realtime", "process.capability CAP_SYS_NICE"]),
    Attempt::new(
        "access-disk-first",
        Exhausts,
        "use the disk before everyone else",
        |_, _| {
            let changed = forbidden::io_real_time_class();
            Outcome::judge(changed, &[], "reads and writes in real time")
        },
    )
    .any(&[
        "process.capability CAP_SYS_NICE",
        "process.capability CAP_SYS_ADMIN",
    ]),
    Attempt::new("raise-limits", Exhausts, "raise its own limits", |_, _| {
        let own = getrlimit(Resource::Nofile);
        let Some(maximum) = own.maximum else {
            return Outcome::cannot("the limit of descriptors is infinite");
        };
        let raised = Rlimit {
            current: own.current,
            maximum: Some(maximum.saturating_add(1)),
        };
        let set = setrlimit(Resource::Nofile, raised);
        Outcome::judge(set, &[], "raised the limit of descriptors")
    })
    .any(&["process.capability CAP_SYS_RESOURCE"]),
    Attempt::new(
        "widen-pipes",
        Exhausts,
        "take more kernel memory for pipes than users may",
        |_, _| {
            // pipe(7): beyond /proc/sys/fs/pipe-max-size, usually 1 MiB, only with CAP_SYS_RESOURCE.
            let widened = rustix::pipe::pipe()
                .and_then(|(read, _write)| rustix::pipe::fcntl_setpipe_size(&read, 4 << 20));
            Outcome::judge(widened, &[], "made a pipe of 4 MiB")
        },
    )
    .any(&["process.capability CAP_SYS_RESOURCE"]),
    Attempt::new(
        "evade-oom-killer",
        Exhausts,
        "have others killed when memory is short",
        |_, _| {
            let evaded = fs::write("/proc/self/oom_score_adj", "-1000");
            Outcome::judge(evaded, &[], "is never chosen when memory is short")
        },
    )
    .any(&["process.capability CAP_SYS_RESOURCE"]),
];

/// Starts processes that wait, all of which it ends again. They are killed with this one's group, too.
fn use_tasks(goal: u64) -> Outcome {
    const MOST: u64 = 4096 + 8;
    if goal > MOST {
        return Outcome::cannot(format!(
            "more than {MOST} tasks would be too many for the host"
        ));
    }
    if process::is_single_threaded().is_err() {
        // The kernel's answer is filtered and /proc is not there, so forking would be refused here and
        // not by a limit.
        return Outcome::cannot("whether it has one thread cannot be seen");
    }
    // The children end when the pipe is closed: to kill them, the policy would have to allow it.
    let (wait, hold) = match rustix::pipe::pipe() {
        Ok(pair) => pair,
        Err(errno) => return Outcome::cannot(format!("no pipe can be made: {errno}")),
    };
    let mut children: Vec<Pid> = Vec::new();
    let mut stopped = None;
    for _ in 0..goal {
        match process::fork() {
            Ok(Fork::Child) => {
                drop(hold);
                let _ = rustix::io::read(&wait, &mut [0_u8; 1]);
                process::exit_now(0);
            }
            Ok(Fork::Parent(child)) => children.push(child),
            Err(error) => {
                stopped = Some(error);
                break;
            }
        }
    }
    drop(hold);
    for child in &children {
        let _ = rustix::process::waitpid(Some(*child), rustix::process::WaitOptions::empty());
    }
    match stopped {
        Some(error) => Outcome::stopped(error),
        None => Outcome::reached(format!("started {goal} processes")),
    }
}

/// Takes memory in pieces and writes to every page of it, because only then it is taken.
fn use_memory(goal: u64, spare: u64) -> Outcome {
    const PIECE: usize = 4 << 20;
    static ONES: [u8; 4096] = [1; 4096];
    if spare < goal.saturating_add(512 * MIB) {
        return Outcome::cannot("the host is short of memory");
    }
    // Should the host run short after all, this process goes first.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    let mut taken: Vec<Vec<u8>> = Vec::new();
    let pieces = goal.div_ceil(PIECE as u64);
    for _ in 0..pieces {
        let mut piece: Vec<u8> = Vec::new();
        if piece.try_reserve_exact(PIECE).is_err() {
            return Outcome::stopped(rustix::io::Errno::NOMEM);
        }
        for _ in 0..PIECE / ONES.len() {
            piece.extend_from_slice(&ONES);
        }
        taken.push(std::hint::black_box(piece));
    }
    Outcome::reached(format!("used {} MiB", goal / MIB))
}

fn use_descriptors(goal: u64) -> Outcome {
    const MOST: u64 = 1 << 20;
    if goal > MOST {
        return Outcome::cannot("more descriptors than an attempt may open");
    }
    let own = getrlimit(Resource::Nofile);
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: own.maximum,
            maximum: own.maximum,
        },
    );
    let (first, _other) = match rustix::pipe::pipe() {
        Ok(pair) => pair,
        Err(errno) => return Outcome::stopped(errno),
    };
    let mut open = Vec::new();
    for _ in 0..goal {
        match rustix::io::dup(&first) {
            Ok(descriptor) => open.push(descriptor),
            Err(errno) => return Outcome::stopped(errno),
        }
    }
    Outcome::reached(format!("opened {goal} descriptors"))
}

/// Writes to a file without a name in the first writable directory, which is gone when closed, even
/// when this process is killed.
fn fill(context: &Context, goal: u64) -> Outcome {
    let Some(directory) = writable(&context.writable) else {
        return Outcome::cannot("no directory is writable");
    };
    // What is free on a file system of its own is at most what it was given, but what is free on a disk
    // belongs to everyone. Half of it is left in any case.
    let Ok(space) = fs::File::open(directory).and_then(|open| Ok(rustix::fs::fstatvfs(&open)?))
    else {
        return Outcome::cannot("how much space there is cannot be seen");
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let total = space.f_blocks.saturating_mul(space.f_frsize);
    if context.limits.tmp.is_none() && context.is_own(directory) {
        let size = total / MIB;
        let own = format!("{} is its own and holds {size} MiB", directory.display());
        return Outcome::Stopped(How::Other(own));
    }
    if free < goal.saturating_mul(2) && total > goal {
        return Outcome::cannot("there is too little space to try");
    }
    let file = match nameless(directory) {
        Ok(file) => file,
        Err(errno) => return Outcome::stopped(errno),
    };
    let block = vec![1; 1 << 20];
    for _ in 0..goal.div_ceil(MIB) {
        if let Err(errno) = rustix::io::write(&file, &block) {
            return Outcome::stopped(errno);
        }
    }
    Outcome::reached(format!(
        "stored {} MiB in {}",
        goal / MIB,
        directory.display()
    ))
}

/// Stores one MiB for a moment in a directory that it shares with the host.
fn store(directory: &Path, identity: Option<(u64, u64)>) -> Result<(), How> {
    let errno = |errno: rustix::io::Errno| How::Errno(errno.raw_os_error());
    let here = rustix::fs::stat(directory).map_err(errno)?;
    if identity.is_some_and(|seen| seen != (here.st_dev, here.st_ino)) {
        return Err(How::Other("another directory is in its place".into()));
    }
    let file = nameless(directory).map_err(errno)?;
    let stored = rustix::io::write(&file, &vec![1; 1 << 20]).map_err(errno)?;
    if stored == 0 {
        return Err(How::Errno(rustix::io::Errno::NOSPC.raw_os_error()));
    }
    Ok(())
}

/// Burns for half a second and compares what it got with the quota.
///
/// A busy host gives less than it could, so much less than the quota proves nothing. A host that happens
/// to give just the quota would be taken for one that enforces it.
fn use_cpu(quota: Option<u64>) -> Outcome {
    const WALL: Duration = Duration::from_millis(500);
    let Some(quota) = quota else {
        return Outcome::cannot("the policy sets no quota to exceed");
    };
    if quota > 80 {
        return Outcome::cannot("one thread cannot exceed a quota above 80 percent of a processor");
    }
    let start = Instant::now();
    let mut turns = 0_u64;
    while start.elapsed() < WALL {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let used = Duration::new(
        clock.tv_sec.unsigned_abs(),
        u32::try_from(clock.tv_nsec).unwrap_or(0),
    );
    let percent = used.as_micros() * 100 / start.elapsed().as_micros().max(1);
    if percent > u128::from(quota) + 15 {
        return Outcome::reached(format!("used {percent} percent of a processor"));
    }
    if percent + 20 < u128::from(quota) {
        return Outcome::cannot("the host was too busy");
    }
    Outcome::Stopped(How::Other(format!("got {percent} percent of a processor")))
}
