//! A compiled program as text, for people and for snapshots.
//!
//! The text is not read back by anything.

use std::fmt::Write as _;

use super::action::Action;
use super::program::{Instruction, Program, opcode};
use crate::native::syscall;

/// What a load reads, by its offset in `struct seccomp_data`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Number,
    Arch,
    Pointer,
    Argument { index: u32, high: bool },
}

impl Word {
    const fn at(offset: u32) -> Self {
        match offset {
            0 => Self::Number,
            4 => Self::Arch,
            8 | 12 => Self::Pointer,
            _ => Self::Argument {
                index: (offset - 16) / 8,
                high: offset % 8 == 4,
            },
        }
    }

    fn text(self) -> String {
        match self {
            Self::Number => "number".to_owned(),
            Self::Arch => "arch".to_owned(),
            Self::Pointer => "instruction_pointer".to_owned(),
            Self::Argument { index, high } => {
                format!("args[{index}].{}", if high { "high" } else { "low" })
            }
        }
    }
}

impl Program {
    /// One line per instruction: its position, what it does and, for comparisons, where it goes.
    ///
    /// Call numbers carry their name up to the first load of an argument: the tree stands before the
    /// argument tests, and behind it a number is just a number.
    pub fn disassemble(&self) -> String {
        let mut text = String::new();
        let mut loaded = Word::Arch;
        for (index, instruction) in self.instructions.iter().copied().enumerate() {
            if instruction.code == opcode::LOAD {
                loaded = Word::at(instruction.k);
            }
            let line = self.line(index, instruction, loaded);
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{index:>4}  {line}");
        }
        text
    }

    fn line(&self, index: usize, instruction: Instruction, loaded: Word) -> String {
        let Instruction { code, k, .. } = instruction;
        match code {
            opcode::LOAD => format!("load {}", loaded.text()),
            opcode::AND => format!("and {k:#x}"),
            opcode::JUMP => format!("goto {}", target(index, k)),
            opcode::RETURN => match Action::decode(k) {
                Some(action) => format!("return {}", answer(action)),
                None => format!("return {k:#x}"),
            },
            opcode::EQUAL => self.comparison(index, instruction, "=", loaded),
            opcode::GREATER => self.comparison(index, instruction, ">", loaded),
            opcode::AT_LEAST => self.comparison(index, instruction, ">=", loaded),
            opcode::ANY_BIT => self.comparison(index, instruction, "&", loaded),
            _ => format!("{code:#x} {k:#x}"),
        }
    }

    fn comparison(&self, index: usize, step: Instruction, sign: &str, loaded: Word) -> String {
        let operand = match loaded {
            Word::Number => match syscall::name(self.arch, step.k) {
                Some(name) => format!("{} ({name})", step.k),
                None => step.k.to_string(),
            },
            _ => format!("{:#x}", step.k),
        };
        let [yes, no] = [step.jt, step.jf].map(|skip| target(index, u32::from(skip)));
        format!("if {sign} {operand} goto {yes} else {no}")
    }
}

fn target(index: usize, skip: u32) -> u64 {
    index as u64 + 1 + u64::from(skip)
}

fn answer(action: Action) -> String {
    match action {
        Action::Allow => "allow".to_owned(),
        Action::Log => "log".to_owned(),
        Action::Trace(message) => format!("trace {message}"),
        Action::Deny(errno) => format!("errno {errno}"),
        Action::KillProcess => "kill-process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Filter, Rule};
    use super::*;
    use crate::native::argument::{self, Namespaces, SocketKind};
    use crate::native::syscall::Arch;

    /// What a small server that only listens needs.
    const SERVER: [&str; 40] = [
        "accept4",
        "bind",
        "brk",
        "clock_gettime",
        "clone",
        "close",
        "connect",
        "epoll_create1",
        "epoll_ctl",
        "epoll_pwait",
        "epoll_wait",
        "exit",
        "exit_group",
        "fcntl",
        "fstat",
        "futex",
        "getpid",
        "getrandom",
        "ioctl",
        "listen",
        "lseek",
        "madvise",
        "mmap",
        "mprotect",
        "munmap",
        "newfstatat",
        "openat",
        "poll",
        "prctl",
        "pread64",
        "prlimit64",
        "read",
        "recvfrom",
        "rt_sigaction",
        "rt_sigprocmask",
        "rt_sigreturn",
        "sendto",
        "set_robust_list",
        "socket",
        "write",
    ];

    fn server() -> Filter {
        let mut filter = Filter::new(Arch::X86_64);
        for call in SERVER {
            assert!(filter.set(call, Rule::Always(Action::Allow)), "{call}");
        }
        let denied = Action::Deny(1);
        let stream = |family| SocketKind {
            family,
            kind: Some(1),
            protocol: None,
        };
        filter.restrict(argument::sockets(
            &[stream(1), stream(2), stream(10)],
            Action::Deny(97),
        ));
        filter.restrict(argument::namespaces(Namespaces::NONE, denied));
        filter.restrict(argument::write_and_execute(denied));
        filter.restrict(argument::set_id_bits(denied));
        filter.restrict(argument::terminal_injection(denied));
        filter.restrict(argument::prctl(&[15, 38], denied));
        filter.restrict(argument::other_process_limits(denied));
        filter
    }

    #[test]
    fn a_server_filter_reads_like_this() {
        insta::assert_snapshot!(server().compile().unwrap().disassemble());
    }

    #[test]
    fn an_empty_filter_for_aarch64_reads_like_this() {
        let mut filter = Filter::new(Arch::Aarch64);
        filter.set("read", Rule::Always(Action::Allow));
        insta::assert_snapshot!(filter.compile().unwrap().disassemble());
    }

    #[test]
    fn an_instruction_we_never_make_is_shown_raw() {
        let instructions = vec![Instruction {
            code: 0x87,
            jt: 0,
            jf: 0,
            k: 3,
        }];
        let program = Program {
            arch: Arch::X86_64,
            instructions,
        };
        assert_eq!(program.disassemble(), "   0  0x87 0x3\n");
    }
}
