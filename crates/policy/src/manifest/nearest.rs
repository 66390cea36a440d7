//! The known word that an unknown one was meant to be.

/// The word nearest to `text`, when it is near enough to be meant: at most a third of it differs.
pub(crate) fn nearest<'a, S: AsRef<str>>(text: &str, words: &'a [S]) -> Option<&'a str> {
    let folded = fold(text);
    words
        .iter()
        .map(|word| (distance(&folded, &fold(word.as_ref())), word.as_ref()))
        .filter(|(distance, word)| *distance <= text.len().max(word.len()).div_ceil(3).min(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The words in backquotes, with commas.
pub(crate) fn quoted_list<S: AsRef<str>>(words: &[S]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("`{}`", word.as_ref()))
        .collect();
    quoted.join(", ")
}

/// Case, `-` for `_` and a missing `CAP_` are no differences worth counting.
fn fold(text: &str) -> Vec<char> {
    let lower = text.to_lowercase().replace('-', "_");
    lower
        .strip_prefix("cap_")
        .unwrap_or(&lower)
        .chars()
        .collect()
}

/// How many characters must be inserted, removed, replaced or swapped with their neighbor.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX);
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = at(&above, j).saturating_add(usize::from(x != y));
            let removed = at(&above, j + 1).saturating_add(1);
            let inserted = at(&row, j).saturating_add(1);
            let swapped = match (i.checked_sub(1), j.checked_sub(1)) {
                (Some(left), Some(up)) if a.get(left) == Some(y) && b.get(up) == Some(x) => {
                    at(&before, up).saturating_add(1)
                }
                _ => usize::MAX,
            };
            row.push(replaced.min(removed).min(inserted).min(swapped));
        }
        before = std::mem::replace(&mut above, row);
    }
    at(&above, b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_understood() {
        let words = [
            "read",
            "write",
            "append",
            "CAP_NET_BIND_SERVICE",
            "CAP_CHOWN",
        ];
        for (typed, meant) in [
            ("raed", "read"),
            ("Write", "write"),
            ("appendd", "append"),
            ("net_bind_service", "CAP_NET_BIND_SERVICE"),
            ("CAP_NET_BIND-SERVISE", "CAP_NET_BIND_SERVICE"),
            ("cap_chown", "CAP_CHOWN"),
        ] {
            assert_eq!(nearest(typed, &words), Some(meant), "{typed}");
        }
    }

    #[test]
    fn a_far_word_is_not_suggested() {
        assert_eq!(nearest("network", &["read", "write"]), None);
        assert_eq!(nearest("", &["read"]), None);
    }
}
