//! Classic BPF as the kernel runs it on `struct seccomp_data`, for tests.
//!
//! Written from bpf(4) and linux/filter.h, not from our assembler: it panics on anything the kernel's
//! checker would refuse.

use super::action::Action;
use super::filter::Call;
use super::program::{Instruction, MAX_INSTRUCTIONS, Program};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// The value returned.
    pub(super) answer: u32,
    /// Instructions executed.
    pub(super) steps: usize,
    /// Whether anything but the number and the architecture was loaded.
    pub(super) read_arguments: bool,
}

/// Runs a program that was checked first.
pub(in crate::native) fn execute(program: &Program, call: &Call) -> Action {
    check(program.instructions());
    Action::decode(run(program.instructions(), call).answer).unwrap()
}

pub(super) fn run(program: &[Instruction], call: &Call) -> Run {
    let data = bytes(call);
    let mut accumulator = 0_u32;
    let mut position = 0;
    let mut steps = 0;
    let mut read_arguments = false;
    loop {
        let Instruction { code, jt, jf, k } = program[position];
        position += 1;
        steps += 1;
        let jump = |holds: bool| position + usize::from(if holds { jt } else { jf });
        match code {
            0x20 => {
                assert!(k % 4 == 0, "unaligned load");
                let start = k as usize;
                accumulator = u32::from_le_bytes(data[start..start + 4].try_into().unwrap());
                read_arguments |= k >= 8;
            }
            0x54 => accumulator &= k,
            0x05 => position += k as usize,
            0x15 => position = jump(accumulator == k),
            0x25 => position = jump(accumulator > k),
            0x35 => position = jump(accumulator >= k),
            0x45 => position = jump(accumulator & k != 0),
            0x06 => {
                return Run {
                    answer: k,
                    steps,
                    read_arguments,
                };
            }
            _ => panic!("operation {code:#x} is not one the kernel can precompute"),
        }
    }
}

/// What `bpf_check_classic` of the kernel asks of a program.
pub(super) fn check(program: &[Instruction]) {
    assert!((1..=MAX_INSTRUCTIONS).contains(&program.len()));
    for (index, instruction) in program.iter().enumerate() {
        let farthest = match instruction.code {
            0x05 => instruction.k as usize,
            0x15 | 0x25 | 0x35 | 0x45 => usize::from(instruction.jt.max(instruction.jf)),
            0x06 => continue,
            _ => 0,
        };
        assert!(
            index + 1 + farthest < program.len(),
            "instruction {index} leads out"
        );
    }
}

fn bytes(call: &Call) -> Vec<u8> {
    let mut data = Vec::new();
    data.extend(call.number.to_le_bytes());
    data.extend(call.audit.to_le_bytes());
    data.extend(0x5555_5555_5555_5555_u64.to_le_bytes());
    data.extend(
        call.arguments
            .iter()
            .flat_map(|argument| argument.to_le_bytes()),
    );
    data
}
