//! Lossless editing: what is not touched stays byte for byte, comments and blank lines with it.
//!
//! It is for files that we write ourselves and a person may have changed since. A file at which the service
//! manager would stop reading is not edited.

use std::ops::Range;

use crate::text::{Said, Syntax, TextError, parse, parts};

/// Why a setting cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The service manager would not read the line as what was to be written: the value has a line end, blanks
    /// around it or a lone backslash at its end, or section or key are none.
    #[error("write `{key}={value}` below `[{section}]`: it would not read as that")]
    Unwritable {
        /// The section.
        section: String,
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// The document would no longer read as a whole, because it would get too long.
    #[error("write to the unit file: {0}")]
    Broken(#[source] TextError),
}

/// A unit file that can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    bytes: Vec<u8>,
    lines: Vec<Line>,
}

/// A statement of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    span: Range<usize>,
    open: bool,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Section(String),
    Assignment {
        section: String,
        key: String,
        value: String,
    },
    Nothing,
}

impl Document {
    /// Reads a document.
    pub fn parse(bytes: impl Into<Vec<u8>>) -> Result<Self, TextError> {
        let bytes = bytes.into();
        let mut lines = Vec::new();
        for part in parts(&bytes, Syntax::default()) {
            let what = match part.said? {
                Some(Said::Section(name)) => What::Section(name),
                Some(Said::Assignment(assignment)) => What::Assignment {
                    section: assignment.section,
                    key: assignment.key,
                    value: assignment.value,
                },
                Some(Said::Nothing(_)) | None => What::Nothing,
            };
            lines.push(Line {
                span: part.span,
                open: part.open,
                what,
            });
        }
        Ok(Self { bytes, lines })
    }

