//! The system call filter of a policy.

use std::collections::BTreeSet;

use ringfence_policy::grant::{Grant, Namespace, Privilege};
use ringfence_policy::policy::Policy;
use ringfence_policy::syscall::{BASE, privilege_of};

use super::argument::{
    Namespaces, executable_memory_file, namespaces, personality, realtime, set_id_bits,
    socket_pairs, sockets, terminal_injection, write_and_execute,
};
use super::seccomp::{Action, ENOSYS, EPERM, Filter, Rule};
use super::syscall::{self, Arch};
use super::{implied, network};

/// What socket(2) says about a family it does not have: programs expect it and go on without.
const EAFNOSUPPORT: u16 = 97;

const DENIED: Action = Action::Deny(EPERM);

/// The calls that the policy grants or implies, by name; those of other architectures too.
pub(crate) fn names(policy: &Policy, arch: Arch) -> BTreeSet<&str> {
    let has = |privilege| policy.allows(&Grant::Privilege(privilege));
    let mut names = BTreeSet::new();
    for grant in policy.expanded() {
        names.extend(implied::by(grant).iter().map(|call| -> &str { call }));
        if let Grant::Syscall(name) = grant {
            names.insert(name.as_str());
        }
    }
    let ordinary: &[&str] = if is_learned(policy) {
        &[]
    } else {
        implied::ORDINARY
    };
    // The service's own program is executed under the filter.
    for call in BASE.iter().chain(ordinary).chain(&["execve", "socketpair"]) {
        names.insert(call);
    }
    names.retain(|call| privilege_of(call).is_none_or(has));
    for (_, call) in syscall::all(arch) {
        if privilege_of(call).is_some_and(has) {
            names.insert(call);
        }
    }
    names
}

/// Whether the policy names calls, as one that was learned does.
pub(crate) fn is_learned(policy: &Policy) -> bool {
    policy
        .expanded()
        .any(|grant| matches!(grant, Grant::Syscall(_)))
}

/// The filter that lets through what the policy grants or implies.
pub(super) fn filter(policy: &Policy, arch: Arch) -> Filter {
    let mut filter = Filter::new(arch);
    for call in names(policy, arch) {
        filter.set(call, Rule::Always(Action::Allow));
    }
    narrow(&mut filter, policy);
    for call in implied::HAS_FALLBACK {
        let absent = syscall::number(arch, call).is_some_and(|nr| !filter.rules.contains_key(&nr));
        if absent {
            filter.set(call, Rule::Always(Action::Deny(ENOSYS)));
        }
    }
    filter
}

fn narrow(filter: &mut Filter, policy: &Policy) {
    let has = |privilege| policy.allows(&Grant::Privilege(privilege));
    let mut kinds: Vec<_> = policy.expanded().flat_map(network::sockets).collect();
    kinds.sort_unstable();
    kinds.dedup();
    filter.restrict(sockets(&kinds, Action::Deny(EAFNOSUPPORT)));
    filter.restrict(socket_pairs(network::PAIRS, Action::Deny(EAFNOSUPPORT)));
    filter.restrict(namespaces(permitted(policy), DENIED));
    if !has(Privilege::Jit) {
        filter.restrict(write_and_execute(DENIED));
    }
    if !has(Privilege::Memfd) {
        filter.restrict(executable_memory_file(DENIED));
    }
    if !has(Privilege::SetuidFiles) {
        filter.restrict(set_id_bits(DENIED));
    }
    if !has(Privilege::Personality) {
        filter.restrict(personality(0, DENIED));
    }
    if !has(Privilege::TerminalInjection) {
        filter.restrict(terminal_injection(DENIED));
    }
    if !has(Privilege::Realtime) {
        filter.restrict(realtime(DENIED));
    }
}

fn permitted(policy: &Policy) -> Namespaces {
    Namespace::ALL
        .iter()
        .filter(|kind| policy.allows(&Grant::Namespace(**kind)))
        .fold(Namespaces::NONE, |all, kind| all.union(bits(*kind)))
}

