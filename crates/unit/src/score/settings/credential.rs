//! LoadCredential=, SetCredential=, their encrypted forms, and ImportCredential=.
//!
//! That a service has any decides its type, and that one is encrypted which devices it may use.

use std::collections::BTreeMap;

use crate::score::reader::Reader;

/// The credentials of a service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Credentials {
    /// Those that are loaded, and whether each is encrypted.
    loaded: BTreeMap<String, bool>,
    /// Those that are given in the unit, and whether each is encrypted.
    set: BTreeMap<String, bool>,
    /// Whether any are imported from the system.
    imported: bool,
}

impl Credentials {
    /// Whether there are any.
    pub fn any(&self) -> bool {
        self.imported || !self.loaded.is_empty() || !self.set.is_empty()
    }

    /// Whether one is encrypted, maybe for the security chip.
    pub fn any_encrypted(&self) -> bool {
        self.loaded
            .values()
            .chain(self.set.values())
            .any(|encrypted| *encrypted)
    }

    /// One line of LoadCredential= or LoadCredentialEncrypted=: `NAME` or `NAME:SOURCE`.
    pub fn load(&mut self, value: &str, encrypted: bool, reader: &mut Reader<'_>) {
        if value.is_empty() {
            self.loaded.clear();
            return;
        }
        let (name, source) = split(value);
        let source = reader.expand(source);
        let valid = source.is_ok_and(|source| source.is_empty() || is_source(&source));
        match reader.expand(name) {
            Ok(name) if is_name(&name) && valid => {
                self.loaded.insert(name, encrypted);
            }
            _ => reader.ignored(value),
        }
    }

    /// One line of SetCredential= or SetCredentialEncrypted=: `NAME:DATA`.
    pub fn set(&mut self, value: &str, encrypted: bool, reader: &mut Reader<'_>) {
        if value.is_empty() {
            self.set.clear();
            return;
        }
        let (name, data) = split(value);
        let valid = !data.is_empty() && (!encrypted || is_base64(data));
        match reader.expand(name) {
            Ok(name) if is_name(&name) && valid => {
                self.set.insert(name, encrypted);
            }
            _ => reader.ignored(value),
        }
    }

    /// One line of ImportCredential=: a name that may end in `*`, and another name to give them.
    pub fn import(&mut self, value: &str, reader: &mut Reader<'_>) {
        if value.is_empty() {
            self.imported = false;
            return;
        }
        let (pattern, name) = split(value);
        let valid = name.is_empty() || is_name(name);
        match reader.expand(pattern) {
            Ok(pattern) if valid && (pattern == "*" || is_name(pattern.trim_end_matches('*'))) => {
                self.imported = true;
            }
            _ => reader.ignored(value),
        }
    }
}

fn split(value: &str) -> (&str, &str) {
    value.split_once(':').unwrap_or((value, ""))
}

/// Whether it is a file name of printable ASCII.
fn is_name(name: &str) -> bool {
    let plain = |c: char| matches!(c, ' '..='~') && !matches!(c, '/' | ':');
    !matches!(name, "" | "." | "..") && name.len() <= 255 && name.chars().all(plain)
}

/// Whether a credential can be read from there: an absolute path without detours, or the name of another.
fn is_source(path: &str) -> bool {
    if path.starts_with('/') {
        let inner = path.strip_suffix('/').unwrap_or(path);
        super::path::absolute(path).is_some_and(|simple| simple == inner || simple == path)
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