    /// The document's text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The values of a key, in order.
    pub fn values<'a>(&'a self, section: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines.iter().filter_map(move |line| match &line.what {
            What::Assignment {
                section: s,
                key: k,
                value,
                ..
            } if s == section && k == key => Some(value.as_str()),
            _ => None,
        })
    }

    /// Makes a value the only one of its key: in place of the last one there is, or at the end of the
    /// section, which is added where there is none.
    pub fn set(&mut self, section: &str, key: &str, value: &str) -> Result<(), EditError> {
        let line = self.written(section, key, value)?;
        let mut found = self.spans_of(section, key);
        let Some(last) = found.pop() else {
            return self.append(section, key, value);
        };
        let mut changed = self.clone();
        changed.replace(last, &line);
        for span in found.into_iter().rev() {
            changed.replace(span, b"");
        }
        self.adopt(changed)
    }

    /// Adds a value: after the last one of its key, or at the end of the section, which is added where there
    /// is none.
    pub fn append(&mut self, section: &str, key: &str, value: &str) -> Result<(), EditError> {
        let mut line = self.written(section, key, value)?;
        let after_key = self.spans_of(section, key).pop();
        let mut changed = self.clone();
        if let Some(after) = after_key.or_else(|| self.end_of(section)) {
            changed.close(after.end);
            let grown = changed.bytes.len() - self.bytes.len();
            let at = after.end + grown;
            changed.replace(at..at, &line);
        } else {
            changed.close(self.bytes.len());
            let mut header = Vec::new();
            if !changed.bytes.is_empty() {
                header.extend_from_slice(self.line_end());
            }
            header.extend_from_slice(format!("[{section}]").as_bytes());
            header.extend_from_slice(self.line_end());
            header.append(&mut line);
            let end = changed.bytes.len();
            changed.replace(end..end, &header);
        }
        self.adopt(changed)
    }

    /// Takes every value of a key out; how many there were.
    pub fn remove(&mut self, section: &str, key: &str) -> Result<usize, EditError> {
        let spans = self.spans_of(section, key);
        let count = spans.len();
        let mut changed = self.clone();
        for span in spans.into_iter().rev() {
            changed.replace(span, b"");
        }
        self.adopt(changed)?;
        Ok(count)
    }

    /// Takes a section out wherever it stands, with all that is below it, comments too; how often it stood.
    pub fn remove_section(&mut self, section: &str) -> Result<usize, EditError> {
        let mut spans: Vec<Range<usize>> = Vec::new();
        let mut inside = false;
        for line in &self.lines {
            if let What::Section(name) = &line.what {
                inside = name == section;
                if inside {
                    spans.push(line.span.clone());
                }
            } else if let Some(span) = spans.last_mut().filter(|_| inside) {
                span.end = line.span.end;
            }
        }
        let count = spans.len();
        let mut changed = self.clone();
        for span in spans.into_iter().rev() {
            changed.replace(span, b"");
        }
        self.adopt(changed)?;
        Ok(count)
    }

    /// A line that reads as an assignment, or why there is none.
    fn written(&self, section: &str, key: &str, value: &str) -> Result<Vec<u8>, EditError> {
        let mut line = format!("{key}={value}").into_bytes();
        let mut alone = format!("[{section}]\n").into_bytes();
        alone.extend_from_slice(&line);
        alone.extend_from_slice(b"\n[End]\n");
        let read = parse(&alone, Syntax::default());
        let as_meant = match read.assignments.as_slice() {
            [one] => one.section == section && one.key == key && one.value == value,
            _ => false,
        };
        if !as_meant || section.is_empty() || read.failure.is_some() || !read.remarks.is_empty() {
            return Err(EditError::Unwritable {
                section: section.to_owned(),
                key: key.to_owned(),
                value: value.to_owned(),
            });
        }
        line.extend_from_slice(self.line_end());
        Ok(line)
    }

    /// Where the values of a key stand.
    fn spans_of(&self, section: &str, key: &str) -> Vec<Range<usize>> {
        let is_it = |what: &What| match what {
            What::Assignment {
                section: s, key: k, ..
            } => s == section && k == key,
            _ => false,
        };
        let lines = self.lines.iter().filter(|line| is_it(&line.what));
        lines.map(|line| line.span.clone()).collect()
    }

    /// The last line of a section that says something, its header if nothing else does.
    fn end_of(&self, section: &str) -> Option<Range<usize>> {
        let inside = |what: &What| match what {
            What::Section(name) => name == section,
            What::Assignment { section: s, .. } => s == section,
            What::Nothing => false,
        };
        let last = self.lines.iter().rfind(|line| inside(&line.what));
        last.map(|line| line.span.clone())
    }

    /// The line end that the document has.
    fn line_end(&self) -> &'static [u8] {
        let ends = |byte: &u8| matches!(byte, b'\n' | b'\r' | 0);
        let first = self.bytes.iter().position(ends);
        match first.and_then(|first| self.bytes.get(first..)) {
            Some([b'\r', b'\n', ..]) => b"\r\n",
            _ => b"\n",
        }
    }

    /// Ends the statement that ends here, so that another can follow.
    fn close(&mut self, end: usize) {
        let Some(line) = self.lines.iter().find(|line| line.span.end == end) else {
            return;
        };
        let text = self.bytes.get(line.span.clone()).unwrap_or_default();
        let ended = text.ends_with(b"\n") || text.ends_with(b"\r") || text.ends_with(b"\0");
        let mut more = Vec::new();
        if !ended {
            more.extend_from_slice(self.line_end());
        }
        if line.open {
            more.extend_from_slice(self.line_end());
        }
        self.replace(end..end, &more);
    }

    /// Changes bytes, and leaves the lines as they were.
    fn replace(&mut self, span: Range<usize>, bytes: &[u8]) {
        self.bytes.splice(span, bytes.iter().copied());
    }

    /// Becomes another document, if that one reads.
    fn adopt(&mut self, changed: Self) -> Result<(), EditError> {
        *self = Self::parse(changed.bytes).map_err(EditError::Broken)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
