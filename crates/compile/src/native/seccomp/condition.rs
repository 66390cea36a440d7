//! Tests on the arguments of a call.

/// Which argument of the call, in the order of its manual page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say all there is")]
pub enum Argument {
    First,
    Second,
    Third,
    Fourth,
    Fifth,
    Sixth,
}

impl Argument {
    /// The arguments in order.
    pub const ALL: [Self; 6] = [
        Self::First,
        Self::Second,
        Self::Third,
        Self::Fourth,
        Self::Fifth,
        Self::Sixth,
    ];
}

/// How a masked argument is compared with a value; all comparisons are unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compare {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Greater than the value.
    Gt,
    /// Greater than the value, or equal.
    Ge,
}

/// `argument & mask` compared with `value`.
///
/// The kernel hands a filter all 64 bits of a register, but reads an `int` parameter from the low 32
/// only. A test on such a parameter must mask the rest away ([`Test::int`]): otherwise a caller gets
/// past a "not equal" by setting a bit the kernel never looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Test {
    /// The argument looked at.
    pub argument: Argument,
    /// The bits that count.
    pub mask: u64,
    /// The comparison.
    pub compare: Compare,
    /// What the masked argument is compared with; a bit outside the mask makes `Eq` impossible.
    pub value: u64,
}

impl Test {
    /// A test on all 64 bits, for parameters of type `long`, `size_t` or pointer.
    pub const fn long(argument: Argument, compare: Compare, value: u64) -> Self {
        Self {
            argument,
            mask: u64::MAX,
            compare,
            value,
        }
    }

    /// A test on the low 32 bits, for parameters of type `int`, `pid_t` or `mode_t`.
    pub fn int(argument: Argument, compare: Compare, value: u32) -> Self {
        Self {
            argument,
            mask: u64::from(u32::MAX),
            compare,
            value: u64::from(value),
        }
    }

    /// Whether `argument & mask` is `value`.
    pub fn masked(argument: Argument, mask: u32, value: u32) -> Self {
        Self {
            argument,
            mask: u64::from(mask),
            compare: Compare::Eq,
            value: u64::from(value),
        }
    }

    /// Whether at least one bit of `mask` is set.
    pub fn any_bit(argument: Argument, mask: u32) -> Self {
        Self {
            argument,
            mask: u64::from(mask),
            compare: Compare::Ne,
            value: 0,
        }
    }

    /// Whether the test holds for these arguments.
    pub fn holds(&self, arguments: &[u64; 6]) -> bool {
        let [first, second, third, fourth, fifth, sixth] = *arguments;
        let argument = match self.argument {
            Argument::First => first,
            Argument::Second => second,
            Argument::Third => third,
            Argument::Fourth => fourth,
            Argument::Fifth => fifth,
            Argument::Sixth => sixth,
        } & self.mask;
        match self.compare {
            Compare::Eq => argument == self.value,
            Compare::Ne => argument != self.value,
            Compare::Gt => argument > self.value,
            Compare::Ge => argument >= self.value,
        }
    }
}

/// Tests that must all hold; without tests it always holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Clause {
    /// The tests.
    pub all: Vec<Test>,
}

impl Clause {
    /// Whether every test holds for these arguments.
    pub fn holds(&self, arguments: &[u64; 6]) -> bool {
        self.all.iter().all(|test| test.holds(arguments))
    }
}

impl From<Test> for Clause {
    fn from(test: Test) -> Self {
        Self { all: vec![test] }
    }
}

impl<const N: usize> From<[Test; N]> for Clause {
    fn from(tests: [Test; N]) -> Self {
        Self { all: tests.into() }
    }
}
