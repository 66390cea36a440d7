//! `{{NAME}}`: where a secret goes, and how it is written there.

use std::borrow::Cow;
use std::fmt;

use super::name::Name;

/// How a value is written in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As it is, if it means itself there.
    Plain,
    /// As it is, whatever is around it.
    Verbatim,
    /// With the escapes of JSON, which TOML and YAML know between `"` too.
    Escaped,
    /// With each `'` doubled, as YAML wants it between `'`.
    Doubled,
    /// With percent signs, as in a URL.
    Percent,
}

/// A placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placeholder {
    pub name: Name,
    pub encoding: Encoding,
}

impl Encoding {
    const ALL: [Self; 5] = [
        Self::Plain,
        Self::Verbatim,
        Self::Escaped,
        Self::Doubled,
        Self::Percent,
    ];

    /// What stands behind the name, after a bar.
    fn word(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Verbatim => "verbatim",
            Self::Escaped => "escaped",
            Self::Doubled => "doubled",
            Self::Percent => "percent",
        }
    }

    /// The value as it is written.
    pub fn encode(self, value: &str) -> Cow<'_, str> {
        match self {
            Self::Plain | Self::Verbatim => Cow::Borrowed(value),
            Self::Escaped => Cow::Owned(escape(value)),
            Self::Doubled => Cow::Owned(value.replace('\'', "''")),
            Self::Percent => Cow::Owned(percent(value)),
        }
    }
}

/// JSON's escapes and no others. DEL is escaped too: TOML does not take it as it is.
fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            _ if character.is_control() => {
                let _ = fmt::Write::write_fmt(
                    &mut escaped,
                    format_args!("\\u{:04x}", character as u32),
                );
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

fn percent(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if is_unreserved(byte) {
            encoded.push(byte.into());
        } else {
            let _ = fmt::Write::write_fmt(&mut encoded, format_args!("%{byte:02X}"));
        }
    }
    encoded
}

/// RFC 3986, section 2.3.
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

impl Placeholder {
    /// Reads the placeholder that the text starts with, and tells how long it is. Other things between braces
    /// belong to other programs and are none.
    pub fn read(text: &str) -> Option<(Self, usize)> {
        let inner = text.strip_prefix("{{")?;
        let end = inner.find("}}")?;
        let inner = inner.get(..end)?;
        let (name, word) = inner.split_once('|').unwrap_or((inner, ""));
        let encoding = Encoding::ALL
            .into_iter()
            .find(|encoding| encoding.word() == word)?;
        // A bar with nothing behind it is not ours.
        if encoding == Encoding::Plain && inner.contains('|') {
            return None;
        }
        let name = name.parse().ok()?;
        Some((Self { name, encoding }, end + 4))
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.encoding {
            Encoding::Plain => write!(f, "{{{{{}}}}}", self.name),
            encoding => write!(f, "{{{{{}|{}}}}}", self.name, encoding.word()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_read_as_it_is_written() {
        for encoding in Encoding::ALL {
            let name = "A_TOKEN".parse().unwrap();
            let written = Placeholder { name, encoding }.to_string();
            let (read, length) = Placeholder::read(&format!("{written} and more")).unwrap();
            assert_eq!((read.encoding, length), (encoding, written.len()));
        }
    }

    #[test]
    fn what_other_programs_put_between_braces_is_not_ours() {
        for text in [
            "{{ .Values.x }}",
            "{{a b}}",
            "{{}}",
            "{{A|}}",
            "{{A|upper}}",
            "{{A}",
            "{A}}",
            "{{9A}}",
        ] {
            assert_eq!(Placeholder::read(text), None, "{text}");
        }
    }

    #[test]
    fn escapes_are_those_that_json_toml_and_yaml_share() {
        assert_eq!(
            Encoding::Escaped.encode("a\"b\\c\n\u{1}\u{7f}ö"),
            "a\\\"b\\\\c\\n\\u0001\\u007fö"
        );
        assert_eq!(Encoding::Percent.encode("p@ss w:ö"), "p%40ss%20w%3A%C3%B6");
    }
}
