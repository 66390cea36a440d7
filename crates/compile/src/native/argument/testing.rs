//! A filter that allows every call, narrowed: what a restriction refuses shows alone.
//!
//! Every decision is asked of the rules and of the compiled program.

use crate::native::seccomp::{Action, Call, Filter, Restriction, Rule, execute};
use crate::native::syscall::{self, Arch};

/// The answer of every test restriction.
pub(super) const DENIED: Action = Action::Deny(13);

pub(super) fn narrowed(arch: Arch, restrictions: Vec<Restriction>) -> Filter {
    let mut filter = Filter::new(arch);
    for (number, _) in syscall::all(arch) {
        filter.rules.insert(number, Rule::Always(Action::Allow));
    }
    filter.restrict(restrictions);
    filter
}

pub(super) fn decide(filter: &Filter, call: &str, arguments: &[u64]) -> Action {
    let mut registers = [0; 6];
    registers[..arguments.len()].copy_from_slice(arguments);
    let number = syscall::number(filter.arch, call).unwrap();
    let call = Call {
        audit: filter.arch.audit(),
        number,
        arguments: registers,
    };
    let decision = filter.decide(&call);
    assert_eq!(
        execute(&filter.compile().unwrap(), &call),
        decision,
        "{call:?}"
    );
    decision
}

/// Whether the call is allowed on x86-64 under these restrictions.
pub(super) fn allowed(restrictions: Vec<Restriction>, call: &str, arguments: &[u64]) -> bool {
    let filter = narrowed(Arch::X86_64, restrictions);
    match decide(&filter, call, arguments) {
        Action::Allow => true,
        DENIED => false,
        other => panic!("{call}: {other:?}"),
    }
}
