//! Statements become assignments, and what the service manager would say in its log becomes remarks.

use std::fmt;
use std::ops::Range;

use super::statement::{Content, Position, Text, statements, trim};

/// What differs between versions of the service manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Syntax {
    /// Whether a header without a name, `[]`, fails the file: from systemd 262. Before, it starts a section
    /// that nobody knows.
    pub empty_header_fails: bool,
}

/// A `Key=value` line, in the section that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The section's name, such as `Service`.
    pub section: String,
    /// What stands before the first `=`, without blanks around it.
    pub key: String,
    /// What stands after it, without blanks around it. Nothing is unquoted.
    pub value: String,
    /// Where the key stands.
    pub at: Position,
    /// Where the value stands, or would stand if there were one.
    pub value_at: Position,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parsed {
    /// The assignments, in order.
    pub assignments: Vec<Assignment>,
    /// Lines that have no effect, or not the one that they seem to have.
    pub remarks: Vec<Remark>,
    /// Why the service manager stops reading there. It does not load a unit whose main file stops; of a
    /// drop-in it keeps what came before.
    pub failure: Option<TextError>,
}

/// Why the service manager does not read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {kind}", line = at.line, column = at.column)]
pub struct TextError {
    /// Where the statement starts.
    pub at: Position,
    /// What is wrong with it.
    pub kind: TextErrorKind,
}

/// What is wrong with a file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextErrorKind {
    /// A line starts with `[` and does not end with `]`.
    #[error("the section header `{0}` does not end in `]`")]
    Unclosed(String),
    /// A section header has a quote, a backslash or a control character.
    #[error("the section header `{0}` has a quote, a backslash or a control character")]
    Unsafe(String),
    /// A section header has no name.
    #[error("the section header `[]` has no name")]
    Nameless,
    /// A statement is not UTF-8, or has a code point that is no character.
    #[error("not UTF-8")]
    Encoding,
    /// A line, or a value with its continuations, is too long.
    #[error("longer than a mebibyte")]
    Long,
}

/// A line that has no effect, or not the one that it seems to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where.
    pub at: Position,
    /// What.
    pub kind: RemarkKind,
}

/// What a remark says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemarkKind {
    /// An assignment before the first section is ignored.
    OutsideSection,
    /// A line without `=` is ignored.
    NoEquals,
    /// A line that starts with `=` is ignored.
    NoKey,
    /// A backslash at the end of the line before makes this section header part of the value.
    SwallowedHeader,
}

impl fmt::Display for RemarkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutsideSection => "stands before the first section, so it is ignored",
            Self::NoEquals => "has no `=`, so it is ignored",
            Self::NoKey => "has nothing before its `=`, so it is ignored",
            Self::SwallowedHeader => {
                "is part of the value above it, whose line ends in a backslash, and starts no section"
            }
        })
    }
}

/// Reads a unit file or a drop-in.
pub fn parse(bytes: &[u8], syntax: Syntax) -> Parsed {
    let mut parsed = Parsed::default();
    for part in parts(bytes, syntax) {
        let swallowed = part.swallowed.into_iter().map(|at| Remark {
            at,
            kind: RemarkKind::SwallowedHeader,
        });
        parsed.remarks.extend(swallowed);
        match part.said {
            Ok(None | Some(Said::Section(_))) => {}
            Ok(Some(Said::Assignment(assignment))) => parsed.assignments.push(assignment),
            Ok(Some(Said::Nothing(remark))) => parsed.remarks.push(remark),
            Err(failure) => parsed.failure = Some(failure),
        }
    }
    parsed
}

/// A statement and what it says.
pub(crate) struct Part {
    /// The bytes that it takes up, its line end with them.
    pub span: Range<usize>,
    /// Whether it is continued on a line that the file does not have.
    pub open: bool,
    /// What it says: nothing where it is blank or a comment.
    pub said: Result<Option<Said>, TextError>,
    swallowed: Vec<Position>,
}

