//! Limits from peaks: twice what was seen, rounded up to a figure a person would write.

use crate::grant::{Amount, Grant, Resource};
use crate::trace::Trace;

/// What a service may have even when it was seen to need next to nothing.
struct Floor {
    resource: Resource,
    idle: u64,
    /// Each client costs a descriptor and maybe a thread, and more of them come than while learning.
    serving: u64,
}

const MEBI: u64 = 1 << 20;

const FLOORS: [Floor; 4] = [
    Floor {
        resource: Resource::MemoryMax,
        idle: 64 * MEBI,
        serving: 128 * MEBI,
    },
    Floor {
        resource: Resource::TasksMax,
        idle: 16,
        serving: 64,
    },
    Floor {
        resource: Resource::Nofile,
        idle: 64,
        serving: 1024,
    },
    Floor {
        resource: Resource::TmpMax,
        idle: 16 * MEBI,
        serving: 64 * MEBI,
    },
];

/// A limit for each resource whose peak was seen.
///
/// Neither processor time nor running time is limited: a busy hour is no misuse, and how long a service
/// ran while watched says nothing about how long it should.
pub(super) fn limits(trace: &Trace, serves: bool) -> impl Iterator<Item = Grant> {
    trace.peaks().iter().filter_map(move |(resource, peak)| {
        let floor = FLOORS.iter().find(|floor| floor.resource == *resource)?;
        let least = if serves { floor.serving } else { floor.idle };
        let amount = round_up(peak.saturating_mul(2).max(least));
        Some(Grant::Resource(*resource, Amount::Limit(amount)))
    })
}

/// The next power of two, or one and a half times the one before when that suffices.
fn round_up(amount: u64) -> u64 {
    let Some(power) = amount.max(1).checked_next_power_of_two() else {
        return u64::MAX;
    };
    let three_quarters = power / 4 * 3;
    if three_quarters >= amount {
        three_quarters
    } else {
        power
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_round_and_at_least_twice_the_peak() {
        assert_eq!(round_up(1), 1);
        assert_eq!(round_up(64 * MEBI), 64 * MEBI);
        assert_eq!(round_up(65 * MEBI), 96 * MEBI);
        assert_eq!(round_up(100 * MEBI), 128 * MEBI);
        assert_eq!(round_up(u64::MAX), u64::MAX);
    }

    #[test]
    fn small_services_get_the_floor() {
        let mut trace = Trace::new();
        trace.record_peak(Resource::MemoryMax, 3 * MEBI);
        trace.record_peak(Resource::RuntimeMax, 3);
        let texts = |serves| {
            limits(&trace, serves)
                .map(|grant| grant.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(false), ["resources.memory_max 64M"]);
        assert_eq!(texts(true), ["resources.memory_max 128M"]);
    }
}
