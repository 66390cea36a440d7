//! A value with its key, as it stands in a text.

use std::ops::Range;

use super::placeholder::Encoding;

/// A value that is assigned to a key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    /// The sections and keys that lead to the value, outermost first.
    pub path: Vec<String>,
    /// Where the text of the value is, without the quotes around it.
    pub span: Range<usize>,
    /// What the text of the value means. `None` when it is not known how to read it; it stands for itself then.
    pub meaning: Option<String>,
    /// How a value is written in this place, where it cannot be written as it is.
    pub encoding: Encoding,
    /// What ends a value of this kind besides its quotes; a value with blanks that nothing ends is a sentence.
    pub is_quoted: bool,
    /// Why it has to stay where it is, if it has to.
    pub stays: Option<&'static str>,
}

impl Assignment {
    /// A value that means its own text.
    pub fn plain(path: Vec<String>, span: Range<usize>) -> Self {
        Self {
            path,
            span,
            meaning: None,
            encoding: Encoding::Verbatim,
            is_quoted: false,
            stays: None,
        }
    }

    /// The last key.
    pub fn key(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The text of the value.
    pub fn raw<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.span.clone()).unwrap_or("")
    }
}
