//! One command of a command line.

use std::fmt;

use crate::word::Word;

/// Where the service manager looks for a program without a slash, in this order; see `ExecSearchPath=` in
/// systemd.exec(5).
pub const SEARCHED: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// What the signs before a program ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one sign, and they combine freely"
)]
pub struct Prefixes {
    /// `-`: a failure counts as success.
    pub ignore_failure: bool,
    /// `@`: the first argument is the program's name as it sees it.
    pub own_name: bool,
    /// `:`: variables of the environment are not put in.
    pub no_variables: bool,
    /// `|`, from systemd 258: the shell of the user runs the command.
    pub shell: bool,
    /// `+`, `!` or `!!`.
    pub privilege: Privilege,
}

/// How much of the unit's confinement holds for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Privilege {
    /// All of it.
    #[default]
    Confined,
    /// `!!`: all of it, but on kernels without ambient capabilities the user is not changed.
    Ambient,
    /// `!`: all but `User=`, `Group=` and `SupplementaryGroups=`.
    OwnUser,
    /// `+`: none of it.
    Full,
}

impl Prefixes {
    /// Adds the sign; false where the service manager takes it for the start of the program.
    pub(super) fn take(&mut self, sign: char, shell: bool) -> bool {
        let flag = match sign {
            '-' => &mut self.ignore_failure,
            '@' => &mut self.own_name,
            ':' => &mut self.no_variables,
            '|' if shell => &mut self.shell,
            '+' | '!' => return self.take_privilege(sign),
            _ => return false,
        };
        !std::mem::replace(flag, true)
    }

    fn take_privilege(&mut self, sign: char) -> bool {
        self.privilege = match (sign, self.privilege) {
            ('+', Privilege::Confined) => Privilege::Full,
            ('!', Privilege::Confined) => Privilege::OwnUser,
            ('!', Privilege::OwnUser) => Privilege::Ambient,
            _ => return false,
        };
        true
    }
}

impl fmt::Display for Prefixes {
    /// The signs, in a fixed order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signs = [
            (self.ignore_failure, "-"),
            (self.own_name, "@"),
            (self.no_variables, ":"),
            (self.shell, "|"),
            (self.privilege == Privilege::Full, "+"),
            (self.privilege == Privilege::OwnUser, "!"),
            (self.privilege == Privilege::Ambient, "!!"),
        ];
        signs
            .iter()
            .filter(|(set, _)| *set)
            .try_for_each(|(_, sign)| f.write_str(sign))
    }
}

/// A program with its arguments, unquoted and unescaped. Specifiers and variables are still in there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The signs before the program.
    pub prefixes: Prefixes,
    /// The program, without the signs: an absolute path, or a name that systemd looks for. Its span has the
    /// signs too.
    pub program: Word,
    /// What follows it. With [`Prefixes::own_name`] the first of them is the name, not an argument.
    pub arguments: Vec<Word>,
}
