//! Limits for a service that goes on for months, of which a workload of minutes was watched.
//!
//! A limit that is too low kills a service on the day it is busiest; one that is high still keeps a runaway
//! service from taking the host with it. What a person wrote into a manifest is not touched by anything here:
//! it is meant for manifests that were derived.

use crate::grant::{Amount, Grant, Resource};
use crate::manifest::{Entry, Manifest};

/// The least that a service of a running host is given of each resource, whatever it used while watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headroom {
    /// Bytes of memory.
    pub memory: u64,
    /// Processes and threads.
    pub tasks: u64,
    /// Descriptors of one process.
    pub descriptors: u64,
}

const MEBI: u64 = 1 << 20;

impl Headroom {
    /// For a host with this many bytes of memory: three quarters of them, rounded down to a mebibyte. A
    /// database may well use most of a host; what is left is enough to log in and look.
    pub const fn of_host(memory: u64) -> Self {
        Self {
            memory: memory / 4 * 3 / MEBI * MEBI,
            tasks: 1024,
            descriptors: 65_536,
        }
    }

    fn least(&self, resource: Resource) -> Option<u64> {
        match resource {
            Resource::MemoryMax => Some(self.memory),
            Resource::TasksMax => Some(self.tasks),
            Resource::Nofile => Some(self.descriptors),
            _ => None,
        }
    }
}

impl Manifest {
    /// Raises the limits that are lower. One that is not there is not added.
    pub fn leave_headroom(&mut self, headroom: &Headroom) {
        for Entry { grant, why } in &mut self.entries {
            let Grant::Resource(resource, amount) = grant else {
                continue;
            };
            if let Some(least) = headroom.least(*resource).map(Amount::Limit)
                && *amount < least
            {
                *amount = least;
                *why = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_limits_are_raised_and_high_ones_stay() {
        let text = "ringfence = 1\n[service]\nname = \"x\"\nexec = [\"/usr/bin/x\"]\nuser = \"dynamic\"\n\
                    [resources]\nmemory_max = \"64M\"\ntasks_max = 4096\n";
        let mut manifest = Manifest::parse(text).unwrap();
        manifest.leave_headroom(&Headroom::of_host(4096 * MEBI));
        let limits: Vec<_> = manifest
            .entries
            .iter()
            .map(|entry| entry.grant.to_string())
            .collect();
        assert_eq!(
            limits,
            [
                "resources.memory_max 3221225472",
                "resources.tasks_max 4096"
            ]
            .map(|text| text.parse::<Grant>().unwrap().to_string())
        );
    }
}
