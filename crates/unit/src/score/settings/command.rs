//! ExecStart= and the other settings that are command lines.

use crate::exec::{read, read_with_shell};
use crate::score::reader::Reader;
use crate::score::refusal::Reason;

/// How many commands start and stop the service: of the commands, that is all that decides whether it loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Commands {
    pub start: usize,
    pub stop: usize,
}

/// One line: its commands are added to those before, an empty one takes them away. A bad command stops the
/// file, unless it is forgiven.
pub(crate) fn assign(
    count: &mut usize,
    value: &str,
    reader: &mut Reader<'_>,
) -> Result<(), Reason> {
    if value.is_empty() {
        *count = 0;
        return Ok(());
    }
    let found = if reader.profile.since(258) {
        read_with_shell(value, reader.specifiers())
    } else {
        read(value, reader.specifiers())
    };
    *count += found.commands.len();
    match found.error {
        Some(error) if error.forgiven => reader.ignored(value),
        Some(error) => return Err(Reason::Command(error)),
        None => {}
    }
    Ok(())
}
