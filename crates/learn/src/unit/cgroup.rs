//! The control group of a unit, and who is in it.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::Pid;

/// Levels below the unit's own group that are looked at: a service may divide what is delegated to it.
const DEPTH: usize = 4;

/// A directory of the hierarchy by which the service manager keeps units apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlGroup(PathBuf);

impl ControlGroup {
    /// The group that a unit of this slice has, or will have once it is started.
    ///
    /// `ControlGroup=` of a unit that does not run is empty, but its place follows from `Slice=`.
    pub fn of(unit: &str, slice: &str) -> io::Result<Self> {
        let top = hierarchy(
            &std::fs::read_to_string("/proc/self/mountinfo")?,
            &std::fs::read_to_string("/proc/1/cgroup")?,
        )
        .ok_or_else(|| io::Error::other("no control groups of the service manager are mounted"))?;
        let mut path = top;
        path.extend(slice_path(slice));
        path.push(unit);
        Ok(Self(path))
    }

    /// Whether a process is in it or below it.
    pub fn contains(&self, process: Pid) -> bool {
        self.processes().contains(&process)
    }

    /// The processes in it and below it; none when it does not exist.
    pub(crate) fn processes(&self) -> HashSet<Pid> {
        let mut found = HashSet::new();
        collect(&self.0, DEPTH, &mut found);
        if let (true, Some(name)) = (found.is_empty(), self.0.file_name()) {
            // A name that the kernel could take for one of its own files has a `_` before it.
            let mut escaped = OsString::from("_");
            escaped.push(name);
            collect(&self.0.with_file_name(escaped), DEPTH, &mut found);
        }
        found
    }
}

fn collect(directory: &Path, depth: usize, found: &mut HashSet<Pid>) {
    let Ok(text) = std::fs::read_to_string(directory.join("cgroup.procs")) else {
        return;
    };
    let numbers = text.lines().filter_map(|line| line.parse().ok());
    found.extend(numbers.filter_map(Pid::from_raw));
    if depth == 0 {
        return;
    }
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), depth - 1, found);
        }
    }
}

/// The names of the directories that lead to a slice: `a-b.slice` lies in `a.slice`.
fn slice_path(slice: &str) -> Vec<String> {
    let Some(stem) = slice.strip_suffix(".slice").filter(|stem| *stem != "-") else {
        return Vec::new();
    };
    let ends = stem.match_indices('-').map(|(at, _)| at);
    ends.chain([stem.len()])
        .filter_map(|end| Some(format!("{}.slice", stem.get(..end)?)))
        .collect()
}

/// Where the service manager's own hierarchy is mounted, down to the group that it was started in.
///
/// That is version 2 where it is the only one, else the hierarchy named `systemd`; with both, systemd
/// watches the one of version 2 but keeps the same tree in each.
fn hierarchy(mountinfo: &str, first: &str) -> Option<PathBuf> {
    let named = mount_point(mountinfo, |kind, options| {
        kind == "cgroup" && options.split(',').any(|option| option == "name=systemd")
    });
    let unified = || mount_point(mountinfo, |kind, _| kind == "cgroup2");
    let (top, own) = match named {
        Some(top) => (top, own_group(first, ":name=systemd:")?),
        None => (unified()?, own_group(first, "0::")?),
    };
    let own = own.strip_suffix("/init.scope").unwrap_or(own);
    Some(top.join(own.trim_start_matches('/')))
}

fn own_group<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.split_once(mark).map(|(_, path)| path))
}

/// See proc_pid_mountinfo(5): the fifth field is the place; the kind comes after a lone dash.
fn mount_point(mountinfo: &str, wanted: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
    mountinfo.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let (kind, options) = (kind.next()?, kind.nth(1)?);
        let at = place.split(' ').nth(4)?;
        wanted(kind, options).then(|| PathBuf::from(at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
30 24 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate
32 30 0:28 / /sys/fs/cgroup/systemd rw,nosuid - cgroup cgroup rw,xattr,name=systemd
33 30 0:29 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
";
    const UNIFIED: &str = "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";

    #[test]
    fn the_hierarchy_is_found_in_every_mode_and_in_a_container() {
        assert_eq!(
            hierarchy(UNIFIED, "0::/init.scope\n"),
            Some(PathBuf::from("/sys/fs/cgroup/"))
        );
        assert_eq!(
            hierarchy(
                HYBRID,
                "2:memory:/\n1:name=systemd:/init.scope\n0::/init.scope\n"
            ),
            Some(PathBuf::from("/sys/fs/cgroup/systemd/"))
        );
        assert_eq!(
            hierarchy(UNIFIED, "0::/machine.slice/box/payload/init.scope\n"),
            Some(PathBuf::from("/sys/fs/cgroup/machine.slice/box/payload"))
        );
    }

    #[test]
    fn a_slice_lies_in_the_slices_that_its_name_begins_with() {
        assert_eq!(slice_path("system.slice"), ["system.slice"]);
        assert_eq!(
            slice_path("system-pg-x.slice"),
            ["system.slice", "system-pg.slice", "system-pg-x.slice"]
        );
        assert!(slice_path("-.slice").is_empty());
    }
}
