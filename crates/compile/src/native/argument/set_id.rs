//! Files that run with another identity.

use super::refuse;
use crate::native::seccomp::{Action, Argument, Clause, ENOSYS, Restriction, Rule, Test};

/// `S_ISUID | S_ISGID`.
const SET_ID: u32 = 0o6000;
/// `O_CREAT | __O_TMPFILE`: with either, `open` reads its mode argument.
const CREATES: u32 = 0o100 | 0o20_000_000;

/// Refuses to create or change files with the set-user-ID or set-group-ID bit: chmod(2), open(2),
/// creat(2), mkdir(2), mknod(2) and their kin.
///
/// openat2(2) has its mode behind a pointer and always fails with `ENOSYS`, whatever `denied` is, so
/// that programs fall back to openat(2). Unlike `RestrictSUIDSGID=` in systemd this also covers
/// `O_TMPFILE`, whose file linkat(2) can give a name later. `open` without either flag ignores its
/// mode and passes: the register then holds whatever was left in it.
///
/// A directory made in one with the set-group-ID bit inherits the bit; only asking for it is refused.
pub fn set_id_bits(denied: Action) -> Vec<Restriction> {
    let mode = |argument| Test::any_bit(argument, SET_ID);
    let by_mode = |call, argument| refuse(call, vec![mode(argument).into()], denied);
    let opening = |call, flags, argument| {
        let both = Clause::from([Test::any_bit(flags, CREATES), mode(argument)]);
        refuse(call, vec![both], denied)
    };
    vec![
        by_mode("chmod", Argument::Second),
        by_mode("fchmod", Argument::Second),
        by_mode("fchmodat", Argument::Third),
        by_mode("fchmodat2", Argument::Third),
        by_mode("creat", Argument::Second),
        by_mode("mkdir", Argument::Second),
        by_mode("mkdirat", Argument::Third),
        by_mode("mknod", Argument::Second),
        by_mode("mknodat", Argument::Third),
        opening("open", Argument::Second, Argument::Third),
        opening("openat", Argument::Third, Argument::Fourth),
        Restriction {
            call: "openat2",
            rule: Rule::Always(Action::Deny(ENOSYS)),
        },
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{DENIED, allowed, decide, narrowed};
    use super::*;
    use crate::native::syscall::Arch;

    /// The calls whose mode always counts, and the position of the mode.
    const BY_MODE: [(&str, usize); 9] = [
        ("chmod", 1),
        ("fchmod", 1),
        ("fchmodat", 2),
        ("fchmodat2", 2),
        ("creat", 1),
        ("mkdir", 1),
        ("mkdirat", 2),
        ("mknod", 1),
        ("mknodat", 2),
    ];

    #[test]
    fn opening_counts_only_when_it_may_create() {
        let flags = |flags: i32| u64::try_from(flags).unwrap();
        let (create, tmpfile) = (
            flags(libc::O_CREAT | libc::O_WRONLY),
            flags(libc::O_TMPFILE),
        );
        let openat = |flags, mode| allowed(set_id_bits(DENIED), "openat", &[3, 1, flags, mode]);
        assert!(openat(0, 0o6755) && openat(create, 0o1755) && openat(tmpfile, 0o600));
        assert!(openat(flags(libc::O_DIRECTORY), 0o4755));
        assert!(!openat(create, 0o4755) && !openat(create, 0o2755) && !openat(tmpfile, 0o4700));
        let open = |flags, mode| allowed(set_id_bits(DENIED), "open", &[1, flags, mode]);
        assert!(open(0, 0o4755) && open(create, 0o755) && !open(create, 0o4755));
    }

    #[test]
    fn openat2_sends_programs_to_openat() {
        for arch in [Arch::X86_64, Arch::Aarch64] {
            let filter = narrowed(arch, set_id_bits(Action::Trace(2)));
            assert_eq!(
                decide(&filter, "openat2", &[3, 1, 1, 24]),
                Action::Deny(ENOSYS)
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        #[test]
        fn a_mode_is_refused_exactly_when_it_sets_an_identity(mode in 0..0o10_000_u64, high: u32) {
            for (call, position) in BY_MODE {
                let mut arguments = [0; 4];
                arguments[position] = mode | u64::from(high) << 32;
                let expected = mode & 0o6000 == 0;
                prop_assert_eq!(allowed(set_id_bits(DENIED), call, &arguments), expected, "{}", call);
            }
        }
    }
}
