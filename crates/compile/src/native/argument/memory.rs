//! Memory that is written and then executed.

use super::refuse;
use crate::native::seccomp::{Action, Argument, Clause, Restriction, Test};

const PROT_WRITE: u32 = 0x2;
const PROT_EXEC: u32 = 0x4;
const SHM_EXEC: u32 = 0o100_000;
const MFD_NOEXEC_SEAL: u32 = 0x8;

/// Refuses memory that is both writable and executable, mmap(2), mprotect(2), shmat(2).
///
/// `mmap` may not ask for both at once, and `mprotect` and `pkey_mprotect` may not ask for execution
/// at all: what is executable must be so from the start, and then it comes from a file. That is the
/// rule of `MemoryDenyWriteExecute=` in systemd. It breaks every just-in-time compiler.
///
/// What goes past it: a file that the service can both write and map, one from memfd_create(2) (see
/// [`executable_memory_file`]), a personality with `READ_IMPLIES_EXEC` (see
/// [`personality`](super::personality)) and writing to `/proc/self/mem`, which ignores protections.
pub fn write_and_execute(denied: Action) -> Vec<Restriction> {
    let both = PROT_WRITE | PROT_EXEC;
    let execute = |bit| vec![Clause::from(Test::any_bit(Argument::Third, bit))];
    vec![
        refuse(
            "mmap",
            vec![Test::masked(Argument::Third, both, both).into()],
            denied,
        ),
        refuse("mprotect", execute(PROT_EXEC), denied),
        refuse("pkey_mprotect", execute(PROT_EXEC), denied),
        refuse("shmat", execute(SHM_EXEC), denied),
    ]
}

/// Refuses memory files that can be executed, memfd_create(2).
///
/// Only `MFD_NOEXEC_SEAL` (Linux 6.3) makes one that never can, so every other call is refused, also
/// that of a program written before the flag: without it the file is executable unless the
/// administrator changed `vm.memfd_noexec`.
pub fn executable_memory_file(denied: Action) -> Vec<Restriction> {
    let without_seal = Test::masked(Argument::Second, MFD_NOEXEC_SEAL, 0);
    vec![refuse("memfd_create", vec![without_seal.into()], denied)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{DENIED, allowed};
    use super::*;

    #[test]
    fn memory_is_not_mapped_writable_and_executable() {
        let mmap = |prot| allowed(write_and_execute(DENIED), "mmap", &[0, 4096, prot, 0x22]);
        assert!(mmap(0x0) && mmap(0x1) && mmap(0x3) && mmap(0x5));
        assert!(!mmap(0x6) && !mmap(0x7) && !mmap(0xffff_ffff_0000_0007));
    }

    #[test]
    fn memory_does_not_become_executable() {
        for call in ["mprotect", "pkey_mprotect"] {
            let protect = |prot| allowed(write_and_execute(DENIED), call, &[0, 4096, prot, 0]);
            assert!(protect(0x0) && protect(0x3), "{call}");
            assert!(!protect(0x4) && !protect(0x5) && !protect(0x7), "{call}");
        }
        assert!(allowed(
            write_and_execute(DENIED),
            "shmat",
            &[1, 0, 0o10_000]
        ));
        assert!(!allowed(
            write_and_execute(DENIED),
            "shmat",
            &[1, 0, 0o110_000]
        ));
    }

    #[test]
    fn a_memory_file_must_be_sealed_against_execution() {
        let create = |flags| allowed(executable_memory_file(DENIED), "memfd_create", &[1, flags]);
        assert!(create(0x8) && create(0x9));
        assert!(!create(0x0) && !create(0x3) && !create(0x10) && !create(0x8_0000_0000));
    }

    #[test]
    fn the_numbers_are_those_of_the_c_library() {
        assert_eq!(i64::from(PROT_WRITE), i64::from(libc::PROT_WRITE));
        assert_eq!(i64::from(PROT_EXEC), i64::from(libc::PROT_EXEC));
        assert_eq!(i64::from(SHM_EXEC), i64::from(libc::SHM_EXEC));
        assert_eq!(MFD_NOEXEC_SEAL, libc::MFD_NOEXEC_SEAL);
    }
}
