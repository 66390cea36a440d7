//! How control groups are mounted, and which controllers there are.

use std::fs;
use std::path::Path;

use ringfence_compile::systemd::CgroupMode;

/// The types of file systems that decide it, as statfs(2) numbers them.
const CGROUP2: u64 = 0x6367_7270;
const TMPFS: u64 = 0x0102_1994;

/// Where the hierarchies are.
pub const MOUNT: &str = "/sys/fs/cgroup";

/// How they are mounted; `None` when they are not, or when that cannot be seen.
pub fn mode(mount: &Path) -> Option<CgroupMode> {
    match kind(mount)? {
        CGROUP2 => Some(CgroupMode::Unified),
        TMPFS if kind(&mount.join("unified")) == Some(CGROUP2) => Some(CgroupMode::Hybrid),
        TMPFS if mount.join("systemd").is_dir() => Some(CgroupMode::Legacy),
        _ => None,
    }
}

fn kind(path: &Path) -> Option<u64> {
    let found = rustix::fs::statfs(path).ok()?;
    u64::try_from(found.f_type).ok()
}

/// The controllers that the manager can give to units, by the names they have in version 2.
pub fn controllers(mount: &Path, mode: CgroupMode, mounts: &str) -> Vec<String> {
    let mut names: Vec<String> = if mode == CgroupMode::Unified {
        let text = fs::read_to_string(mount.join("cgroup.controllers")).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    } else {
        mounted(mounts)
    };
    names.sort();
    names.dedup();
    names
}

/// The controllers of version 1 hierarchies in a table of mounts. They are options of the mount.
fn mounted(mounts: &str) -> Vec<String> {
    mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(2);
            (words.next()? == "cgroup").then(|| words.next())?
        })
        .flat_map(|options| options.split(','))
        .filter_map(|option| match option {
            // The same thing under an older name.
            "blkio" => Some("io"),
            "cpu" | "cpuset" | "memory" | "pids" | "hugetlb" | "rdma" | "misc" => Some(option),
            _ => None,
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controllers_of_version_1_are_found_in_the_mounts() {
        let mounts = "tmpfs /sys/fs/cgroup tmpfs rw,mode=755 0 0\n\
                      cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0\n\
                      cgroup /sys/fs/cgroup/blkio cgroup rw,blkio 0 0\n\
                      cgroup /sys/fs/cgroup/systemd cgroup rw,name=systemd 0 0\n\
                      cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        assert_eq!(mounted(mounts), ["cpu", "io"]);
    }

    #[test]
    fn controllers_of_version_2_are_those_of_the_root() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("cgroup.controllers"),
            "pids cpu memory\n",
        )
        .unwrap();
        let names = controllers(folder.path(), CgroupMode::Unified, "");
        assert_eq!(names, ["cpu", "memory", "pids"]);
    }

    #[test]
    fn a_plain_directory_is_no_hierarchy() {
        let folder = tempfile::tempdir_in("/var/tmp").unwrap();
        assert_eq!(mode(folder.path()), None);
    }
}
