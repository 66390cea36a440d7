//! ProtectHostname=.

use super::choice::Choice;
use crate::score::reader::Reader;

/// Reads a value. From 258 an empty one resets the setting, and the name to take may follow after a colon.
pub(crate) fn read(value: &str, reader: &Reader<'_>) -> Option<&'static str> {
    let choice = Choice::ProtectHostname;
    if !reader.profile.since(258) {
        return choice.read(value, reader.profile);
    }
    match value.split_once(':') {
        Some((word, name)) => {
            let valid = reader.expand(name).is_ok_and(|name| is_valid(&name));
            let word = choice.read(word, reader.profile)?;
            (valid && word != "no").then_some(word)
        }
        None if value.is_empty() => Some("no"),
        None => choice.read(value, reader.profile),
    }
}

/// Whether the kernel takes it for its name, and the network too.
fn is_valid(name: &str) -> bool {
    let character = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let label = |label: &str| {
        let hyphen = label.starts_with('-') || label.ends_with('-');
        !label.is_empty() && !hyphen && label.chars().all(character)
    };
    name.len() <= 64 && name.split('.').all(label)
}
