//! Calls whose first arguments choose among many operations.

use super::{permit_only, refuse};
use crate::native::seccomp::{Action, Argument, Clause, Compare, Restriction, Test};

/// Puts a byte into the input of the terminal.
const TIOCSTI: u32 = 0x5412;
/// Pastes into a virtual console, among other things.
const TIOCLINUX: u32 = 0x541c;
/// Loads a line discipline.
const TIOCSETD: u32 = 0x5423;

/// Refuses every operation but `permitted`, prctl(2).
pub fn prctl(permitted: &[u32], denied: Action) -> Vec<Restriction> {
    vec![permit_only(
        "prctl",
        one_of(Argument::First, permitted),
        denied,
    )]
}

/// Refuses every operation but `permitted`, keyctl(2).
pub fn keyctl(permitted: &[u32], denied: Action) -> Vec<Restriction> {
    vec![permit_only(
        "keyctl",
        one_of(Argument::First, permitted),
        denied,
    )]
}

/// Refuses to change the execution domain, personality(2).
///
/// Setting the one in force and asking for it (0xffffffff) remain. Others bring old system call
/// semantics, switch off address randomization or make readable memory executable.
pub fn personality(in_force: u32, denied: Action) -> Vec<Restriction> {
    vec![permit_only(
        "personality",
        one_of(Argument::First, &[in_force, u32::MAX]),
        denied,
    )]
}

/// Refuses to type for whoever reads the terminal, and line disciplines: ioctl(2), `TIOCSTI(2const)`.
///
/// With `TIOCSTI` and `TIOCLINUX` a service writes commands into the shell that started it. `TIOCSETD`
/// loads rarely tested kernel modules. The command is an `int`: a test on all 64 bits would let the
/// call past as soon as a higher bit is set.
pub fn terminal_injection(denied: Action) -> Vec<Restriction> {
    let commands = one_of(Argument::Second, &[TIOCSTI, TIOCLINUX, TIOCSETD]);
    vec![refuse("ioctl", commands, denied)]
}

/// Refuses limits of other processes, prlimit(2).
///
/// Only pid 0, the caller, passes: a filter does not know the caller's own pid, so naming that is
/// refused as well, and so is reading.
pub fn other_process_limits(denied: Action) -> Vec<Restriction> {
    vec![permit_only(
        "prlimit64",
        one_of(Argument::First, &[0]),
        denied,
    )]
}

fn one_of(argument: Argument, values: &[u32]) -> Vec<Clause> {
    values
        .iter()
        .map(|value| Test::int(argument, Compare::Eq, *value).into())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{DENIED, allowed};
    use super::*;

    #[test]
    fn the_terminal_takes_no_input_from_the_service() {
        let ioctl = |command: u64| allowed(terminal_injection(DENIED), "ioctl", &[0, command, 1]);
        for command in [0x5412, 0x541c, 0x5423] {
            assert!(!ioctl(command));
            assert!(
                !ioctl(command | 0x1_0000_0000),
                "a bit the kernel does not look at"
            );
        }
        for command in [
            libc::TCGETS,
            libc::TIOCGWINSZ,
            libc::FIONREAD,
            libc::FIOCLEX,
        ] {
            assert!(ioctl(command));
        }
    }

    #[test]
    fn the_personality_stays() {
        let set = |value| allowed(personality(0, DENIED), "personality", &[value]);
        assert!(set(0) && set(0xffff_ffff) && set(u64::MAX));
        assert!(!set(0x0040_0000) && !set(0x0004_0000) && !set(8));
        assert!(allowed(personality(8, DENIED), "personality", &[8]));
        assert!(!allowed(personality(8, DENIED), "personality", &[0]));
    }

    #[test]
    fn only_the_callers_own_limits_are_reached() {
        let prlimit = |pid| allowed(other_process_limits(DENIED), "prlimit64", &[pid, 7, 0, 0]);
        assert!(prlimit(0) && !prlimit(1) && !prlimit(0xffff_ffff));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn only_listed_operations_run(
            permitted in prop::collection::vec(0..70_u32, 0..12), operation in 0..70_u32, high: u32
        ) {
            let expected = permitted.contains(&operation);
            let argument = u64::from(operation) | u64::from(high) << 32;
            prop_assert_eq!(allowed(prctl(&permitted, DENIED), "prctl", &[argument]), expected);
            prop_assert_eq!(allowed(keyctl(&permitted, DENIED), "keyctl", &[argument]), expected);
        }
    }
}
