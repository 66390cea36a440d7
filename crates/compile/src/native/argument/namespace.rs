//! New namespaces and entering those of others.

use super::refuse;
use crate::native::seccomp::{Action, Argument, Clause, Compare, ENOSYS, Restriction, Rule, Test};

/// A set of namespace kinds, as the `CLONE_NEW*` bits of clone(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Namespaces(u32);

impl Namespaces {
    /// No namespace.
    pub const NONE: Self = Self(0);
    /// `CLONE_NEWTIME`.
    pub const TIME: Self = Self(0x80);
    /// `CLONE_NEWNS`.
    pub const MOUNT: Self = Self(0x2_0000);
    /// `CLONE_NEWCGROUP`.
    pub const CGROUP: Self = Self(0x200_0000);
    /// `CLONE_NEWUTS`.
    pub const UTS: Self = Self(0x400_0000);
    /// `CLONE_NEWIPC`.
    pub const IPC: Self = Self(0x800_0000);
    /// `CLONE_NEWUSER`.
    pub const USER: Self = Self(0x1000_0000);
    /// `CLONE_NEWPID`.
    pub const PID: Self = Self(0x2000_0000);
    /// `CLONE_NEWNET`.
    pub const NETWORK: Self = Self(0x4000_0000);
    /// Every kind there is.
    pub const ALL: Self = Self(0x7e02_0080);

    /// The kinds in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds not in this set.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(Self::ALL.0 & !self.0)
    }

    /// The `CLONE_NEW*` bits.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

/// Refuses namespaces other than `permitted`: clone(2), unshare(2) and setns(2).
///
/// clone3(2) has its flags behind a pointer and always fails with `ENOSYS`, whatever `denied` is: C
/// libraries then call clone(2), and with any other errno they would report that no thread can be
/// started. setns(2) with type 0 means "whatever the descriptor is" and is refused unless every kind
/// is permitted.
pub fn namespaces(permitted: Namespaces, denied: Action) -> Vec<Restriction> {
    if permitted == Namespaces::ALL {
        return Vec::new();
    }
    let refused = permitted.complement().bits();
    // In clone(2) the lowest byte is the exit signal, and SIGCHLD must not look like a namespace.
    let in_clone = refused & !Namespaces::TIME.bits();
    let flags = |argument, bits| Clause::from(Test::any_bit(argument, bits));
    let any_kind = Clause::from(Test::int(Argument::Second, Compare::Eq, 0));
    vec![
        refuse("clone", vec![flags(Argument::First, in_clone)], denied),
        Restriction {
            call: "clone3",
            rule: Rule::Always(Action::Deny(ENOSYS)),
        },
        refuse("unshare", vec![flags(Argument::First, refused)], denied),
        refuse(
            "setns",
            vec![any_kind, flags(Argument::Second, refused)],
            denied,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{DENIED, allowed, decide, narrowed};
    use super::*;
    use crate::native::syscall::Arch;

    const KINDS: [Namespaces; 8] = [
        Namespaces::TIME,
        Namespaces::MOUNT,
        Namespaces::CGROUP,
        Namespaces::UTS,
        Namespaces::IPC,
        Namespaces::USER,
        Namespaces::PID,
        Namespaces::NETWORK,
    ];

    #[test]
    fn the_kinds_are_those_of_the_c_library() {
        let all = KINDS.into_iter().fold(Namespaces::NONE, Namespaces::union);
        assert_eq!(all, Namespaces::ALL);
        for (kind, bits) in [
            (Namespaces::TIME, libc::CLONE_NEWTIME),
            (Namespaces::MOUNT, libc::CLONE_NEWNS),
            (Namespaces::CGROUP, libc::CLONE_NEWCGROUP),
            (Namespaces::UTS, libc::CLONE_NEWUTS),
            (Namespaces::IPC, libc::CLONE_NEWIPC),
            (Namespaces::USER, libc::CLONE_NEWUSER),
            (Namespaces::PID, libc::CLONE_NEWPID),
            (Namespaces::NETWORK, libc::CLONE_NEWNET),
        ] {
            assert_eq!(i64::from(kind.bits()), i64::from(bits));
        }
    }

    #[test]
    fn threads_and_children_still_start() {
        // The flags of pthread_create and of fork in glibc.
        for flags in [0x003d_0f00, 0x0120_0011] {
            assert!(allowed(
                namespaces(Namespaces::NONE, DENIED),
                "clone",
                &[flags]
            ));
        }
    }

    #[test]
    fn clone3_sends_the_c_library_to_clone() {
        let filter = narrowed(
            Arch::Aarch64,
            namespaces(Namespaces::USER, Action::Trace(1)),
        );
        assert_eq!(decide(&filter, "clone3", &[1, 88]), Action::Deny(ENOSYS));
        let filter = narrowed(Arch::Aarch64, namespaces(Namespaces::ALL, DENIED));
        assert_eq!(decide(&filter, "clone3", &[1, 88]), Action::Allow);
    }

    #[test]
    fn entering_whatever_a_descriptor_is_counts_as_every_kind() {
        let all_but_time = Namespaces::TIME.complement();
        assert!(!allowed(namespaces(all_but_time, DENIED), "setns", &[3, 0]));
        assert!(!allowed(
            namespaces(all_but_time, DENIED),
            "setns",
            &[3, 0x1_0000_0000]
        ));
        let network = u64::from(Namespaces::NETWORK.bits());
        assert!(allowed(
            namespaces(all_but_time, DENIED),
            "setns",
            &[3, network]
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn exactly_the_permitted_kinds_can_be_made(permitted: u8, flags: u32, high: u32) {
            let chosen = KINDS.iter().enumerate().filter(|(bit, _)| permitted & (1 << bit) != 0);
            let permitted = chosen.fold(Namespaces::NONE, |all, (_, kind)| all.union(*kind));
            let refused = flags & permitted.complement().bits();
            let flags = u64::from(flags) | u64::from(high) << 32;
            prop_assert_eq!(
                allowed(namespaces(permitted, DENIED), "unshare", &[flags]),
                refused == 0
            );
            prop_assert_eq!(
                allowed(namespaces(permitted, DENIED), "clone", &[flags]),
                refused & !0xff == 0
            );
        }
    }
}
