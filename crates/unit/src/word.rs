//! Values become words, by the rules that the service manager has for each setting.
//!
//! Every setting that takes several words splits them at blanks; they differ in whether quotes and
//! backslashes mean something. Which style a setting has is the business of who reads that setting.

mod boolean;
mod escape;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

pub use boolean::boolean;
pub use escape::quote;

/// What quotes and backslashes mean in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one rule, and settings combine them freely"
)]
pub struct Style {
    /// Quotes group blanks into a word and are not part of it. Otherwise they are ordinary characters.
    pub unquote: bool,
    /// A backslash starts an escape of C. Otherwise it makes the next character an ordinary one.
    pub unescape: bool,
    /// An escape that C does not have stays as it is, and so does a last backslash. Otherwise it is an
    /// error.
    pub keep_unknown: bool,
    /// The end of the value ends a quote. Otherwise that is an error.
    pub relaxed: bool,
    /// A backslash is an ordinary character.
    pub keep_backslash: bool,
}

impl Style {
    /// Blanks separate, quotes are ordinary characters: `SystemCallFilter=`, `RestrictNamespaces=`.
    pub const PLAIN: Self = Self {
        unquote: false,
        unescape: false,
        keep_unknown: false,
        relaxed: false,
        keep_backslash: false,
    };

    /// Quotes group: `RestrictAddressFamilies=`, `SystemCallArchitectures=`.
    pub const QUOTED: Self = Self {
        unquote: true,
        ..Self::PLAIN
    };

    /// Quotes group and need not be closed.
    pub const RELAXED: Self = Self {
        relaxed: true,
        ..Self::QUOTED
    };

    /// Quotes group, escapes of C mean what they mean in C, others stay: `ExecStart=`, `Environment=`.
    pub const COMMAND: Self = Self {
        unquote: true,
        unescape: true,
        keep_unknown: true,
        relaxed: false,
        keep_backslash: false,
    };
}

/// A word of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What it says. An escape such as `\xff` makes bytes that are not UTF-8.
    pub bytes: Vec<u8>,
    /// The part of the value that says it, quotes and backslashes with it.
    pub span: Range<usize>,
}

impl Word {
    /// The word as text, with the replacement character for what is none.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// Why a value has no next word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordError {
    /// A quote is not closed.
    #[error("the quote {quote} is not closed")]
    Unclosed {
        /// The quote.
        quote: char,
        /// Where the word starts.
        offset: usize,
    },
    /// A backslash starts no escape.
    #[error("the backslash starts no escape")]
    Escape {
        /// Where the backslash is.
        offset: usize,
    },
}

impl WordError {
    /// Where in the value it is.
    pub fn offset(self) -> usize {
        match self {
            Self::Unclosed { offset, .. } | Self::Escape { offset } => offset,
        }
    }
}

/// The words of a value. The first error is the last item.
pub fn words(value: &str, style: Style) -> Words<'_> {
    Words {
        value,
        offset: 0,
        style,
    }
}

/// The iterator of [`words`].
#[derive(Debug, Clone)]
pub struct Words<'a> {
    value: &'a str,
    offset: usize,
    style: Style,
}

impl<'a> Words<'a> {
    /// What is left of the value, blanks at its start taken off.
    pub fn rest(&self) -> &'a str {
        self.value.get(self.offset..).unwrap_or_default()
    }

    /// Where what is left starts.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Leaves out this many bytes and the blanks after them.
    pub fn skip_bytes(&mut self, count: usize) {
        self.offset += count;
        self.skip_blanks();
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.offset += rest.len() - rest.trim_start_matches(is_blank).len();
    }

    fn bump(&mut self, c: char) {
        self.offset += c.len_utf8();
    }

    /// One word, after the blanks before it.
    fn word(&mut self) -> Result<Word, WordError> {
        let start = self.offset;
        let mut bytes = Vec::new();
        let mut open: Option<char> = None;
        while let Some(c) = self.peek() {
            match open {
                _ if c == '\\' && !self.style.keep_backslash => {
                    self.bump(c);
                    self.escape(open, start, &mut bytes)?;
                    continue;
                }
                None if is_blank(c) => break,
                None if self.style.unquote && matches!(c, '\'' | '"') => open = Some(c),
                Some(quote) if quote == c => open = None,
                _ => push(&mut bytes, c),
            }
            self.bump(c);
        }
        if let Some(quote) = open.filter(|_| !self.style.relaxed) {
            let offset = start;
            return Err(WordError::Unclosed { quote, offset });
        }
        let span = start..self.offset;
        Ok(Word { bytes, span })
    }

    /// What a backslash does that was just read.
    fn escape(
        &mut self,
        open: Option<char>,
        start: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<(), WordError> {
        let Some(c) = self.peek() else {
            return self.last_backslash(open, start, bytes);
        };
        if !self.style.unescape {
            push(bytes, c);
            self.bump(c);
            return Ok(());
        }
        match escape::read(self.rest()) {
            Some((escaped, length)) => {
                bytes.extend_from_slice(escaped.as_bytes());
                self.offset += length;
            }
            None if self.style.keep_unknown => {
                bytes.push(b'\\');
                push(bytes, c);
                self.bump(c);
            }
            None => {
                let offset = self.offset - 1;
                return Err(WordError::Escape { offset });
            }
        }
        Ok(())
    }

    /// What a backslash does that is the last character of the value.
    fn last_backslash(
        &mut self,
        open: Option<char>,
        start: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<(), WordError> {
        match open {
            Some(quote) if !self.style.relaxed => {
                let offset = start;
                Err(WordError::Unclosed { quote, offset })
            }
            _ if self.style.keep_unknown => {
                bytes.push(b'\\');
                Ok(())
            }
            _ if self.style.relaxed => Ok(()),
            _ => Err(WordError::Escape {
                offset: self.offset - 1,
            }),
        }
    }
}

impl Iterator for Words<'_> {
    type Item = Result<Word, WordError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_blanks();
        if self.rest().is_empty() {
            return None;
        }
        let word = self.word();
        match word {
            Ok(_) => self.skip_blanks(),
            Err(_) => self.offset = self.value.len(),
        }
        Some(word)
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
