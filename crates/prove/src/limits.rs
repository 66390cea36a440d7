//! The amounts that a policy grants, which the exhausting attempts try to exceed by a little.

use ringfence_policy::grant::{Amount, Grant, Resource};
use ringfence_policy::policy::Policy;
use serde::{Deserialize, Serialize};

/// How much a policy grants of each resource; `None` where it says nothing or grants without bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Threads and processes.
    pub tasks: Option<u64>,
    /// Descriptors of one process.
    pub descriptors: Option<u64>,
    /// Percent of one processor.
    pub cpu: Option<u64>,
    /// Bytes in private directories together.
    pub tmp: Option<u64>,
}

impl Limits {
    /// The limits of a policy.
    pub fn of(policy: &Policy) -> Self {
        let limit = |wanted: Resource| {
            policy.grants().find_map(|grant| match grant {
                Grant::Resource(resource, Amount::Limit(amount)) if *resource == wanted => {
                    Some(*amount)
                }
                _ => None,
            })
        };
        Self {
            memory: limit(Resource::MemoryMax),
            tasks: limit(Resource::TasksMax),
            descriptors: limit(Resource::Nofile),
            cpu: limit(Resource::CpuQuota),
            tmp: limit(Resource::TmpMax),
        }
    }

    /// These, and where they say nothing, others.
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            memory: self.memory.or(others.memory),
            tasks: self.tasks.or(others.tasks),
            descriptors: self.descriptors.or(others.descriptors),
            cpu: self.cpu.or(others.cpu),
            tmp: self.tmp.or(others.tmp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_without_a_resource_has_no_limit_to_exceed() {
        let policy: Policy = ["resources.tasks_max 16", "resources.memory_max unlimited"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let expected = Limits {
            tasks: Some(16),
            ..Limits::default()
        };
        assert_eq!(Limits::of(&policy), expected);
    }
}
