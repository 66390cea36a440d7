//! What attempts must leave as it was.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, WaitOptions, waitpid};

/// The part of the machine that attempts could change.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    host_name: String,
    mounts: String,
    swap: String,
    tunables: Vec<Option<String>>,
    files: BTreeMap<PathBuf, (u64, u32, i64, i64, u64)>,
    left_behind: Vec<PathBuf>,
    segments: usize,
    children: usize,
}

const TUNABLES: [&str; 4] = [
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/randomize_va_space",
    "/proc/sys/kernel/sysrq",
];

impl Machine {
    pub fn look(decoy: &Path) -> Self {
        // Orphans of attempts become children of this process, where they can be counted.
        rustix::process::set_child_subreaper(Some(Pid::INIT)).unwrap();
        while let Ok(Some(_)) = waitpid(None, WaitOptions::NOHANG) {}
        let mut files = BTreeMap::new();
        list(Path::new("/etc"), &mut files);
        list(decoy, &mut files);
        let shared = ["/tmp", "/var/tmp", "/dev/shm"];
        let left_behind = shared
            .iter()
            .flat_map(|directory| fs::read_dir(directory).into_iter().flatten())
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| {
                let name = path.to_string_lossy();
                ["-device-", "-program-"]
                    .iter()
                    .any(|part| name.contains(&format!("ringfence-prove{part}")))
            })
            .collect();
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            host_name: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            mounts: read("/proc/self/mounts"),
            swap: read("/proc/swaps"),
            tunables: TUNABLES
                .iter()
                .map(|path| fs::read_to_string(path).ok())
                .collect(),
            files,
            left_behind,
            // The ones that attempts make are of 1 MiB.
            segments: read("/proc/sysvipc/shm").matches(" 1048576 ").count(),
            children: children(),
        }
    }
}

fn list(directory: &Path, files: &mut BTreeMap<PathBuf, (u64, u32, i64, i64, u64)>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        let seen = (
            metadata.ino(),
            metadata.mode(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.len(),
        );
        if metadata.is_dir() {
            list(&entry.path(), files);
        }
        files.insert(entry.path(), seen);
    }
}

fn children() -> usize {
    let own = std::process::id();
    let path = format!("/proc/{own}/task/{own}/children");
    fs::read_to_string(path).map_or(0, |text| text.split_whitespace().count())
}
