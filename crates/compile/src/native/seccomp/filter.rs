//! The decision for every system call, before it is compiled.

use std::collections::BTreeMap;

use super::action::{Action, ENOSYS, EPERM};
use super::rule::{Restriction, Rule};
use crate::native::syscall::{self, Arch};

/// What the kernel knows about a call when it asks the filter: `struct seccomp_data` without the
/// instruction pointer, which we never test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The `AUDIT_ARCH_*` of the way the call came in.
    pub audit: u32,
    /// The number of the call.
    pub number: u32,
    /// All six argument registers.
    pub arguments: [u64; 6],
}

/// The decision for every system call of one architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The architecture the numbers belong to.
    pub arch: Arch,
    /// What is decided call by call. Rules for numbers of the x32 interface are never reached.
    pub rules: BTreeMap<u32, Rule>,
    /// For calls that our table names and no rule mentions.
    pub default: Action,
    /// For calls that our table does not name: they are younger than the policy, and a program that
    /// tries one must have a way without it.
    pub unknown: Action,
    /// For calls that came in through another architecture's entry: on x86-64 `int 0x80` (i386) and
    /// numbers with the x32 bit, on aarch64 32-bit programs. Their numbers mean other calls, so no
    /// rule could be right.
    pub foreign: Action,
}

impl Filter {
    /// A filter that allows nothing.
    ///
    /// Known calls fail with `EPERM` and unknown ones with `ENOSYS`. A foreign entry kills the
    /// process, as `SystemCallArchitectures=native` of systemd does: nothing reaches it by accident.
    pub const fn new(arch: Arch) -> Self {
        Self {
            arch,
            rules: BTreeMap::new(),
            default: Action::Deny(EPERM),
            unknown: Action::Deny(ENOSYS),
            foreign: Action::KillProcess,
        }
    }

    /// Sets the rule for the call `name`; false when this architecture has no such call.
    pub fn set(&mut self, name: &str, rule: Rule) -> bool {
        let number = syscall::number(self.arch, name);
        if let Some(number) = number {
            self.rules.insert(number, rule);
        }
        number.is_some()
    }

    /// Narrows calls; it never permits what was refused before.
    ///
    /// A call that is refused whatever its arguments keeps its answer, unless the restriction is
    /// unconditional too: then its errno counts, because it was chosen for the sake of a fallback
    /// (`clone3` must fail with `ENOSYS` or no thread can be started).
    pub fn restrict(&mut self, restrictions: impl IntoIterator<Item = Restriction>) {
        for Restriction { call, rule } in restrictions {
            let Some(number) = syscall::number(self.arch, call) else {
                continue;
            };
            let present = self
                .rules
                .get(&number)
                .cloned()
                .unwrap_or(Rule::Always(self.default));
            let refused = matches!(present, Rule::Always(action) if !action.permits());
            if !refused || matches!(rule, Rule::Always(action) if !action.permits()) {
                self.rules.insert(number, rule.and(&present));
            }
        }
    }

    /// The decision for one call, straight from the rules: what the compiled program must answer.
    pub fn decide(&self, call: &Call) -> Action {
        if call.audit != self.arch.audit() {
            return self.foreign;
        }
        match self.rule(call.number) {
            Ok(rule) => rule.decide(&call.arguments),
            Err(action) => action,
        }
    }

    /// The rule for `number`, or the action that needs no rule.
    pub(super) fn rule(&self, number: u32) -> Result<&Rule, Action> {
        if self.arch == Arch::X86_64 && X32.contains(&number) {
            return Err(self.foreign);
        }
        match self.rules.get(&number) {
            Some(rule) => Ok(rule),
            None if syscall::name(self.arch, number).is_some() => Err(self.default),
            None => Err(self.unknown),
        }
    }
}

