//! The seccomp filter that picks the calls worth a stop.
//!
//! `@base` passes; every other call goes to the tracer. The kernel keeps a bitmap of numbers for which a
//! filter always says yes (Linux 5.11), and builds it only from loads of number and architecture, jumps
//! and returns, which is all the number tree uses: a passing call costs some 9 ns. A few `@base` calls are
//! looked at by argument; the checks come first, so that they cost the others nothing.

use ringfence_policy::syscall::is_base;
use ringfence_sys::seccomp::{Action, Instruction};
use syscalls::Sysno;

/// `AUDIT_ARCH_*` of this build.
#[cfg(target_arch = "x86_64")]
pub const NATIVE: u32 = 0xc000_003e;
/// `AUDIT_ARCH_*` of this build.
#[cfg(target_arch = "aarch64")]
pub const NATIVE: u32 = 0xc000_00b7;

/// The message with which a call that only has to be recorded comes.
pub const RECORD: u16 = 1;
/// The message with which a call that is to be denied comes, from a sandbox's own filter.
pub const DENY: u16 = 2;

const PROT_EXEC: u32 = 4;
/// The namespace flags of clone(2), and `CLONE_UNTRACED`, with which a child gets away from its tracer.
const CLONE_WATCHED: u32 = 0x7e02_0000 | 0x0080_0000;

const LOAD: u16 = 0x20;
const GOTO: u16 = 0x05;
const IF_EQUAL: u16 = 0x15;
const IF_AT_LEAST: u16 = 0x35;
const IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;

/// Numbers of x32 calls start here; the kernel gives them the architecture of x86-64.
#[cfg(target_arch = "x86_64")]
const FOREIGN_FROM: u32 = 0x4000_0000;

/// When a `@base` call is traced all the same.
enum Look {
    /// When the argument has one of these bits.
    Bits(u32, u32),
    /// When the argument is not null.
    NotNull(u32),
    /// Always: the address is in memory, or tells that a listener was used.
    Always,
}

fn look(name: &str) -> Option<Look> {
    Some(match name {
        "mmap" | "mprotect" => Look::Bits(2, PROT_EXEC),
        "clone" => Look::Bits(0, CLONE_WATCHED),
        "sendto" | "recvfrom" => Look::NotNull(4),
        "sendmsg" | "sendmmsg" | "recvmsg" | "recvmmsg" | "accept" | "accept4" => Look::Always,
        _ => return None,
    })
}

/// The program.
pub fn program() -> Vec<Instruction> {
    let trace = plain(RETURN, Action::Trace(RECORD).raw());
    let allow = plain(RETURN, Action::Allow.raw());
    let mut out = vec![
        plain(LOAD, ARCHITECTURE),
        branch(IF_EQUAL, NATIVE, 1, 0),
        trace,
        plain(LOAD, NUMBER),
    ];
    #[cfg(target_arch = "x86_64")]
    out.extend([branch(IF_AT_LEAST, FOREIGN_FROM, 0, 1), trace]);
    let mut passing = Vec::new();
    for call in Sysno::iter() {
        let number = call.id().unsigned_abs();
        match look(call.name()) {
            Some(Look::Bits(argument, bits)) => out.extend([
                branch(IF_EQUAL, number, 0, 4),
                plain(LOAD, low(argument)),
                branch(IF_ANY_BIT, bits, 0, 1),
                trace,
                allow,
            ]),
            Some(Look::NotNull(argument)) => out.extend([
                branch(IF_EQUAL, number, 0, 6),
                plain(LOAD, low(argument)),
                branch(IF_EQUAL, 0, 0, 2),
                plain(LOAD, high(argument)),
                branch(IF_EQUAL, 0, 1, 0),
                trace,
                allow,
            ]),
            None if is_base(call.name()) => passing.push(number),
            Some(Look::Always) | None => {}
        }
    }
    passing.sort_unstable();
    tree(&boundaries(&passing), &mut out, trace, allow);
    out
}

/// Where the answer changes from "trace" to "allow" and back, from number 0, for which it is "trace".
fn boundaries(passing: &[u32]) -> Vec<(u32, bool)> {
    let mut changes = vec![(0, false)];
    for number in passing {
        match changes.last() {
            // The run of allowed numbers goes on.
            Some((at, false)) if at == number && *at != 0 => {
                changes.pop();
            }
            Some((0, false)) if *number == 0 => {
                changes.clear();
                changes.push((0, true));
            }
            _ => changes.push((*number, true)),
        }
        changes.push((number + 1, false));
    }
    changes
}

