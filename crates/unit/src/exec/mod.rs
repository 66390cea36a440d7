//! Command lines: `ExecStart=` and its like.

mod command;
mod parse;
#[cfg(test)]
mod tests;
mod wrap;

pub use command::{Command, Prefixes, Privilege, SEARCHED};
pub use parse::{ExecError, ExecErrorKind, Read, read, read_with_shell};
pub use wrap::{ARGV0_OPTION, WrapError, wrap};