/// Numbers the kernel takes as x32 calls on x86-64 (`__X32_SYSCALL_BIT`).
///
/// Negative numbers have that bit too, but no entry accepts them. They are left out because a tracer
/// writes -1 into the number to skip a call, and that must not kill the process.
pub(super) const X32: std::ops::RangeInclusive<u32> = 0x4000_0000..=0x7fff_ffff;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::seccomp::{Argument, Clause, Compare, Test};

    fn call(number: u32) -> Call {
        Call {
            audit: Arch::X86_64.audit(),
            number,
            arguments: [0; 6],
        }
    }

    #[test]
    fn an_empty_filter_allows_nothing() {
        let filter = Filter::new(Arch::X86_64);
        assert_eq!(filter.decide(&call(0)), Action::Deny(EPERM));
        assert_eq!(filter.decide(&call(400)), Action::Deny(ENOSYS));
        assert_eq!(filter.decide(&call(470)), Action::Deny(ENOSYS));
        assert_eq!(filter.decide(&call(0x4000_0000)), Action::KillProcess);
        assert_eq!(filter.decide(&call(u32::MAX)), Action::Deny(ENOSYS));
        let i386 = Call {
            audit: 0x4000_0003,
            ..call(0)
        };
        assert_eq!(filter.decide(&i386), Action::KillProcess);
    }

    #[test]
    fn a_restriction_never_permits_what_was_refused() {
        let mut filter = Filter::new(Arch::X86_64);
        let lenient = Rule::deny_only(
            vec![Clause::from(Test::int(Argument::First, Compare::Eq, 1))],
            Action::Deny(13),
        );
        filter.restrict([Restriction {
            call: "socket",
            rule: lenient.clone(),
        }]);
        assert!(filter.rules.is_empty());
        assert!(filter.set("socket", Rule::Always(Action::Allow)));
        filter.restrict([Restriction {
            call: "socket",
            rule: lenient,
        }]);
        let [zero, one] = [0, 1].map(|first| Call {
            arguments: [first, 0, 0, 0, 0, 0],
            ..call(41)
        });
        assert_eq!(filter.decide(&zero), Action::Allow);
        assert_eq!(filter.decide(&one), Action::Deny(13));
    }

    #[test]
    fn logging_a_call_does_not_permit_it() {
        let zero = vec![Clause::from(Test::int(Argument::First, Compare::Eq, 0))];
        let mut filter = Filter::new(Arch::X86_64);
        filter.set("prctl", Rule::deny_only(zero, Action::Deny(13)));
        let rule = Rule::Always(Action::Log);
        filter.restrict([Restriction {
            call: "prctl",
            rule,
        }]);
        assert_eq!(filter.decide(&call(157)), Action::Deny(13));
        let other = Call {
            arguments: [1, 0, 0, 0, 0, 0],
            ..call(157)
        };
        assert_eq!(filter.decide(&other), Action::Log);
    }

    #[test]
    fn an_unconditional_restriction_chooses_the_errno() {
        let mut filter = Filter::new(Arch::X86_64);
        filter.restrict([Restriction {
            call: "clone3",
            rule: Rule::Always(Action::Deny(ENOSYS)),
        }]);
        assert_eq!(filter.decide(&call(435)), Action::Deny(ENOSYS));
    }

    #[test]
    fn restrictions_on_one_call_add_up() {
        let deny = |value| Restriction {
            call: "prctl",
            rule: Rule::deny_only(
                vec![Clause::from(Test::int(Argument::First, Compare::Eq, value))],
                Action::Deny(u16::try_from(value).unwrap()),
            ),
        };
        let mut filter = Filter::new(Arch::X86_64);
        filter.set("prctl", Rule::Always(Action::Log));
        filter.restrict([deny(3), deny(4)]);
        let decide = |first| {
            filter.decide(&Call {
                arguments: [first, 0, 0, 0, 0, 0],
                ..call(157)
            })
        };
        assert_eq!(
            [2, 3, 4].map(decide),
            [Action::Log, Action::Deny(3), Action::Deny(4)]
        );
    }

    #[test]
    fn a_call_the_architecture_lacks_is_not_set() {
        assert!(!Filter::new(Arch::Aarch64).set("open", Rule::Always(Action::Allow)));
    }
}
