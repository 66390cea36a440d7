//! The highest use of memory, tasks and descriptors.
//!
//! Tasks are counted exactly. Memory is the sum of the resident sets, sampled at every tick and when a
//! process ends (with its own exact peak); shared pages count once per process, so it errs upwards, and a
//! spike between two ticks of several processes together can be missed. Descriptors are what
//! `RLIMIT_NOFILE` limits, the highest number plus one: from the results of traced calls and from samples of
//! `/proc/PID/fd` at ticks and exits.

use std::collections::HashMap;

use ringfence_policy::grant::Resource;
use ringfence_policy::trace::Trace;
use rustix::process::Pid;

use super::status;

#[derive(Debug, Default)]
pub struct Peaks {
    memory: u64,
    tasks: u64,
    descriptors: u64,
    resident: HashMap<Pid, u64>,
}

impl Peaks {
    /// So many tasks live now.
    pub fn tasks(&mut self, count: usize) {
        self.tasks = self.tasks.max(count as u64);
    }

    /// A call returned this descriptor.
    pub fn descriptor(&mut self, number: i64) {
        self.descriptors = self
            .descriptors
            .max(number.unsigned_abs().saturating_add(1));
    }

    /// Looks at one live process.
    pub fn sample(&mut self, process: Pid) {
        if let Some(status) = status::read(process) {
            self.resident.insert(process, status.memory);
            self.memory = self.memory.max(self.resident.values().sum());
        }
        self.count_descriptors(process);
    }

    /// Looks at a process for the last time.
    pub fn last_sample(&mut self, process: Pid) {
        if let Some(status) = status::read(process) {
            self.resident.insert(process, status.memory_peak);
            self.memory = self.memory.max(self.resident.values().sum());
        }
        self.count_descriptors(process);
        self.resident.remove(&process);
    }

    /// A process is gone.
    pub fn gone(&mut self, process: Pid) {
        self.resident.remove(&process);
    }

    fn count_descriptors(&mut self, process: Pid) {
        let path = format!("/proc/{}/fd", process.as_raw_nonzero());
        let highest = std::fs::read_dir(path)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .max();
        if let Some(highest) = highest {
            self.descriptor(highest);
        }
    }

    /// Writes the peaks into a trace.
    pub fn record(&self, trace: &mut Trace) {
        for (resource, amount) in [
            (Resource::MemoryMax, self.memory),
            (Resource::TasksMax, self.tasks),
            (Resource::Nofile, self.descriptors),
        ] {
            if amount > 0 {
                trace.record_peak(resource, amount);
            }
        }
    }
}
