//! User=, Group= and SupplementaryGroups=.

use super::number::unsigned;
use crate::score::reader::{Reader, words};
use crate::score::refusal::Reason;
use crate::word::Style;

/// One line of User= or Group=. The value is one name, blanks and quotes included.
pub(crate) fn assign(
    account: &mut Option<String>,
    value: &str,
    reader: &mut Reader<'_>,
) -> Result<(), Reason> {
    *account = if value.is_empty() {
        None
    } else {
        Some(name(value, reader)?)
    };
    Ok(())
}

/// One line of SupplementaryGroups=. The names before a bad one are kept, but the file stops.
pub(crate) fn extend(
    accounts: &mut Vec<String>,
    value: &str,
    reader: &mut Reader<'_>,
) -> Result<(), Reason> {
    if value.is_empty() {
        accounts.clear();
        return Ok(());
    }
    for word in words(value, Style::PLAIN) {
        let word = word.map_err(|_| Reason::Words)?;
        accounts.push(name(&word, reader)?);
    }
    Ok(())
}

fn name(value: &str, reader: &Reader<'_>) -> Result<String, Reason> {
    let name = reader.expand(value)?;
    if is_valid(&name) {
        Ok(name)
    } else {
        Err(Reason::Account { name })
    }
}

/// Whether the service manager takes it for a user or a group. It takes nearly every name, and no number but
/// that of an account.
fn is_valid(name: &str) -> bool {
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if name.is_empty() {
        return false;
    }
    if all_digits(name) {
        return is_id(name);
    }
    let blank = name.starts_with(' ') || name.ends_with(' ');
    let special = |character: char| character.is_ascii_control() || matches!(character, ':' | '/');
    let negative = name.strip_prefix('-').is_some_and(all_digits);
    !(blank || name.contains(special) || negative || matches!(name, "." | ".."))
}

/// Whether it is a number of an account, in the one way to write it. Two numbers stand for none.
fn is_id(digits: &str) -> bool {
    let canonical = digits == "0" || !digits.starts_with('0');
    let number = unsigned(digits, 10).and_then(|number| u32::try_from(number).ok());
    canonical && number.is_some_and(|number| number != u32::MAX && number != 0xffff)
}

/// Whether a name means root to the score, which looks for no other account of that number.
pub(crate) fn is_root(name: &str) -> bool {
    matches!(name, "0" | "root")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_nearly_anything() {
        for name in [
            "redis",
            "_apt",
            "a b",
            "DOMAIN\\user",
            "user@realm",
            "-a",
            "1a",
            "0",
            "4294967294",
        ] {
            assert!(is_valid(name), "{name}");
        }
    }

    #[test]
    fn numbers_that_are_no_account_and_separators_are_refused() {
        for name in [
            "",
            " a",
            "a ",
            "a:b",
            "a/b",
            "00",
            "65535",
            "4294967295",
            "-1",
            "-",
            ".",
            "..",
            "a\u{7f}",
        ] {
            assert!(!is_valid(name), "{name}");
        }
    }
}
