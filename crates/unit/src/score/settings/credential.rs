//! LoadCredential=, SetCredential= and their encrypted forms: whether any needs the security chip.

use std::collections::BTreeMap;

use crate::score::reader::Reader;

/// The credentials of a service by name, and whether each is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Credentials(BTreeMap<String, bool>);

impl Credentials {
    /// Whether one is encrypted.
    pub fn any_encrypted(&self) -> bool {
        self.0.values().any(|encrypted| *encrypted)
    }

    /// One line of LoadCredential= or LoadCredentialEncrypted=: `NAME` or `NAME:PATH`.
    pub fn load(&mut self, value: &str, encrypted: bool, reader: &mut Reader<'_>) {
        let valid = |name: &str, path: &str, reader: &Reader<'_>| {
            let source = reader.expand(path).ok();
            path.is_empty() || source.is_some_and(|source| is_source(&source)) && !name.is_empty()
        };
        self.assign(value, encrypted, reader, valid);
    }

    /// One line of SetCredential= or SetCredentialEncrypted=: `NAME:DATA`.
    pub fn set(&mut self, value: &str, encrypted: bool, reader: &mut Reader<'_>) {
        let valid = |_: &str, data: &str, _: &Reader<'_>| {
            !data.is_empty() && (!encrypted || is_base64(data))
        };
        self.assign(value, encrypted, reader, valid);
    }

    fn assign(
        &mut self,
        value: &str,
        encrypted: bool,
        reader: &mut Reader<'_>,
        valid: impl Fn(&str, &str, &Reader<'_>) -> bool,
    ) {
        if value.is_empty() {
            self.0.clear();
            return;
        }
        let (name, rest) = value.split_once(':').unwrap_or((value, ""));
        match reader.expand(name) {
            Ok(name) if is_name(&name) && valid(&name, rest, reader) => {
                self.0.insert(name, encrypted);
            }
            _ => reader.ignored(value),
        }
    }
}

/// Whether it is a file name of printable ASCII.
fn is_name(name: &str) -> bool {
    let plain = |c: char| matches!(c, ' '..='~') && !matches!(c, '/' | ':');
    !matches!(name, "" | "." | "..") && name.len() <= 255 && name.chars().all(plain)
}

/// Whether a credential can be read from there: an absolute path without detours, or another's name.
fn is_source(path: &str) -> bool {
    if path.starts_with('/') {
        super::path::absolute(path)
            .is_some_and(|simple| simple == path.trim_end_matches('/') || simple == path)
    } else {
        is_name(path)
    }
}

/// Whether it is Base64, with blanks anywhere.
fn is_base64(data: &str) -> bool {
    let data: String = data.split_ascii_whitespace().collect();
    let digits = data.trim_end_matches('=');
    let digit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_');
    data.len().is_multiple_of(4) && data.len() - digits.len() <= 2 && digits.chars().all(digit)
}
