//! Control groups of the service's own, for as long as it runs.
//!
//! A controller is in the v2 hierarchy or in one of v1's, never in both, so a service may need a group in
//! several. Groups are made below the one the supervisor is in: whatever bounds it bounds them too.

use std::fs;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use ringfence_compile::native::Plan;
use rustix::fs::{Access, Mode, OFlags, access, open, statfs};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::error::{SandboxError, Step};

/// Period of a processor quota in microseconds: the kernel's default.
const PERIOD: u64 = 100_000;

/// `CGROUP2_SUPER_MAGIC` and `CGROUP_SUPER_MAGIC`, see statfs(2).
const MAGIC_2: u32 = 0x6367_7270;
const MAGIC_1: u32 = 0x0027_e0eb;

/// What every group is called: this, the service, and the supervisor's number.
const PREFIX: &str = "ringfence-";

/// The controllers of which a plan can need one.
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

/// The groups of one service; removed when dropped.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    made: Vec<PathBuf>,
    /// The v2 group, into which a process can be born.
    unified: Option<OwnedFd>,
    /// Files of v1 groups that take in whoever writes to them.
    entrances: Vec<fs::File>,
}

impl Groups {
    /// The groups that the limits of a plan need; none when they need none.
    pub(crate) fn for_plan(plan: &Plan) -> Result<Self, SandboxError> {
        let mut groups = Self::default();
        let Some(limits) = &plan.limits else {
            return Ok(groups);
        };
        let wanted = [limits.memory_max, limits.tasks_max, limits.cpu_quota];
        if wanted.iter().all(Option::is_none) {
            return Ok(groups);
        }
        let name = format!("{PREFIX}{}-{}", plan.service, std::process::id());
        let membership = Membership::read();
        for (controller, amount) in CONTROLLERS.into_iter().zip(wanted) {
            let Some(amount) = amount else { continue };
            if let Some(parent) = membership.unified_with(controller) {
                let path = groups.make(parent, &name)?;
                if groups.unified.is_none() {
                    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                    let directory = open(&path, flags, Mode::empty());
                    let step = || format!("open the control group {}", path.display());
                    groups.unified = Some(directory.step(step)?);
                }
                let value = match controller {
                    "cpu" => format!("{} {PERIOD}", quota(amount)),
                    _ => amount.to_string(),
                };
                set(&path, &format!("{controller}.max"), &value)?;
            } else if let Some(parent) = membership.legacy(controller) {
                let path = groups.make(&parent, &name)?;
                let (file, value) = match controller {
                    "memory" => ("memory.limit_in_bytes", amount),
                    "cpu" => ("cpu.cfs_quota_us", quota(amount)),
                    _ => ("pids.max", amount),
                };
                if controller == "cpu" {
                    set(&path, "cpu.cfs_period_us", &PERIOD.to_string())?;
                }
                set(&path, file, &value.to_string())?;
                let entrance = fs::OpenOptions::new().write(true).open(path.join("tasks"));
                let step = || format!("open the control group {}", path.display());
                groups.entrances.push(entrance.step(step)?);
            } else {
                return Err(SandboxError::Unsupported {
                    step: "limit the service with a control group".to_owned(),
                    reason: format!("no writable directory with the {controller} controller"),
                });
            }
        }
        Ok(groups)
    }

    fn make(&mut self, parent: &Path, name: &str) -> Result<PathBuf, SandboxError> {
        let path = parent.join(name);
        if !self.made.contains(&path) {
            remove_stale(parent);
            fs::create_dir(&path).step(|| format!("make the control group {}", path.display()))?;
            self.made.push(path.clone());
        }
        Ok(path)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// The group for `clone_with_pidfd`.
    pub(crate) fn unified(&self) -> Option<BorrowedFd<'_>> {
        self.unified.as_ref().map(AsFd::as_fd)
    }

