//! Which arguments of which system calls decide a control, and what their values ask for.
//!
//! One table for everybody: the tracer records these arguments and no others, `derive` turns the recorded
//! values into grants, and a seccomp filter denies the values whose grant is missing. Arguments that only
//! the kernel can judge (paths, socket addresses) are not here; the tracer has facts of their own for them.

use crate::grant::{Grant, Namespace, Privilege};

/// An argument whose value decides a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deciding {
    /// Which argument, from 0.
    pub index: u8,
    /// Where the value is.
    pub place: Place,
    /// The bits that count. What is recorded is the value with all other bits cleared.
    pub mask: u64,
    /// The argument means something only if this argument has one of these bits: the mode of open(2) is
    /// left over from an earlier call unless `O_CREAT` or `O_TMPFILE` is there.
    pub only_with: Option<(u8, u64)>,
    /// What the values ask for.
    pub meanings: &'static [Meaning],
}

/// Where an argument's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the register. Seccomp can see it.
    Register,
    /// In memory that the register points to. Seccomp cannot see it.
    Behind {
        /// Bytes from the pointer.
        offset: u8,
        /// How many bytes: 4 or 8, in the machine's byte order.
        size: u8,
    },
}

/// A set of values, and the grant that allows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// The values, after masking.
    pub test: Test,
    /// What they need.
    pub need: Need,
}

/// A set of masked values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// Values that have all of these bits.
    All(u64),
    /// This value alone.
    Is(u64),
    /// Every value but these.
    NoneOf(&'static [u64]),
}

impl Test {
    /// Whether the masked value is in the set.
    pub fn holds(self, value: u64) -> bool {
        match self {
            Self::All(bits) => value & bits == bits,
            Self::Is(own) => value == own,
            Self::NoneOf(others) => !others.contains(&value),
        }
    }
}

/// The grant that a value needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A privilege.
    Privilege(Privilege),
    /// Namespaces of this kind.
    Namespace(Namespace),
}

impl Need {
    /// As a grant.
    pub fn grant(self) -> Grant {
        match self {
            Self::Privilege(privilege) => Grant::Privilege(privilege),
            Self::Namespace(namespace) => Grant::Namespace(namespace),
        }
    }
}

impl Deciding {
    /// What the argument `value` needs; nothing for most values. Bits outside the mask are ignored.
    pub fn needs(&self, value: u64) -> impl Iterator<Item = Grant> + use<> {
        let masked = value & self.mask;
        self.meanings
            .iter()
            .filter(move |meaning| meaning.test.holds(masked))
            .map(|meaning| meaning.need.grant())
    }

    /// Whether `value` is worth recording: it needs something.
    pub fn matters(&self, value: u64) -> bool {
        self.needs(value).next().is_some()
    }
}

/// The deciding arguments of `call`; empty for a call without any.
pub fn deciding_arguments(call: &str) -> &'static [Deciding] {
    TABLE
        .binary_search_by_key(&call, |row| row.0)
        .ok()
        .and_then(|at| TABLE.get(at))
        .map_or(&[], |row| row.1)
}

/// The calls that have a deciding argument, sorted.
pub fn calls_with_deciding_arguments() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.0)
}

const fn register(index: u8, mask: u64, meanings: &'static [Meaning]) -> Deciding {
    Deciding {
        index,
        place: Place::Register,
        mask,
        only_with: None,
        meanings,
    }
}

const fn behind(
    index: u8,
    offset: u8,
    size: u8,
    mask: u64,
    meanings: &'static [Meaning],
) -> Deciding {
    Deciding {
        index,
        place: Place::Behind { offset, size },
        mask,
        only_with: None,
        meanings,
    }
}

/// A mode that counts only when the flags in argument `flags` create a file.
const fn creation_mode(index: u8, flags: u8) -> Deciding {
    Deciding {
        index,
        place: Place::Register,
        mask: SUID_AND_SGID,
        // O_CREAT and __O_TMPFILE: the same on x86_64 and aarch64.
        only_with: Some((flags, 0x40 | 0x40_0000)),
        meanings: SETUID_BITS,
    }
}

const fn privilege(test: Test, privilege: Privilege) -> Meaning {
    Meaning {
        test,
        need: Need::Privilege(privilege),
    }
}

const fn namespace(test: Test, namespace: Namespace) -> Meaning {
    Meaning {
        test,
        need: Need::Namespace(namespace),
    }
}

const INT: u64 = 0xffff_ffff;
const PROT_WRITE: u64 = 2;
const PROT_EXEC: u64 = 4;
const SHM_EXEC: u64 = 0o100_000;
const SUID_AND_SGID: u64 = 0o6000;
/// Part of the policy argument since Linux 2.6.32; it does not change which policy is meant.
const SCHED_RESET_ON_FORK: u64 = 0x4000_0000;