/// A balanced tree of comparisons; each leaf is a range of numbers with one answer.
fn tree(
    ranges: &[(u32, bool)],
    out: &mut Vec<Instruction>,
    trace: Instruction,
    allow: Instruction,
) {
    let (low, high) = ranges.split_at(ranges.len() / 2);
    let Some((pivot, answer)) = high.first() else {
        return;
    };
    if low.is_empty() {
        out.push(if *answer { allow } else { trace });
        return;
    }
    let mut below = Vec::new();
    tree(low, &mut below, trace, allow);
    // A conditional jump reaches 255 instructions, `GOTO` any distance.
    out.push(branch(IF_AT_LEAST, *pivot, 0, 1));
    out.push(plain(GOTO, u32::try_from(below.len()).unwrap_or(u32::MAX)));
    out.append(&mut below);
    tree(high, out, trace, allow);
}

fn plain(code: u16, k: u32) -> Instruction {
    branch(code, k, 0, 0)
}

fn branch(code: u16, k: u32, jt: u8, jf: u8) -> Instruction {
    Instruction { code, jt, jf, k }
}

/// Offset of an argument's low half in `struct seccomp_data`; both architectures are little-endian.
fn low(argument: u32) -> u32 {
    16 + 8 * argument
}

fn high(argument: u32) -> u32 {
    low(argument) + 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_policy::syscall::{Place, deciding_arguments};

    /// Runs the program as the kernel would.
    fn run(arch: u32, number: u32, args: [u64; 6]) -> u32 {
        let program = program();
        let (mut at, mut accumulator) = (0_usize, 0_u32);
        loop {
            let i = program[at];
            at += 1;
            match i.code {
                LOAD => {
                    accumulator = match i.k {
                        NUMBER => number,
                        ARCHITECTURE => arch,
                        k => {
                            let word = args[(k as usize - 16) / 8];
                            let half = if k % 8 == 0 { word } else { word >> 32 };
                            u32::try_from(half & 0xffff_ffff).unwrap()
                        }
                    }
                }
                GOTO => at += i.k as usize,
                RETURN => return i.k,
                code => {
                    let holds = match code {
                        IF_EQUAL => accumulator == i.k,
                        IF_AT_LEAST => accumulator >= i.k,
                        IF_ANY_BIT => accumulator & i.k != 0,
                        other => unreachable!("{other:#x}"),
                    };
                    at += usize::from(if holds { i.jt } else { i.jf });
                }
            }
        }
    }

    fn traced(name: &str, args: [u64; 6]) -> bool {
        let call = Sysno::iter().find(|c| c.name() == name).unwrap();
        run(NATIVE, call.id().unsigned_abs(), args) == Action::Trace(RECORD).raw()
    }

    #[test]
    fn every_call_passes_exactly_when_it_is_base_and_its_arguments_are_plain() {
        for call in Sysno::iter() {
            let always = matches!(look(call.name()), Some(Look::Always));
            let expected = !is_base(call.name()) || always;
            assert_eq!(traced(call.name(), [0; 6]), expected, "{call:?}");
        }
    }

    #[test]
    fn numbers_without_a_name_and_foreign_calls_are_traced() {
        let trace = Action::Trace(RECORD).raw();
        assert_eq!(run(NATIVE, 3000, [0; 6]), trace);
        assert_eq!(run(NATIVE ^ 1, 0, [0; 6]), trace);
        #[cfg(target_arch = "x86_64")]
        assert_eq!(run(NATIVE, FOREIGN_FROM, [0; 6]), trace);
    }

    #[test]
    fn arguments_that_matter_are_seen() {
        assert!(traced("mmap", [0, 0, 7, 0, 0, 0]));
        assert!(traced("sendto", [0, 0, 0, 0, 1 << 40, 0]));
        assert!(traced("clone", [0x1000_0011, 0, 0, 0, 0, 0]));
        assert!(!traced("clone", [0x0120_0011, 0, 0, 0, 0, 0]));
    }

    #[test]
    fn every_base_call_with_a_deciding_register_is_looked_at() {
        for name in ringfence_policy::syscall::BASE {
            for deciding in deciding_arguments(name) {
                assert_eq!(deciding.place, Place::Register, "{name}");
                assert!(look(name).is_some(), "{name}");
            }
        }
    }
}
