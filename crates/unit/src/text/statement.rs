//! Physical lines become statements: continuations are joined, comments taken out.

use std::borrow::Cow;
use std::ops::Range;

use super::line::{Line, lines};

/// A line, or a value continued over several, may be shorter than this many bytes and no longer.
const LONGEST: usize = 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A place in a file. Both count from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, as an editor counts it.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

/// Something between two line ends that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    /// The bytes of the file that it takes up, with comments inside and the line end.
    pub span: Range<usize>,
    /// Whether it ends in a backslash and the file ends there.
    pub open: bool,
    /// What it is.
    pub content: Content<'a>,
}

/// What a statement is, before anyone asks what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// A comment that stands between statements.
    Comment,
    /// Anything else, blank lines too.
    Text(Text<'a>),
    /// A line, or a continued one, that is too long. Nothing follows.
    Long(Position),
}

/// A line with its continuations joined: the backslash that continued it is now a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    /// The bytes, not trimmed.
    pub bytes: Cow<'a, [u8]>,
    /// The first of the physical lines that made it up.
    first: Piece<'a>,
    /// The others: most texts have none.
    others: Vec<Piece<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece<'a> {
    /// Where the piece starts in the joined bytes.
    start: usize,
    /// The number of its line.
    line: usize,
    /// The line, without a byte order mark.
    text: &'a [u8],
}

impl Text<'_> {
    /// Where in the file the byte at this offset of the joined bytes stands.
    pub fn position(&self, offset: usize) -> Position {
        let piece = self.others.iter().rev().find(|p| p.start <= offset);
        let piece = piece.unwrap_or(&self.first);
        let before = piece.text.get(..offset.saturating_sub(piece.start));
        let before = before.unwrap_or(piece.text);
        let characters = before.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        Position {
            line: piece.line,
            column: characters + 1,
        }
    }

    /// Where the lines after the first start with a section header, which is thereby none.
    pub fn swallowed_headers(&self) -> impl Iterator<Item = Position> {
        self.others.iter().filter_map(|piece| {
            let text = trim(piece.text);
            let header = text.starts_with(b"[") && text.ends_with(b"]");
            header.then_some(Position {
                line: piece.line,
                column: 1,
            })
        })
    }
}

/// The statements of a file, in order. Their spans put together are the file.
pub(crate) fn statements(bytes: &[u8]) -> impl Iterator<Item = Statement<'_>> {
    let mut lines = lines(bytes).zip(1..);
    let mut offset = 0;
    let mut mark_seen = false;
    let mut failed = false;
    std::iter::from_fn(move || {
        if failed {
            return None;
        }
        let start = offset;
        let mut text: Option<Text<'_>> = None;
        let mut open = false;
        for (line, number) in lines.by_ref() {
            offset += line.text.len() + line.end.len();
            if line.text.len() >= LONGEST {
                failed = true;
                return Some(long(start..offset, number));
            }
            if is_comment(line.text) {
                if text.is_none() {
                    return Some(Statement {
                        span: start..offset,
                        open: false,
                        content: Content::Comment,
                    });
                }
                continue;
            }
            let line = without_mark(line, &mut mark_seen);
            let joined = text.as_ref().map_or(0, |text| text.bytes.len());
            if joined > 0 && joined + line.len() > LONGEST {
                failed = true;
                return Some(long(start..offset, number));
            }
            let continues = ends_in_backslash(line);
            append(&mut text, line, number, continues);
            open = continues;
            if !continues {
                break;
            }
        }
        let text = text?;
        Some(Statement {
            span: start..offset,
            open,
            content: Content::Text(text),
        })
    })
}

fn long<'a>(span: Range<usize>, line: usize) -> Statement<'a> {
    Statement {
        span,
        open: false,
        content: Content::Long(Position { line, column: 1 }),
    }
}

/// Adds a line to what is joined so far.
fn append<'a>(text: &mut Option<Text<'a>>, line: &'a [u8], number: usize, continues: bool) {
    let piece = Piece {
        start: text.as_ref().map_or(0, |text| text.bytes.len()),
        line: number,
        text: line,
    };
    let text = match text {
        Some(text) => {
            text.others.push(piece);
            text
        }
        None => text.insert(Text {
            bytes: Cow::Borrowed(&[]),
            first: piece,
            others: Vec::new(),
        }),
    };
    if text.bytes.is_empty() && !continues {
        text.bytes = Cow::Borrowed(line);
        return;
    }
    let bytes = text.bytes.to_mut();
    bytes.extend_from_slice(line);
    if continues {
        bytes.pop();
        bytes.push(b' ');
    }
}

/// A file may have one byte order mark, at the start of any line.
fn without_mark<'a>(line: Line<'a>, seen: &mut bool) -> &'a [u8] {
    match line.text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) if !*seen => {
            *seen = true;
            rest
        }
        _ => line.text,
    }
}

/// Whether the last backslash escapes the line end, and is not itself escaped.
fn ends_in_backslash(line: &[u8]) -> bool {
    let backslashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
    backslashes % 2 == 1
}

fn is_comment(line: &[u8]) -> bool {
    matches!(trim(line).first(), Some(b'#' | b';'))
}

/// What the parser's idea of blanks leaves. It has no form feed among them.
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    while let Some((_, rest)) = bytes.split_first().filter(|(first, _)| blank(first)) {
        bytes = rest;
    }
    while let Some((_, rest)) = bytes.split_last().filter(|(last, _)| blank(last)) {
        bytes = rest;
    }
    bytes
}
