//! Compiles a decision for every system call into a seccomp-BPF program, seccomp(2).
//!
//! The shape of the program follows from one fact: since Linux 5.11 the kernel runs a new filter once
//! per call number and remembers in a bitmap which numbers it allows whatever their arguments. It can
//! do so only while the filter loads nothing but the number and the architecture and does nothing but
//! jump and AND. So the numbers are decided by a balanced tree of comparisons, and arguments are
//! loaded only in the branches of the calls that have a rule about them.
//!
//! What a filter cannot see: anything behind a pointer (paths, socket addresses, the structures of
//! clone3(2) and openat2(2)), and work submitted through an `io_uring` ring. Installing the program
//! is not done here.
//!
//! ```
//! use ringfence_compile::native::argument::{Namespaces, namespaces};
//! use ringfence_compile::native::seccomp::{Action, EPERM, Filter, Rule};
//! use ringfence_compile::native::syscall::Arch;
//!
//! let mut filter = Filter::new(Arch::X86_64);
//! for call in ["read", "write", "clone", "exit_group"] {
//!     filter.set(call, Rule::Always(Action::Allow));
//! }
//! filter.restrict(namespaces(Namespaces::NONE, Action::Deny(EPERM)));
//! let program = filter.compile()?;
//! assert!(program.disassemble().contains("load args[0].low"));
//! # Ok::<(), ringfence_compile::native::seccomp::CompileError>(())
//! ```

mod action;
mod assemble;
mod condition;
mod disassemble;
mod filter;
mod graph;
#[cfg(test)]
mod interpreter;
mod lower;
mod program;
#[cfg(test)]
mod properties;
mod rule;
mod tree;

pub use action::{Action, ENOSYS, EPERM};
pub use condition::{Argument, Clause, Compare, Test};
pub use filter::{Call, Filter};
pub use program::{CompileError, Instruction, MAX_INSTRUCTIONS, Program};
pub use rule::{Restriction, Rule};

#[cfg(test)]
pub(super) use interpreter::execute;