const CLONE_NEWTIME: u64 = 0x80;
const CLONE_NEWNS: u64 = 0x2_0000;
const CLONE_NEWCGROUP: u64 = 0x200_0000;
const CLONE_NEWUTS: u64 = 0x400_0000;
const CLONE_NEWIPC: u64 = 0x800_0000;
const CLONE_NEWUSER: u64 = 0x1000_0000;
const CLONE_NEWPID: u64 = 0x2000_0000;
const CLONE_NEWNET: u64 = 0x4000_0000;
/// Without `CLONE_NEWTIME`, whose bit belongs to the exit signal in clone(2).
const CLONE_NAMESPACES: u64 = CLONE_NEWNS
    | CLONE_NEWCGROUP
    | CLONE_NEWUTS
    | CLONE_NEWIPC
    | CLONE_NEWUSER
    | CLONE_NEWPID
    | CLONE_NEWNET;

const NEW_NAMESPACES: &[Meaning] = &[
    namespace(Test::All(CLONE_NEWNS), Namespace::Mount),
    namespace(Test::All(CLONE_NEWCGROUP), Namespace::Cgroup),
    namespace(Test::All(CLONE_NEWUTS), Namespace::Uts),
    namespace(Test::All(CLONE_NEWIPC), Namespace::Ipc),
    namespace(Test::All(CLONE_NEWUSER), Namespace::User),
    namespace(Test::All(CLONE_NEWPID), Namespace::Pid),
    namespace(Test::All(CLONE_NEWNET), Namespace::Net),
    namespace(Test::All(CLONE_NEWTIME), Namespace::Time),
];

/// setns(2) with type 0 enters whatever kind of namespace the descriptor is of.
const ENTERED_NAMESPACES: &[Meaning] = &[
    namespace(Test::Is(0), Namespace::Mount),
    namespace(Test::Is(0), Namespace::Cgroup),
    namespace(Test::Is(0), Namespace::Uts),
    namespace(Test::Is(0), Namespace::Ipc),
    namespace(Test::Is(0), Namespace::User),
    namespace(Test::Is(0), Namespace::Pid),
    namespace(Test::Is(0), Namespace::Net),
    namespace(Test::Is(0), Namespace::Time),
    namespace(Test::All(CLONE_NEWNS), Namespace::Mount),
    namespace(Test::All(CLONE_NEWCGROUP), Namespace::Cgroup),
    namespace(Test::All(CLONE_NEWUTS), Namespace::Uts),
    namespace(Test::All(CLONE_NEWIPC), Namespace::Ipc),
    namespace(Test::All(CLONE_NEWUSER), Namespace::User),
    namespace(Test::All(CLONE_NEWPID), Namespace::Pid),
    namespace(Test::All(CLONE_NEWNET), Namespace::Net),
    namespace(Test::All(CLONE_NEWTIME), Namespace::Time),
];

const SETUID_BITS: &[Meaning] = &[
    privilege(Test::All(0o4000), Privilege::SetuidFiles),
    privilege(Test::All(0o2000), Privilege::SetuidFiles),
];

/// `SCHED_FIFO`, `SCHED_RR` and `SCHED_DEADLINE`.
const REALTIME: &[Meaning] = &[
    privilege(Test::Is(1), Privilege::Realtime),
    privilege(Test::Is(2), Privilege::Realtime),
    privilege(Test::Is(6), Privilege::Realtime),
];

/// Any change of the clock: `modes` of struct timex is not zero.
const CLOCK_MODES: &[Meaning] = &[privilege(Test::NoneOf(&[0]), Privilege::Clock)];

// mprotect(2) that makes memory executable is refused by PR_SET_MDWE and by systemd's
// MemoryDenyWriteExecute= even when the memory is no longer writable: a compiler that writes first and
// flips the page later needs the same privilege as one that keeps both.
const MADE_EXECUTABLE: &[Meaning] = &[privilege(Test::All(PROT_EXEC), Privilege::Jit)];

