//! Bytes become physical lines.

/// A physical line, with what ended it. All lines of a file put together are the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// What the line says.
    pub text: &'a [u8],
    /// What ended it: nothing at the end of the file.
    pub end: &'a [u8],
}

/// The lines of a file.
///
/// A line ends at a line feed, a carriage return or a NUL, or at several different ones together, so that
/// `\r\n` is one end and `\n\n` two. Nothing joins a NUL that came first.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let ends = |byte: &u8| matches!(byte, b'\n' | b'\r' | 0);
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let (text, tail) = rest.split_at(length);
        let (end, tail) = tail.split_at(end_length(tail));
        rest = tail;
        Some(Line { text, end })
    })
}

/// How many of the first bytes together end one line.
fn end_length(bytes: &[u8]) -> usize {
    let mut seen: &[u8] = &[];
    for (length, byte) in bytes.iter().enumerate() {
        let another = matches!(byte, b'\n' | b'\r' | 0) && !seen.contains(byte);
        if !another || seen.last() == Some(&0) {
            return length;
        }
        seen = bytes.get(..=length).unwrap_or_default();
    }
    bytes.len()
}
