//! Text from unit files on a terminal.

/// The text with its control characters written out: a unit file may hold anything, and nothing of it shall
/// steer a terminal.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(visible("a\x1b[31mé\u{9b}"), "a\\u{1b}[31mé\\u{9b}");
    }
}