/// Sorted by name.
const TABLE: &[(&str, &[Deciding])] = &[
    ("adjtimex", &[behind(0, 0, 4, INT, CLOCK_MODES)]),
    ("chmod", &[register(1, SUID_AND_SGID, SETUID_BITS)]),
    ("clock_adjtime", &[behind(1, 0, 4, INT, CLOCK_MODES)]),
    ("clone", &[register(0, CLONE_NAMESPACES, NEW_NAMESPACES)]),
    (
        "clone3",
        &[behind(
            0,
            0,
            8,
            CLONE_NAMESPACES | CLONE_NEWTIME,
            NEW_NAMESPACES,
        )],
    ),
    ("creat", &[register(1, SUID_AND_SGID, SETUID_BITS)]),
    ("fchmod", &[register(1, SUID_AND_SGID, SETUID_BITS)]),
    ("fchmodat", &[register(2, SUID_AND_SGID, SETUID_BITS)]),
    ("fchmodat2", &[register(2, SUID_AND_SGID, SETUID_BITS)]),
    (
        "ioctl",
        &[register(
            1,
            INT,
            &[
                // TIOCSTI types into a terminal, TIOCLINUX pastes into a console.
                privilege(Test::Is(0x5412), Privilege::TerminalInjection),
                privilege(Test::Is(0x541c), Privilege::TerminalInjection),
            ],
        )],
    ),
    ("mknod", &[register(1, SUID_AND_SGID, SETUID_BITS)]),
    ("mknodat", &[register(2, SUID_AND_SGID, SETUID_BITS)]),
    (
        "mmap",
        &[register(
            2,
            PROT_WRITE | PROT_EXEC,
            &[privilege(Test::All(PROT_WRITE | PROT_EXEC), Privilege::Jit)],
        )],
    ),
    ("mprotect", &[register(2, PROT_EXEC, MADE_EXECUTABLE)]),
    ("open", &[creation_mode(2, 1)]),
    ("openat", &[creation_mode(3, 2)]),
    // The kernel refuses a mode without O_CREAT in struct open_how, so there is no need to look.
    ("openat2", &[behind(2, 8, 8, SUID_AND_SGID, SETUID_BITS)]),
    (
        "personality",
        &[register(
            0,
            INT,
            // 0 is PER_LINUX, which a process has; 0xffffffff asks for the present value.
            &[privilege(Test::NoneOf(&[0, INT]), Privilege::Personality)],
        )],
    ),
    ("pkey_mprotect", &[register(2, PROT_EXEC, MADE_EXECUTABLE)]),
    (
        "sched_setattr",
        &[behind(1, 4, 4, INT & !SCHED_RESET_ON_FORK, REALTIME)],
    ),
    (
        "sched_setscheduler",
        &[register(1, INT & !SCHED_RESET_ON_FORK, REALTIME)],
    ),
    (
        "setns",
        &[register(
            1,
            CLONE_NAMESPACES | CLONE_NEWTIME,
            ENTERED_NAMESPACES,
        )],
    ),
    (
        "shmat",
        &[register(
            2,
            SHM_EXEC,
            &[privilege(Test::All(SHM_EXEC), Privilege::Jit)],
        )],
    ),
    (
        "unshare",
        &[register(
            0,
            CLONE_NAMESPACES | CLONE_NEWTIME,
            NEW_NAMESPACES,
        )],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(call: &str, index: u8, value: u64) -> Vec<String> {
        deciding_arguments(call)
            .iter()
            .filter(|d| d.index == index)
            .flat_map(|d| d.needs(value))
            .map(|grant| grant.to_string())
            .collect()
    }

    #[test]
    fn the_table_is_sorted_and_each_argument_is_listed_once() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for (call, arguments) in TABLE {
            assert!(
                arguments.is_sorted_by(|a, b| a.index < b.index),
                "{call} lists an argument twice"
            );
        }
    }

    #[test]
    fn every_meaning_can_be_met_by_a_masked_value() {
        for (call, arguments) in TABLE {
            for deciding in *arguments {
                for meaning in deciding.meanings {
                    if let Test::Is(value) | Test::All(value) = meaning.test {
                        // CLONE_NEWTIME shares its table with clone(2), which cannot ask for it.
                        assert!(
                            value & deciding.mask == value || value == CLONE_NEWTIME,
                            "{call}: {meaning:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn memory_that_is_written_and_executed_needs_jit() {
        assert_eq!(needs("mmap", 2, 7), ["process.jit"]);
        assert!(needs("mmap", 2, 5).is_empty());
        assert_eq!(needs("mprotect", 2, 5), ["process.jit"]);
        assert!(needs("mprotect", 2, 3).is_empty());
    }

    #[test]
    fn the_exit_signal_of_clone_is_not_a_time_namespace() {
        assert!(needs("clone", 0, 0x0120_0011).is_empty());
        assert!(needs("clone", 0, CLONE_NEWTIME | 0x11).is_empty());
        assert_eq!(
            needs("unshare", 0, CLONE_NEWTIME),
            ["process.namespace time"]
        );
    }

    #[test]
    fn entering_a_namespace_of_unknown_kind_needs_every_kind() {
        assert_eq!(needs("setns", 1, 0).len(), Namespace::ALL.len());
        assert_eq!(needs("setns", 1, CLONE_NEWNET), ["process.namespace net"]);
    }

    #[test]
    fn asking_for_the_present_personality_needs_nothing() {
        assert!(needs("personality", 0, 0xffff_ffff).is_empty());
        assert!(needs("personality", 0, 0).is_empty());
        assert_eq!(needs("personality", 0, 0x4_0000), ["process.personality"]);
    }

    #[test]
    fn a_fork_flag_does_not_hide_a_realtime_policy() {
        assert_eq!(
            needs("sched_setscheduler", 1, 1 | SCHED_RESET_ON_FORK),
            ["process.realtime"]
        );
        assert!(needs("sched_setscheduler", 1, 3).is_empty());
    }
}