/// What a statement says.
pub(crate) enum Said {
    /// A section starts.
    Section(String),
    /// A setting gets a value.
    Assignment(Assignment),
    /// It has no effect.
    Nothing(Remark),
}

/// The statements of a file, up to the first at which the service manager stops.
pub(crate) fn parts(bytes: &[u8], syntax: Syntax) -> impl Iterator<Item = Part> {
    let mut section: Option<String> = None;
    let mut statements = statements(bytes);
    let mut failed = false;
    std::iter::from_fn(move || {
        let statement = statements.next().filter(|_| !failed)?;
        let mut swallowed = Vec::new();
        let said = match statement.content {
            Content::Comment => Ok(None),
            Content::Long(at) => Err(TextError {
                at,
                kind: TextErrorKind::Long,
            }),
            Content::Text(text) => {
                swallowed.extend(text.swallowed_headers());
                read(&text, section.as_deref(), syntax)
            }
        };
        if let Ok(Some(Said::Section(name))) = &said {
            section = Some(name.clone());
        }
        failed = said.is_err();
        Some(Part {
            span: statement.span,
            open: statement.open,
            said,
            swallowed,
        })
    })
}

fn read(text: &Text<'_>, section: Option<&str>, syntax: Syntax) -> Result<Option<Said>, TextError> {
    let Some(line) = Trimmed::of(text) else {
        return Ok(None);
    };
    let at = text.position(line.start);
    let fail = |kind| Err(TextError { at, kind });
    let Some(said) = str::from_utf8(line.bytes).ok().filter(|t| is_text(t)) else {
        return fail(TextErrorKind::Encoding);
    };
    if let Some(header) = said.strip_prefix('[') {
        let Some(name) = header.strip_suffix(']') else {
            return fail(TextErrorKind::Unclosed(said.to_owned()));
        };
        if name.chars().any(is_unsafe) {
            return fail(TextErrorKind::Unsafe(said.to_owned()));
        }
        if name.is_empty() && syntax.empty_header_fails {
            return fail(TextErrorKind::Nameless);
        }
        return Ok(Some(Said::Section(name.to_owned())));
    }
    let nothing = |kind| Ok(Some(Said::Nothing(Remark { at, kind })));
    let Some(section) = section else {
        return nothing(RemarkKind::OutsideSection);
    };
    let Some((key, value)) = said.split_once('=') else {
        return nothing(RemarkKind::NoEquals);
    };
    if key.is_empty() {
        return nothing(RemarkKind::NoKey);
    }
    let after_equals = line.start + key.len() + 1;
    let blanks = value.len() - value.trim_start_matches(BLANKS).len();
    Ok(Some(Said::Assignment(Assignment {
        section: section.to_owned(),
        key: key.trim_end_matches(BLANKS).to_owned(),
        value: value.trim_start_matches(BLANKS).to_owned(),
        at,
        value_at: text.position(after_equals + blanks),
    })))
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// A statement without the blanks around it.
struct Trimmed<'a> {
    bytes: &'a [u8],
    /// Where it starts in the statement.
    start: usize,
}

impl<'a> Trimmed<'a> {
    fn of(text: &'a Text<'_>) -> Option<Self> {
        let bytes = trim(&text.bytes);
        let blank = |byte: &u8| b" \t\n\r".contains(byte);
        let start = text.bytes.iter().position(|byte| !blank(byte))?;
        Some(Self { bytes, start })
    }
}

/// What a section's name must not have.
fn is_unsafe(c: char) -> bool {
    c < ' ' || matches!(c, '"' | '\'' | '\\' | '\x7f')
}

/// Whether there is no code point among them that Unicode keeps from ever being a character: the service
/// manager takes them for bad UTF-8.
fn is_text(text: &str) -> bool {
    !text.chars().any(|c| {
        let code = u32::from(c);
        (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
    })
}
