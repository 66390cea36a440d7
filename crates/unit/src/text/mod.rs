//! The text of a unit file: bytes become assignments, by the rules that the service manager's parser has.
//!
//! They are not quite those of systemd.syntax(7). A line also ends at a carriage return or a NUL. A comment
//! inside a continued value is dropped and the value goes on. A section header inside one becomes part of
//! it. This module knows nothing of what a setting means.

mod line;
mod parse;
mod statement;

pub use parse::{Assignment, Parsed, Remark, RemarkKind, Syntax, TextError, TextErrorKind, parse};
pub(crate) use parse::{Said, parts};
pub use statement::Position;

#[cfg(test)]
mod tests;