fn bits(kind: Namespace) -> Namespaces {
    match kind {
        Namespace::Cgroup => Namespaces::CGROUP,
        Namespace::Ipc => Namespaces::IPC,
        Namespace::Mount => Namespaces::MOUNT,
        Namespace::Net => Namespaces::NETWORK,
        Namespace::Pid => Namespaces::PID,
        Namespace::Time => Namespaces::TIME,
        Namespace::User => Namespaces::USER,
        Namespace::Uts => Namespaces::UTS,
        // A kind that is younger than this table is not permitted.
        _ => Namespaces::NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::seccomp::Call;

    fn decide(grants: &[&str], call: &str, arguments: [u64; 3]) -> Action {
        let grants = grants.iter().map(|text| text.parse().unwrap());
        let policy = Policy::base().join(&grants.collect());
        let filter = filter(&policy, Arch::X86_64);
        let [a, b, c] = arguments;
        filter.decide(&Call {
            audit: Arch::X86_64.audit(),
            number: syscall::number(Arch::X86_64, call).unwrap(),
            arguments: [a, b, c, 0, 0, 0],
        })
    }

    #[test]
    fn a_learned_policy_allows_base_and_what_was_learned() {
        let learned = ["process.syscall openat"];
        assert_eq!(decide(&learned, "read", [0; 3]), Action::Allow);
        assert_eq!(decide(&learned, "openat", [0; 3]), Action::Allow);
        assert_eq!(decide(&learned, "execve", [0; 3]), Action::Allow);
        assert_eq!(decide(&learned, "unlink", [0; 3]), DENIED);
        assert_eq!(decide(&[], "unlink", [0; 3]), Action::Allow);
    }

    #[test]
    fn a_call_with_a_privilege_needs_the_privilege_as_well() {
        assert_eq!(decide(&["process.syscall bpf"], "bpf", [0; 3]), DENIED);
        let both = ["process.syscall bpf", "process.bpf"];
        assert_eq!(decide(&both, "bpf", [0; 3]), Action::Allow);
        assert_eq!(decide(&["process.bpf"], "bpf", [0; 3]), Action::Allow);
        assert_eq!(decide(&[], "io_uring_setup", [0; 3]), DENIED);
        assert_eq!(decide(&[], "ptrace", [0; 3]), DENIED);
    }

    #[test]
    fn sockets_follow_the_network_grants() {
        let refused = Action::Deny(EAFNOSUPPORT);
        assert_eq!(decide(&[], "socket", [2, 1, 0]), DENIED);
        let tcp = ["net.connect tcp:443"];
        assert_eq!(decide(&tcp, "socket", [2, 0o2_000_001, 0]), Action::Allow);
        assert_eq!(decide(&tcp, "socket", [2, 2, 0]), refused);
        assert_eq!(decide(&tcp, "socket", [17, 3, 0]), refused);
        assert_eq!(decide(&[], "socketpair", [1, 1, 0]), Action::Allow);
        assert_eq!(decide(&[], "socketpair", [2, 1, 0]), refused);
        let nameservice = ["files.use nameservice"];
        assert_eq!(decide(&nameservice, "socket", [1, 1, 0]), Action::Allow);
    }

    #[test]
    fn calls_with_an_older_form_say_that_they_do_not_exist() {
        assert_eq!(decide(&[], "clone3", [0; 3]), Action::Deny(ENOSYS));
        let learned = ["process.syscall openat"];
        assert_eq!(decide(&learned, "statx", [0; 3]), Action::Deny(ENOSYS));
    }

    #[test]
    fn memory_becomes_executable_only_with_jit() {
        assert_eq!(decide(&[], "mprotect", [0, 0, 5]), DENIED);
        assert_eq!(
            decide(&["process.jit"], "mprotect", [0, 0, 5]),
            Action::Allow
        );
    }
}
