//! Numbers as the C library and systemd's wrappers of it read them.

/// Reads a number without a sign in base 8, 10 and so on; 0 lets a prefix decide.
pub(crate) fn unsigned(text: &str, base: u32) -> Option<u64> {
    let (digits, base) = match base {
        0 => prefixed(text),
        given => (text, given),
    };
    let all_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    let number = all_digits.then(|| u64::from_str_radix(digits, base).ok());
    number.flatten()
}

fn prefixed(text: &str) -> (&str, u32) {
    let prefixes = [
        ("0x", 16),
        ("0X", 16),
        ("0o", 8),
        ("0O", 8),
        ("0b", 2),
        ("0B", 2),
    ];
    for (prefix, base) in prefixes {
        if let Some(digits) = text.strip_prefix(prefix) {
            return (digits, base);
        }
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => (digits, 8),
        _ => (text, 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_chooses_the_base_when_none_is_given() {
        let read = ["10", "010", "0x10", "0b10", "0o10", "0"].map(|text| unsigned(text, 0));
        assert_eq!(
            read,
            [Some(10), Some(8), Some(16), Some(2), Some(8), Some(0)]
        );
    }

    #[test]
    fn signs_blanks_and_other_digits_are_no_numbers() {
        for text in [
            "",
            "-1",
            "+1",
            " 1",
            "08",
            "0x",
            "1_0",
            "99999999999999999999999",
        ] {
            assert_eq!(unsigned(text, 0), None, "{text}");
        }
    }
}
