//! Scheduling ahead of everyone else.

use super::{permit_only, refuse};
use crate::native::seccomp::{Action, Argument, Clause, Restriction, Test};

/// `SCHED_RESET_ON_FORK` may be added to any policy.
const SCHED_RESET_ON_FORK: u32 = 0x4000_0000;
/// `SCHED_OTHER`, `SCHED_BATCH` and `SCHED_IDLE`, the policies that cannot starve another process.
const ORDINARY: [u32; 3] = [0, 3, 5];

/// Refuses real-time scheduling, sched_setscheduler(2).
///
/// sched_setattr(2) has its policy behind a pointer and is refused whole. A nice value below 0 is a
/// matter of capabilities and `RLIMIT_NICE`, not of this.
pub fn realtime(denied: Action) -> Vec<Restriction> {
    let policy = |policy| Test::masked(Argument::Second, !SCHED_RESET_ON_FORK, policy);
    let ordinary = ORDINARY.map(|number| Clause::from(policy(number)));
    vec![
        permit_only("sched_setscheduler", ordinary.into(), denied),
        refuse("sched_setattr", vec![Clause::default()], denied),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{DENIED, allowed};
    use super::*;

    #[test]
    fn only_ordinary_policies_can_be_chosen() {
        let set = |policy| allowed(realtime(DENIED), "sched_setscheduler", &[0, policy, 1]);
        let permitted: Vec<_> = (0..16).filter(|policy| set(*policy)).collect();
        assert_eq!(permitted, [0, 3, 5]);
        assert!(set(0x4000_0000) && set(0x4000_0003) && set(0xdead_0000_0000));
        assert!(!set(0x4000_0001) && !set(0x4000_0002) && !set(0x8000_0000));
        assert!(!allowed(realtime(DENIED), "sched_setattr", &[0, 1, 0]));
    }
}
