//! Names and numbers of system calls, for every architecture we compile for on any host.
//!
//! The names are the kernel's (`newfstatat`, not `fstatat`), so they match what a trace and strace(1)
//! say. The table ends with the calls of Linux 6.17; later calls are unknown here.
//!
//! The table is that of the `syscalls` crate, corrected in two places for aarch64 where it differs
//! from asm-generic/unistd.h: `newfstatat` is called `fstatat` there, and it lists the calls with
//! 64-bit time that exist for 32-bit programs only.

use std::ops::RangeInclusive;
use std::str::FromStr as _;

use syscalls::{aarch64, x86_64};

/// A processor architecture, with the little-endian 64-bit calling convention of Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    /// x86-64, without its two guests: i386 entry (`int 0x80`) and x32 are foreign to it.
    X86_64,
    /// 64-bit Arm, little-endian.
    Aarch64,
}

impl Arch {
    /// The architecture this program was built for; `None` when we have no table for it.
    pub const fn native() -> Option<Self> {
        if cfg!(target_arch = "x86_64") {
            Some(Self::X86_64)
        } else if cfg!(all(target_arch = "aarch64", target_endian = "little")) {
            Some(Self::Aarch64)
        } else {
            None
        }
    }

    /// The `AUDIT_ARCH_*` value the kernel puts into `struct seccomp_data` (linux/audit.h).
    pub const fn audit(self) -> u32 {
        match self {
            Self::X86_64 => 0xc000_003e,
            Self::Aarch64 => 0xc000_00b7,
        }
    }
}

/// Numbers of calls with 64-bit time, which a 64-bit kernel answers with `ENOSYS`.
const TIME64: RangeInclusive<u32> = 403..=423;

/// The number of the call `name`, or `None` when this architecture has no such call.
///
/// A missing call is common and not an error: aarch64 has no `open`, `mkdir` or `fork`.
pub fn number(arch: Arch, name: &str) -> Option<u32> {
    let id = match (arch, name) {
        (Arch::X86_64, _) => x86_64::Sysno::from_str(name).ok()?.id(),
        (Arch::Aarch64, "newfstatat") => aarch64::Sysno::fstatat.id(),
        (Arch::Aarch64, "fstatat") => return None,
        (Arch::Aarch64, _) => aarch64::Sysno::from_str(name).ok()?.id(),
    };
    let number = u32::try_from(id).ok()?;
    (arch != Arch::Aarch64 || !TIME64.contains(&number)).then_some(number)
}

/// The name of call `number`, or `None` when our table does not know it.
pub fn name(arch: Arch, number: u32) -> Option<&'static str> {
    let id = usize::try_from(number).ok()?;
    match arch {
        Arch::X86_64 => x86_64::Sysno::new(id).map(|call| call.name()),
        Arch::Aarch64 if TIME64.contains(&number) => None,
        Arch::Aarch64 => match aarch64::Sysno::new(id)? {
            aarch64::Sysno::fstatat => Some("newfstatat"),
            call => Some(call.name()),
        },
    }
}

/// The highest number our table knows.
pub fn highest(arch: Arch) -> u32 {
    let last = match arch {
        Arch::X86_64 => x86_64::Sysno::last().id(),
        Arch::Aarch64 => aarch64::Sysno::last().id(),
    };
    last.unsigned_abs()
}

/// Every call our table knows, by rising number.
pub fn all(arch: Arch) -> impl Iterator<Item = (u32, &'static str)> {
    // `Sysno::iter` of the crate (0.8.1) leaves out the last call, so count instead.
    (0..=highest(arch)).filter_map(move |number| Some((number, name(arch, number)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Arch; 2] = [Arch::X86_64, Arch::Aarch64];

    #[test]
    fn numbers_are_those_of_the_kernel_headers() {
        for (name, x86_64, aarch64) in [
            ("read", Some(0), Some(63)),
            ("open", Some(2), None),
            ("newfstatat", Some(262), Some(79)),
            ("fstatat", None, None),
            ("sendfile", Some(40), Some(71)),
            ("futex_time64", None, None),
            ("clone3", Some(435), Some(435)),
            ("fchmodat2", Some(452), Some(452)),
            ("no_such_call", None, None),
            ("READ", None, None),
        ] {
            assert_eq!(number(Arch::X86_64, name), x86_64, "{name}");
            assert_eq!(number(Arch::Aarch64, name), aarch64, "{name}");
        }
    }

    #[test]
    fn a_name_and_its_number_lead_to_each_other() {
        for arch in BOTH {
            for (nr, call) in all(arch) {
                assert_eq!(number(arch, call), Some(nr), "{call}");
                assert_eq!(name(arch, nr), Some(call));
            }
        }
    }

    #[test]
    fn the_last_call_of_the_table_is_listed() {
        for arch in BOTH {
            assert_eq!(all(arch).last().map(|(nr, _)| nr), Some(highest(arch)));
            assert_eq!(name(arch, highest(arch) + 1), None);
            assert_eq!(name(arch, u32::MAX), None);
        }
    }

    #[test]
    fn the_table_agrees_with_libc_on_this_host() {
        if Arch::native() != Some(Arch::X86_64) {
            return;
        }
        for (call, expected) in [
            ("openat", libc::SYS_openat),
            ("socket", libc::SYS_socket),
            ("pkey_mprotect", libc::SYS_pkey_mprotect),
            ("landlock_create_ruleset", libc::SYS_landlock_create_ruleset),
        ] {
            assert_eq!(number(Arch::X86_64, call).map(i64::from), Some(expected));
        }
    }
}
