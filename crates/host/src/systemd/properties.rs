//! What `systemctl show` answers: lines of `KEY=VALUE`.

/// Properties in the order in which they were given. A key may be there more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties(Vec<(String, String)>);

impl Properties {
    /// Reads the answer. A line without a key belongs to the value before it: systemd prints strings
    /// that hold a line end as they are.
    pub fn parse(text: &str) -> Self {
        let mut properties: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            match (line.split_once('='), properties.last_mut()) {
                (Some((key, value)), _) if is_key(key) => {
                    properties.push((key.to_owned(), value.to_owned()));
                }
                (_, Some((_, value))) => {
                    value.push('\n');
                    value.push_str(line);
                }
                (_, None) => {}
            }
        }
        Self(properties)
    }

    /// The last value of a key; `None` when this systemd does not know the key.
    pub fn one(&self, key: &str) -> Option<&str> {
        self.all(key).last()
    }

    /// Every value of a key.
    pub fn all(&self, key: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(own, _)| own == key)
            .map(|(_, value)| value.as_str())
    }

    /// The words of a value that is a list.
    pub fn words(&self, key: &str) -> Vec<String> {
        self.one(key)
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    }

    /// A value that is a number; `None` when it is not one, as in `[not set]`.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.one(key)?.parse().ok()
    }

    /// Whether a value is `yes`.
    pub fn is_yes(&self, key: &str) -> bool {
        self.one(key) == Some("yes")
    }
}

/// Properties are named in CamelCase ASCII.
fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn repeated_keys_and_values_with_equals_signs_are_kept() {
        let properties = Properties::parse(
            "Listen=/run/a (Stream)\nListen=[::]:80 (Stream)\nEnvironment=A=b C=d\nMainPID=[not set]\nX=\n",
        );
        assert_eq!(
            properties.all("Listen").collect::<Vec<_>>(),
            ["/run/a (Stream)", "[::]:80 (Stream)"]
        );
        assert_eq!(properties.one("Environment"), Some("A=b C=d"));
        assert_eq!(properties.number("MainPID"), None);
        assert_eq!(properties.one("X"), Some(""));
        assert_eq!(properties.one("Y"), None);
    }

    #[test]
    fn a_value_may_have_several_lines() {
        let properties = Properties::parse("StatusText=one\n two\nResult=success\n");
        assert_eq!(properties.one("StatusText"), Some("one\n two"));
        assert_eq!(properties.one("Result"), Some("success"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC*") {
            let _ = Properties::parse(&text);
        }
    }
}
