//! Control groups of a container's own.
//!
//! nspawn puts what it starts into `payload` below the control group that it was started in. Two containers from one
//! process would share it, and each systemd would remove and limit the units of the other.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A script of sh(1): moves itself to the control groups before `--`, and becomes the command after it.
pub(crate) const ENTER: &str =
    r#"while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit; shift; done; shift; exec "$@""#;

/// The hierarchies of version 1 that nspawn needs for a container with version 2 alone. In a group of `cpu` it would
/// have no real-time scheduling, so such a container is not in one.
pub(crate) const OF_UNIFIED: &[&str] = &["name=systemd"];

/// Those that a systemd uses that sees version 1.
pub(crate) const OF_HYBRID: &[&str] =
    &["name=systemd", "blkio", "cpu", "devices", "memory", "pids"];

/// A control group in the hierarchy of version 2 and in some of version 1; removed with the value.
#[derive(Debug)]
pub(crate) struct Groups(Vec<PathBuf>);

impl Groups {
    /// Makes the groups below those of this process, and removes what processes left that were killed.
    pub(crate) fn new(name: &str, version_1: &[&str]) -> io::Result<Self> {
        let membership = fs::read_to_string("/proc/self/cgroup")?;
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        let mut groups = Self(Vec::new());
        for parent in parents(&membership, &mounts, version_1) {
            remove_orphans(&parent)?;
            let group = parent.join(name);
            fs::create_dir(&group)?;
            groups.0.push(group);
        }
        Ok(groups)
    }

    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.0
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for group in &self.0 {
            remove(group);
        }
    }
}

/// Where this process is in these hierarchies of version 1, and in that of version 2.
fn parents(membership: &str, mounts: &str, version_1: &[&str]) -> Vec<PathBuf> {
    let mut parents = Vec::new();
    for line in membership.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let used = controllers
            .split(',')
            .any(|controller| version_1.contains(&controller));
        if let Some(mount) = mount_point(controllers, mounts)
            && (used || controllers.is_empty())
        {
            parents.push(mount.join(path.trim_start_matches('/')));
        }
    }
    parents
}

/// Where a hierarchy is mounted: that of version 2 if no controllers are named. See proc_pid_mountinfo(5).
fn mount_point(controllers: &str, mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (place, system) = line.split_once(" - ")?;
        let mut system = system.split(' ');
        let (kind, options) = (system.next()?, system.nth(1)?);
        let here = match controllers {
            "" => kind == "cgroup2",
            _ => {
                kind == "cgroup"
                    && controllers
                        .split(',')
                        .all(|c| options.split(',').any(|o| o == c))
            }
        };
        here.then(|| place.split(' ').nth(4).map(PathBuf::from))?
    })
}

/// Removes the groups of machines whose process is gone: their names have its number.
fn remove_orphans(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix("testbed-")?.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            remove(&entry.path());
        }
    }
    Ok(())
}

/// Removes a group and those below. One in which something still runs stays, for whoever comes next.
fn remove(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{OF_HYBRID, OF_UNIFIED, parents};

    #[test]
    fn hierarchies_of_both_versions_are_found() {
        let mounts = "25 1 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
            26 25 0:23 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
            27 25 0:24 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n\
            28 25 0:25 / /sys/fs/cgroup/systemd rw shared:9 - cgroup cgroup rw,name=systemd\n\
            29 25 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let membership = "4:cpuset:/\n3:cpuacct,cpu:/a\n2:name=systemd:/b\n0::/c\n";
        let all = ["cpu,cpuacct/a", "systemd/b", "unified/c"];
        let all = all.map(|path| PathBuf::from("/sys/fs/cgroup").join(path));
        assert_eq!(parents(membership, mounts, OF_HYBRID), all);
        assert_eq!(parents(membership, mounts, OF_UNIFIED), all[1..]);
    }
}
