//! Names of secrets: of the file that holds one, of the credential, and in the template.

use std::fmt;
use std::str::FromStr;

/// A name: an ASCII letter or `_`, then those and digits, 64 at most. Such a name is a file name, a name of a
/// credential as systemd takes it, and a name of a variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no name of a secret: letters, digits and `_`, not starting with a digit, 64 at most"
)]
pub struct NameError(String);

const LONGEST: usize = 64;

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name for what a file has at a path of keys: `dness.conf` and `domains.token` give
    /// `DNESS_DOMAINS_TOKEN`. The first that `is_free` is taken, with a number behind it if need be.
    pub(super) fn make(file_name: &str, path: &[String], is_free: impl Fn(&Self) -> bool) -> Self {
        let stem = file_name
            .trim_start_matches('.')
            .split('.')
            .next()
            .unwrap_or("");
        let mut words: Vec<String> = Vec::new();
        for part in std::iter::once(stem).chain(path.iter().map(String::as_str)) {
            let word = upper(part);
            // Not DNESS_DNESS_TOKEN for DNESS_TOKEN in dness.env.
            let repeats = words.last().is_some_and(|last| {
                word == *last
                    || word
                        .strip_prefix(last.as_str())
                        .is_some_and(|rest| rest.starts_with('_'))
            });
            if repeats {
                words.pop();
            }
            if !word.is_empty() {
                words.push(word);
            }
        }
        let mut base = words.join("_");
        if !base.starts_with(|first: char| first.is_ascii_alphabetic()) {
            base.insert_str(0, "SECRET_");
        }
        // The end says what it is; room is left for a number.
        while base.len() > LONGEST - 6 {
            match base.split_once('_') {
                Some((_, rest)) if rest.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    base = rest.to_owned();
                }
                _ => base.truncate(LONGEST - 6),
            }
        }
        let mut name = Self(base.trim_end_matches('_').to_owned());
        let mut number = 1;
        while !is_free(&name) {
            number += 1;
            name = Self(format!("{}_{number}", base.trim_end_matches('_')));
        }
        name
    }
}

/// The letters and digits of a key as words in capitals, `_` between them.
fn upper(part: &str) -> String {
    let mut word = String::new();
    for character in part.chars() {
        if character.is_ascii_alphanumeric() {
            word.push(character.to_ascii_uppercase());
        } else if !word.is_empty() && !word.ends_with('_') {
            word.push('_');
        }
    }
    word.trim_end_matches('_').to_owned()
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        let goes_on = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if starts && goes_on && text.len() <= LONGEST {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError(text.chars().take(LONGEST + 1).collect()))
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(file: &str, path: &[&str]) -> String {
        let path: Vec<_> = path.iter().map(|part| (*part).to_owned()).collect();
        Name::make(file, &path, |_| true).to_string()
    }

    #[test]
    fn a_name_says_the_file_and_the_key() {
        assert_eq!(
            made("dness.conf", &["domains", "token"]),
            "DNESS_DOMAINS_TOKEN"
        );
        assert_eq!(made("dness.env", &["DNESS_TOKEN"]), "DNESS_TOKEN");
        assert_eq!(made(".env", &["DB-Password"]), "ENV_DB_PASSWORD");
        assert_eq!(made("7.conf", &["8"]), "SECRET_7_8");
        assert_eq!(made("ü", &[]), "SECRET");
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let taken = ["A_KEY", "A_KEY_2"];
        let name = Name::make("a.conf", &["key".to_owned()], |name| {
            !taken.contains(&name.as_str())
        });
        assert_eq!(name.as_str(), "A_KEY_3");
    }

    #[test]
    fn every_made_name_is_one() {
        let long = "section-".repeat(40);
        for path in [
            vec![long.clone(), "token".into()],
            vec![long],
            vec!["x".repeat(500)],
        ] {
            let name = Name::make("some.file.conf", &path, |_| true);
            assert_eq!(name.as_str().parse::<Name>().as_ref(), Ok(&name));
        }
    }
}
