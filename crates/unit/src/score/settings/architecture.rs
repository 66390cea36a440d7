//! SystemCallArchitectures=.

use crate::score::reader::{Reader, words};
use crate::word::Style;

/// Every architecture that the setting takes, besides `native`.
const NAMES: [&str; 19] = [
    "x86",
    "x86-64",
    "x32",
    "arm",
    "arm64",
    "mips",
    "mips64",
    "mips64-n32",
    "mips-le",
    "mips64-le",
    "mips64-le-n32",
    "parisc",
    "parisc64",
    "ppc",
    "ppc64",
    "ppc64-le",
    "riscv64",
    "s390",
    "s390x",
];

/// Which architectures' system calls are allowed; all of them when none is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Architectures {
    native: bool,
    /// Also this very machine's under its own name: the score takes that for another one.
    others: bool,
}

impl Architectures {
    /// One line.
    pub fn assign(&mut self, value: &str, reader: &mut Reader<'_>) {
        if value.is_empty() {
            *self = Self::default();
        }
        for word in words(value, Style::QUOTED) {
            match word.as_deref() {
                Ok("native") => self.native = true,
                Ok(name) if NAMES.contains(&name) => self.others = true,
                // systemd knows it if it was built with a libseccomp that does.
                Ok("loongarch64") if reader.profile.libseccomp >= 20600 => self.others = true,
                Ok(unknown) => reader.ignored(unknown),
                Err(_) => return reader.ignored(value),
            }
        }
    }

    /// How bad the score takes it to be, of 10.
    pub fn badness(self) -> u32 {
        match (self.native, self.others) {
            (false, false) => 10,
            (true, false) => 0,
            (_, true) => 8,
        }
    }
}
