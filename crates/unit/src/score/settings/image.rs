//! MountImages=: whether there are any, because their devices are then allowed.

use super::path;
use crate::score::reader::{Reader, words};
use crate::word::Style;

/// One line of `SOURCE:DESTINATION[:OPTIONS]` words: whether it leaves an image set.
pub(crate) fn assign(any: &mut bool, value: &str, reader: &mut Reader<'_>) {
    if value.is_empty() {
        *any = false;
        return;
    }
    for word in words(value, Style::QUOTED) {
        match word {
            Ok(word) if is_image(&word, reader) => *any = true,
            Ok(word) => reader.ignored(&word),
            Err(_) => return reader.ignored(value),
        }
    }
}

fn is_image(word: &str, reader: &Reader<'_>) -> bool {
    let mut parts = word.split(':');
    let mut path = |forgiven| {
        let part = parts.next()?;
        let part = if forgiven {
            part.strip_prefix('-').unwrap_or(part)
        } else {
            part
        };
        path::absolute(&reader.expand(part).ok()?)
    };
    path(true).is_some() && path(false).is_some()
}
