//! Words for yes and no.

/// Reads a boolean as systemd.syntax(7) has it. An empty value is none.
pub fn boolean(value: &str) -> Option<bool> {
    let is = |words: [&str; 6]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    if is(["1", "yes", "y", "true", "t", "on"]) {
        return Some(true);
    }
    is(["0", "no", "n", "false", "f", "off"]).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boolean_is_one_of_twelve_words_in_any_case() {
        assert_eq!(boolean("YES"), Some(true));
        assert_eq!(boolean("f"), Some(false));
        for none in ["", "ja", "\"yes\"", "yes # because", "2"] {
            assert_eq!(boolean(none), None, "{none}");
        }
    }
}
