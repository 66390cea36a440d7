//! A control group of the service's own, in the v2 hierarchy, for as long as it runs.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use ringfence_compile::native::Plan;
use rustix::fs::{Mode, OFlags, open};

use crate::error::{SandboxError, Step};

/// Period of `cpu.max` in microseconds: the kernel's default.
const PERIOD: u64 = 100_000;

/// A child of our own control group; removed when dropped.
#[derive(Debug)]
pub(crate) struct Group {
    path: PathBuf,
    directory: OwnedFd,
}

impl Group {
    /// The group that the limits of a plan need; `None` when they need none.
    pub(crate) fn for_plan(plan: &Plan) -> Result<Option<Self>, SandboxError> {
        let Some(limits) = &plan.limits else {
            return Ok(None);
        };
        let cpu = limits.cpu_quota.map(|percent| {
            let quota = percent.saturating_mul(PERIOD) / 100;
            format!("{quota} {PERIOD}")
        });
        let settings: Vec<(&str, String)> = [
            ("memory.max", limits.memory_max.map(|n| n.to_string())),
            ("pids.max", limits.tasks_max.map(|n| n.to_string())),
            ("cpu.max", cpu),
        ]
        .into_iter()
        .filter_map(|(file, value)| Some((file, value?)))
        .collect();
        if settings.is_empty() {
            return Ok(None);
        }
        let parent = own_directory().ok_or_else(|| SandboxError::Unsupported {
            step: "limit the service with a control group".to_owned(),
            reason: "no writable cgroup v2 directory".to_owned(),
        })?;
        let path = parent.join(format!("ringfence-{}-{}", plan.service, std::process::id()));
        let step = || format!("make the control group {}", path.display());
        fs::create_dir(&path).step(step)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = open(&path, flags, Mode::empty()).step(step)?;
        let group = Self { path, directory };
        for (file, value) in settings {
            let file = group.path.join(file);
            fs::write(&file, &value).step(|| format!("write {value} to {}", file.display()))?;
        }
        Ok(Some(group))
    }

    pub(crate) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Whoever is left was started by the service and outlived it; the group cannot go before them.
        let _ = fs::write(self.path.join("cgroup.kill"), "1");
        let _ = fs::remove_dir(&self.path);
    }
}

/// The v2 directory that the calling process is in, where children can be made.
pub(crate) fn own_directory() -> Option<PathBuf> {
    let membership = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = membership
        .lines()
        .find_map(|line| line.strip_prefix("0::"))?
        .trim_start_matches('/');
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mount = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let point = fields.nth(1)?;
        (fields.next()? == "cgroup2").then_some(point)
    })?;
    let directory = Path::new(mount).join(own);
    rustix::fs::access(&directory, rustix::fs::Access::WRITE_OK).ok()?;
    Some(directory)
}

/// The controllers that children of our own group have.
pub(crate) fn controllers() -> Vec<String> {
    own_directory()
        .and_then(|directory| fs::read_to_string(directory.join("cgroup.subtree_control")).ok())
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}
