//! The compiled program, in the form the kernel takes.

use super::assemble;
use super::filter::Filter;
use super::tree;
use crate::native::syscall::Arch;

/// The longest program the kernel accepts (`BPF_MAXINSNS`).
pub const MAX_INSTRUCTIONS: usize = 4096;

/// One instruction of classic BPF: `struct sock_filter` of linux/filter.h, field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Instructions to skip when a comparison holds.
    pub jt: u8,
    /// Instructions to skip when it does not.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

/// Operation codes: class, size and mode or operation, already combined.
pub(super) mod opcode {
    /// Load a word of `struct seccomp_data`.
    pub(in super::super) const LOAD: u16 = 0x20;
    /// AND the accumulator with the operand.
    pub(in super::super) const AND: u16 = 0x54;
    /// Skip as many instructions as the operand says.
    pub(in super::super) const JUMP: u16 = 0x05;
    /// Compare for equality.
    pub(in super::super) const EQUAL: u16 = 0x15;
    /// Compare for greater than, unsigned.
    pub(in super::super) const GREATER: u16 = 0x25;
    /// Compare for greater or equal, unsigned.
    pub(in super::super) const AT_LEAST: u16 = 0x35;
    /// Test whether a bit of the operand is set.
    pub(in super::super) const ANY_BIT: u16 = 0x45;
    /// Answer with the operand.
    pub(in super::super) const RETURN: u16 = 0x06;
}

/// A filter the kernel accepts: every jump goes forward and lands inside, and the last instruction
/// returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    pub(super) arch: Arch,
    pub(super) instructions: Vec<Instruction>,
}

impl Program {
    /// The instructions, at most [`MAX_INSTRUCTIONS`].
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The architecture it was compiled for.
    pub const fn arch(&self) -> Arch {
        self.arch
    }
}

/// Why a filter cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The rules need more instructions than the kernel takes.
    #[error(
        "compile the filter: it needs {length} instructions, the kernel takes {MAX_INSTRUCTIONS}"
    )]
    TooLong {
        /// The length it would have.
        length: usize,
    },
    /// An action denies with a number that is no errno.
    #[error("compile the filter: {errno} is not an errno from 1 to 4095")]
    Errno {
        /// The number.
        errno: u16,
    },
}

impl Filter {
    /// Compiles the filter; the program answers every call as [`Filter::decide`] does.
    pub fn compile(&self) -> Result<Program, CompileError> {
        let (graph, entry) = tree::build(self);
        let instructions = assemble::assemble(&graph, entry)?;
        Ok(Program {
            arch: self.arch,
            instructions,
        })
    }
}
