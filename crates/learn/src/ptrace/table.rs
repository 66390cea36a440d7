//! What is known about each system call, by architecture and number.

use std::rc::Rc;

use ringfence_policy::grant::SyscallName;
use ringfence_policy::syscall::{Deciding, deciding_arguments, is_base};
use syscalls::Sysno;

use super::call::{Form, Moves, form, moves_paths};
use super::capability;
use super::filter::NATIVE;

/// One system call.
#[derive(Debug)]
pub struct Call {
    /// The kernel's name, `syscall_N` where none is known.
    pub name: SyscallName,
    /// Whether it is in `@base`, and so needs no fact of its own.
    pub base: bool,
    /// How its arguments are read.
    pub form: Form,
    /// Arguments that decide a control.
    pub deciding: &'static [Deciding],
    /// Whether it may need a capability that its result tells of.
    pub may_need_capability: bool,
    /// Whether paths lead elsewhere after it.
    pub moves: Moves,
    /// Why its operands cannot be read, for a call of a foreign layout.
    pub opaque: bool,
}

/// Every call of this machine.
pub struct Table {
    native: Vec<Option<Rc<Call>>>,
    #[cfg(target_arch = "x86_64")]
    compatible: Vec<Option<Rc<Call>>>,
}

/// `AUDIT_ARCH_I386`.
#[cfg(target_arch = "x86_64")]
const I386: u32 = 0x4000_0003;
/// The bit that x32 adds to its numbers.
#[cfg(target_arch = "x86_64")]
const X32: u64 = 0x4000_0000;

impl Table {
    pub fn new() -> Self {
        Self {
            native: by_number(
                Sysno::iter().map(|c| (c.id().unsigned_abs() as usize, known(c.name(), c.name()))),
            ),
            #[cfg(target_arch = "x86_64")]
            compatible: by_number(syscalls::x86::Sysno::iter().map(|c| {
                let native = super::call::of_32_bit(c.name());
                let mut call = known(c.name(), native.unwrap_or(""));
                call.opaque = native.is_none();
                (c.id().unsigned_abs() as usize, call)
            })),
        }
    }

    /// The call with this number, and whether it came in by a foreign entry.
    pub fn find(&self, arch: u32, number: u64) -> (Rc<Call>, bool) {
        #[cfg(target_arch = "x86_64")]
        if arch == I386 {
            return (lookup(&self.compatible, number, true), true);
        }
        #[cfg(target_arch = "x86_64")]
        if arch == NATIVE && number & X32 != 0 {
            let name = lookup(&self.native, number & !X32, true).name.clone();
            let mut call = known(name.as_str(), "");
            call.opaque = true;
            return (Rc::new(call), true);
        }
        if arch != NATIVE {
            return (lookup(&[], number, true), true);
        }
        (lookup(&self.native, number, false), false)
    }
}

fn known(name: &str, read_as: &str) -> Call {
    Call {
        name: SyscallName::new(name).unwrap_or_else(|| number_name(0)),
        base: is_base(name) || is_base(read_as),
        form: form(read_as),
        deciding: deciding_arguments(read_as),
        may_need_capability: capability::may_need(read_as),
        moves: moves_paths(read_as),
        opaque: false,
    }
}

#[expect(
    clippy::expect_used,
    reason = "`syscall_` and digits are all allowed in a name"
)]
fn number_name(number: u64) -> SyscallName {
    SyscallName::new(&format!("syscall_{number}")).expect("letters, digits and `_`")
}

fn lookup(table: &[Option<Rc<Call>>], number: u64, opaque: bool) -> Rc<Call> {
    let listed = usize::try_from(number)
        .ok()
        .and_then(|index| table.get(index)?.clone());
    listed.unwrap_or_else(|| {
        let mut call = known("", "");
        call.name = number_name(number);
        call.opaque = opaque;
        Rc::new(call)
    })
}

fn by_number(calls: impl Iterator<Item = (usize, Call)>) -> Vec<Option<Rc<Call>>> {
    let mut table = Vec::new();
    for (number, call) in calls {
        if table.len() <= number {
            table.resize_with(number + 1, || None);
        }
        if let Some(slot) = table.get_mut(number) {
            *slot = Some(Rc::new(call));
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_name_is_told_by_its_number() {
        let (call, foreign) = Table::new().find(NATIVE, 4000);
        assert_eq!(call.name.as_str(), "syscall_4000");
        assert!(!foreign);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn thirty_two_bit_numbers_are_not_read_by_the_native_table() {
        let table = Table::new();
        // 5 is open(2) there and fstat(2) here.
        let (call, foreign) = table.find(I386, 5);
        assert_eq!((call.name.as_str(), foreign), ("open", true));
        assert_eq!(table.find(NATIVE, 5).0.name.as_str(), "fstat");
        assert!(table.find(I386, 102).0.opaque);
        assert!(table.find(NATIVE, X32 | 2).0.opaque);
    }
}
