//! A wrapper put in front of the programs of a command line.

use super::{Command, Read, read_with_shell};
use crate::name::UnitName;
use crate::specifier::{Host, Specifiers};
use crate::word::{Word, quote};

/// The wrapper's option before the name that a program is to see as its own, where the command line gives
/// one with the sign `@`.
pub const ARGV0_OPTION: &str = "--argv0";

/// Why a wrapper cannot be put in front of a command line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// The service manager itself does not take the command line.
    #[error("wrap `{value}`: {error}")]
    Broken {
        /// The command line.
        value: String,
        /// Why it does not.
        error: super::ExecError,
    },
    /// It has no command.
    #[error("wrap `{value}`: it has no command")]
    Nothing {
        /// The command line.
        value: String,
    },
    /// The shell of the user runs a command (`|`), which puts the words together again in its own way.
    #[error("wrap `{value}`: the sign `|` hands the command to the shell of the user")]
    Shell {
        /// The command line.
        value: String,
    },
    /// The wrapper is not one absolute path with words after it.
    #[error("wrap with `{wrapper}`: it is not an absolute path and its arguments")]
    Wrapper {
        /// The wrapper.
        wrapper: String,
    },
}

/// Puts a wrapper in front of every program of a command line: `-@/bin/a name x` becomes
/// `-WRAPPER --argv0 name -- /bin/a x`.
///
/// Arguments keep every byte, so specifiers, variables and quotes in them mean what they meant. The signs
/// stay in front, but for `@`, which becomes [`ARGV0_OPTION`]. The program becomes an argument of the
/// wrapper: it is quoted anew where it needs that, and its dollar signs are doubled, for in a program they
/// are no variables. A program without a slash stays a name, and the wrapper has to look for it.
///
/// The wrapper is a command line of its own, an absolute path first; the service manager reads it as it
/// reads the rest.
pub fn wrap(value: &str, wrapper: &str) -> Result<String, WrapError> {
    check_wrapper(wrapper)?;
    let Read { commands, error } = read_neutral(value);
    if let Some(error) = error {
        let value = value.to_owned();
        return Err(WrapError::Broken { value, error });
    }
    if commands.is_empty() {
        let value = value.to_owned();
        return Err(WrapError::Nothing { value });
    }
    if commands.iter().any(|command| command.prefixes.shell) {
        let value = value.to_owned();
        return Err(WrapError::Shell { value });
    }
    let mut line = String::new();
    let mut done = 0;
    for command in &commands {
        let end = end_of_head(command);
        line.push_str(
            value
                .get(done..command.program.span.start)
                .unwrap_or_default(),
        );
        line.push_str(&head(value, command, wrapper));
        done = end;
    }
    line.push_str(value.get(done..).unwrap_or_default());
    Ok(line)
}

/// Where the part of a command ends that [`head`] replaces.
fn end_of_head(command: &Command) -> usize {
    let name = own_name(command);
    name.unwrap_or(&command.program).span.end
}

/// The name that a program is to see as its own, where the command gives one.
fn own_name(command: &Command) -> Option<&Word> {
    let name = command.arguments.first();
    name.filter(|_| command.prefixes.own_name)
}

/// A command up to its program.
fn head(value: &str, command: &Command, wrapper: &str) -> String {
    let mut prefixes = command.prefixes;
    prefixes.own_name = false;
    let mut head = format!("{prefixes}{wrapper}");
    if let Some(name) = own_name(command) {
        let raw = value.get(name.span.clone()).unwrap_or_default();
        head.extend([" ", ARGV0_OPTION, " ", raw]);
    }
    let mut program = command.program.bytes.clone();
    if !prefixes.no_variables {
        program = double_dollars(&program);
    }
    head.extend([" -- ", &quote(&program)]);
    head
}

fn double_dollars(bytes: &[u8]) -> Vec<u8> {
    let mut doubled = Vec::with_capacity(bytes.len());
    for byte in bytes {
        doubled.push(*byte);
        if *byte == b'$' {
            doubled.push(b'$');
        }
    }
    doubled
}

/// A wrapper is one command with an absolute path and no signs.
fn check_wrapper(wrapper: &str) -> Result<(), WrapError> {
    let read = read_neutral(wrapper);
    let fits = match (read.commands.as_slice(), &read.error) {
        ([command], None) => wrapper.starts_with('/') && command.program.bytes.starts_with(b"/"),
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let wrapper = wrapper.to_owned();
    Err(WrapError::Wrapper { wrapper })
}

/// Reads a command line for its shape: what its specifiers stand for does not matter, only that they exist.
fn read_neutral(value: &str) -> Read {
    let host = Host {
        shared_data: Some("/usr/share".to_owned()),
        ..Host::default()
    };
    let Ok(unit) = UnitName::parse("wrapped@wrapped.service") else {
        return Read::default();
    };
    let file = std::path::Path::new("/wrapped@.service");
    let specifiers = Specifiers {
        unit: &unit,
        file,
        host: &host,
    };
    read_with_shell(value, &specifiers)
}
