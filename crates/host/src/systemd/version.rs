//! Which systemd this is, and what it was built with.

use std::collections::BTreeMap;

/// The answer of `systemctl --version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The number everything is compared by: 252.
    pub number: u32,
    /// The distribution's version, as it stands between the parentheses.
    pub text: String,
    features: BTreeMap<String, bool>,
}

impl Version {
    /// Reads the answer; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let after = first.strip_prefix("systemd ")?;
        let (number, own) = after.split_once(' ').unwrap_or((after, ""));
        // 256~rc1 and v257.2 come before and after the number itself, not instead of it.
        let digits = number.trim_start_matches('v');
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        let features = rest
            .split_whitespace()
            .filter_map(|word| match word.split_at_checked(1)? {
                ("+", name) => Some((name.to_owned(), true)),
                ("-", name) => Some((name.to_owned(), false)),
                _ => None,
            })
            .collect();
        Some(Self {
            number: digits.get(..end)?.parse().ok()?,
            text: own.trim_matches(['(', ')']).to_owned(),
            features,
        })
    }

    /// Whether it was built with a feature, such as `BPF_FRAMEWORK`. `None` when it does not say: an old
    /// systemd does not know every feature.
    pub fn built_with(&self, feature: &str) -> Option<bool> {
        self.features.get(feature).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOKWORM: &str =
        "systemd 252 (252.39-1~deb12u2)\n+PAM +SECCOMP -BPF_FRAMEWORK default-hierarchy=unified\n";

    #[test]
    fn the_number_the_text_and_the_features_are_read() {
        let version = Version::parse(BOOKWORM).unwrap();
        assert_eq!(version.number, 252);
        assert_eq!(version.text, "252.39-1~deb12u2");
        assert_eq!(version.built_with("SECCOMP"), Some(true));
        assert_eq!(version.built_with("BPF_FRAMEWORK"), Some(false));
        assert_eq!(version.built_with("APPARMOR"), None);
    }

    #[test]
    fn versions_of_other_distributions_are_read_too() {
        for (text, number) in [
            ("systemd 257.9 (257.9-1~deb13u1)\n", 257),
            ("systemd 256~rc3 (256~rc3-5)\n", 256),
            ("systemd 237\n+PAM", 237),
        ] {
            assert_eq!(
                Version::parse(text).map(|version| version.number),
                Some(number),
                "{text}"
            );
        }
        assert_eq!(Version::parse("upstart 1.5"), None);
        assert_eq!(Version::parse("systemd new"), None);
    }
}
