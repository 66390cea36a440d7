//! What `/proc/TID/status` says about a task: its ids, groups, capabilities and memory.

use std::rc::Rc;

use rustix::process::Pid;

/// The ids that decide what the kernel allows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Identity {
    /// Effective user id.
    pub uid: u32,
    /// Real user id.
    pub real_uid: u32,
    /// User id for file access.
    pub file_uid: u32,
    /// Effective group id.
    pub gid: u32,
    /// Group id for file access.
    pub file_gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Effective capabilities, as a bit set.
    pub capabilities: u64,
}

impl Identity {
    /// Whether a capability is in effect.
    pub fn has(&self, capability: u8) -> bool {
        self.capabilities >> capability & 1 == 1
    }

    /// Whether file access counts this group.
    pub fn in_group(&self, gid: u32) -> bool {
        self.file_gid == gid || self.groups.contains(&gid)
    }
}

/// The parsed file.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// The process.
    pub process: i32,
    /// The process by the number it has in its own pid namespace.
    pub inner: i32,
    /// Ids and capabilities.
    pub identity: Rc<Identity>,
    /// Bytes of memory now.
    pub memory: u64,
    /// The most bytes of memory there ever were.
    pub memory_peak: u64,
    /// Signals that it blocks, signal n as bit n - 1.
    pub blocked: u64,
    /// No exec will give it more privileges.
    pub no_new_privs: bool,
}

/// Reads the file; `None` when the task is gone.
pub fn read(task: Pid) -> Option<Status> {
    let path = format!("/proc/{}/status", task.as_raw_nonzero());
    Some(parse(&std::fs::read(path).ok()?))
}

fn parse(text: &[u8]) -> Status {
    let mut status = Status::default();
    let mut identity = Identity::default();
    for line in text.split(|byte| *byte == b'\n') {
        let Ok(line) = std::str::from_utf8(line) else {
            continue;
        };
        let Some((key, rest)) = line.split_once(':') else {
            continue;
        };
        let mut words = rest.split_whitespace();
        let numbers = || rest.split_whitespace().filter_map(|word| word.parse().ok());
        let bytes = || {
            rest.split_whitespace()
                .next()
                .and_then(|word| word.parse::<u64>().ok())
                .map_or(0, |kib| kib * 1024)
        };
        match key {
            "Tgid" => status.process = words.next().and_then(|w| w.parse().ok()).unwrap_or(0),
            "NStgid" => status.inner = words.next_back().and_then(|w| w.parse().ok()).unwrap_or(0),
            "Uid" => {
                let mut ids = numbers();
                identity.real_uid = ids.next().unwrap_or(0);
                identity.uid = ids.next().unwrap_or(0);
                identity.file_uid = ids.nth(1).unwrap_or(0);
            }
            "Gid" => {
                let mut ids = numbers();
                identity.gid = ids.nth(1).unwrap_or(0);
                identity.file_gid = ids.nth(1).unwrap_or(0);
            }
            "Groups" => identity.groups = numbers().collect(),
            "CapEff" => {
                identity.capabilities = words
                    .next()
                    .and_then(|word| u64::from_str_radix(word, 16).ok())
                    .unwrap_or(0);
            }
            "SigBlk" => {
                status.blocked = words
                    .next()
                    .and_then(|word| u64::from_str_radix(word, 16).ok())
                    .unwrap_or(0);
            }
            "NoNewPrivs" => status.no_new_privs = words.next() == Some("1"),
            "VmRSS" => status.memory = bytes(),
            "VmHWM" => status.memory_peak = bytes(),
            _ => {}
        }
    }
    status.identity = Rc::new(identity);
    status
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn every_field_is_read_by_its_column() {
        let status = parse(
            b"Name:\tx: y\nTgid:\t7\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t10 11 \nNStgid:\t7\t1\n\
              VmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nSigBlk:\t4000000000000000\nNoNewPrivs:\t1\nCapEff:\t0000000000000402\n",
        );
        assert_eq!((status.process, status.inner), (7, 1));
        assert_eq!((status.blocked, status.no_new_privs), (1 << 62, true));
        let identity = &status.identity;
        assert_eq!(
            (identity.real_uid, identity.uid, identity.file_uid),
            (1, 2, 4)
        );
        assert_eq!((identity.gid, identity.file_gid), (6, 8));
        assert!(identity.in_group(11) && identity.in_group(8) && !identity.in_group(6));
        assert!(identity.has(1) && identity.has(10) && !identity.has(0));
        assert_eq!((status.memory, status.memory_peak), (1 << 20, 2 << 20));
    }
}
