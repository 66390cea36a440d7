//! BusName=.

use crate::score::reader::Reader;

/// The longest name on a bus.
const LONGEST: usize = 255;

/// One line: whether it leaves a name set. A value that is no name of a service is ignored, an empty one too.
pub(crate) fn assign(set: &mut bool, value: &str, reader: &mut Reader<'_>) {
    match reader.expand(value) {
        Ok(name) if is_valid(&name) => *set = true,
        _ => reader.ignored(value),
    }
}

/// Two or more elements with dots between them. Only those of a unique name begin with digits.
fn is_valid(name: &str) -> bool {
    let (elements, unique) = match name.strip_prefix(':') {
        Some(rest) => (rest, true),
        None => (name, false),
    };
    let element = |text: &str| {
        let character = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let digit_first = text.starts_with(|c: char| c.is_ascii_digit());
        !text.is_empty() && text.chars().all(character) && (unique || !digit_first)
    };
    name.len() <= LONGEST && elements.contains('.') && elements.split('.').all(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_name_has_elements_that_begin_with_no_digit() {
        for name in ["org.example.Service", "a-b._c", ":1.23"] {
            assert!(is_valid(name), "{name}");
        }
        for name in ["", "org", "org..x", ".org.x", "org.1x", "org.x y", ":1"] {
            assert!(!is_valid(name), "{name}");
        }
    }
}
