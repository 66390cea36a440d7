//! Delegate=.

use crate::score::reader::{Reader, words};
use crate::word::Style;
use crate::word::boolean;

/// One line: a boolean or a list of controllers. An empty value and a list of unknown words delegate too.
pub(crate) fn assign(delegate: &mut bool, value: &str, reader: &mut Reader<'_>) {
    *delegate = match boolean(value) {
        Some(delegates) => delegates,
        None if words(value, Style::QUOTED).all(|word| word.is_ok()) => true,
        None => return reader.ignored(value),
    };
}
