//! What reading a value needs beside the value.

use crate::score::profile::Profile;
use crate::score::refusal::Reason;
use crate::specifier::{LONGEST_PATH, Specifiers};
use crate::word::{self, Style, WordError};

/// What the values of a unit are read with, and what came of them.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub profile: &'a Profile,
    specifiers: Specifiers<'a>,
    /// The words of this line that mean nothing.
    ignored: Vec<String>,
}

impl<'a> Reader<'a> {
    pub fn new(profile: &'a Profile, specifiers: Specifiers<'a>) -> Self {
        Self {
            profile,
            specifiers,
            ignored: Vec::new(),
        }
    }

    /// What specifiers stand for.
    pub fn specifiers(&self) -> &Specifiers<'a> {
        &self.specifiers
    }

    /// The text with what its specifiers stand for.
    pub fn expand(&self, text: &str) -> Result<String, Reason> {
        Ok(self.specifiers.resolve(text, LONGEST_PATH)?)
    }

    /// Notes that the service manager ignores this word, or this whole value.
    pub fn ignored(&mut self, word: &str) {
        self.ignored.push(word.to_owned());
    }

    /// What was ignored since this was asked last.
    pub fn take_ignored(&mut self) -> Vec<String> {
        std::mem::take(&mut self.ignored)
    }
}

/// The words of a value as text. No style that the settings here have makes anything else of a text.
pub(crate) fn words(value: &str, style: Style) -> impl Iterator<Item = Result<String, WordError>> {
    word::words(value, style).map(|word| Ok(word?.text().into_owned()))
}