    /// Moves the calling process, which has one thread, into the groups that nothing can be born into.
    pub(crate) fn enter(&self) -> Result<(), SandboxError> {
        for mut entrance in &self.entrances {
            // A thread that moves itself is spared the lock over all forks of the host, and with it a wait
            // of milliseconds: that is what `tasks` has over `cgroup.procs`.
            entrance
                .write_all(b"0")
                .step(|| "enter the service's control group")?;
        }
        Ok(())
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for path in &self.made {
            // Whoever is left was started by the service and outlived it; the group cannot go before them.
            if fs::write(path.join("cgroup.kill"), "1").is_err() {
                kill_all(path);
            }
            // One that is still dying keeps the group, which the next start then removes.
            let _ = fs::remove_dir(path);
        }
    }
}

/// Kills what is in a v1 group, which has no file for that.
fn kill_all(path: &Path) {
    let members = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
    for pid in members.lines().filter_map(|line| line.parse().ok()) {
        if let Some(pid) = Pid::from_raw(pid) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Removes the groups of supervisors that were killed. The kernel keeps those that are not empty.
fn remove_stale(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let supervisor = name
            .to_str()
            .filter(|name| name.starts_with(PREFIX))
            .and_then(|name| name.rsplit_once('-')?.1.parse().ok())
            .and_then(Pid::from_raw);
        let is_gone = |pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH);
        if supervisor.is_some_and(is_gone) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

fn quota(percent: u64) -> u64 {
    percent.saturating_mul(PERIOD) / 100
}

fn set(group: &Path, file: &str, value: &str) -> Result<(), SandboxError> {
    let file = group.join(file);
    fs::write(&file, value).step(|| format!("write {value} to {}", file.display()))
}

/// The groups that the calling process is in.
struct Membership {
    lines: String,
    /// The v2 directory, when we can make children there, and the controllers that these have.
    unified: Option<(PathBuf, String)>,
}

impl Membership {
    fn read() -> Self {
        let lines = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = lines.lines().find_map(|line| line.strip_prefix("0::"));
        let unified = own.and_then(|own| {
            // Where systemd mounts it, alone and beside v1.
            let directory = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
                .into_iter()
                .find_map(|mount| writable(mount, own, MAGIC_2))?;
            let controllers = fs::read_to_string(directory.join("cgroup.subtree_control")).ok()?;
            Some((directory, controllers))
        });
        Self { lines, unified }
    }

    /// The v2 directory that we are in, when children of it have this controller.
    fn unified_with(&self, controller: &str) -> Option<&Path> {
        let (directory, controllers) = self.unified.as_ref()?;
        controllers
            .split_whitespace()
            .any(|one| one == controller)
            .then_some(directory)
    }

    /// The v1 directory of this controller that we are in.
    fn legacy(&self, controller: &str) -> Option<PathBuf> {
        let own = self.lines.lines().find_map(|line| {
            let (controllers, own) = line.split_once(':')?.1.split_once(':')?;
            controllers
                .split(',')
                .any(|one| one == controller)
                .then_some(own)
        })?;
        // Hierarchies of several controllers have a link of each one's name there.
        writable(&format!("/sys/fs/cgroup/{controller}"), own, MAGIC_1)
    }
}

/// The group in the file system mounted there, if it is of that kind and we can make children.
fn writable(mount: &str, own: &str, magic: u32) -> Option<PathBuf> {
    let found = statfs(mount).ok()?;
    let directory = Path::new(mount).join(own.trim_start_matches('/'));
    let right = u32::try_from(found.f_type) == Ok(magic);
    (right && access(&directory, Access::WRITE_OK).is_ok()).then_some(directory)
}

/// The controllers that groups of our own can have: those of v2, and those of v1.
pub(crate) fn controllers() -> (Vec<String>, Vec<String>) {
    let membership = Membership::read();
    let all = CONTROLLERS.into_iter().map(str::to_owned);
    let (unified, others): (Vec<_>, Vec<_>) =
        all.partition(|controller| membership.unified_with(controller).is_some());
    let legacy = others
        .into_iter()
        .filter(|controller| membership.legacy(controller).is_some())
        .collect();
    (unified, legacy)
}
