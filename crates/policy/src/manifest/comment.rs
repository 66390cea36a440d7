//! Comments of a text, and the things they are about.
//!
//! A TOML document says where its keys and values lie. A `#` anywhere else starts a comment, so all of
//! them are found, whatever the document looks like, and each goes to exactly one thing.

use std::ops::Range;

/// Something that can have comments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// Where it lies, from its first to its last character.
    pub span: Range<usize>,
    pub kind: AnchorKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnchorKind {
    /// A header of a table.
    Header,
    /// A key with a value that is not an array.
    Line,
    /// A key with an array.
    Array,
    /// An item of an array.
    Item,
}

/// Where a comment belongs; the number is that of the anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Above(usize),
    Beside(usize),
    /// After the last item of an array.
    ArrayEnd(usize),
    /// After everything.
    End,
}

/// The comments with their places, in the order of the text. An empty one is a blank line that parts two
/// comments of one place, or the last from what it is about.
pub(crate) fn comments(
    text: &str,
    opaque: &[Range<usize>],
    anchors: &[Anchor],
) -> Vec<(Place, String)> {
    let mut found: Vec<(Place, String)> = Vec::new();
    let mut blank_after = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let hash = line
            .match_indices('#')
            .map(|(offset, _)| start + offset)
            .find(|hash| !opaque.iter().any(|span| span.contains(hash)));
        let inside = opaque
            .iter()
            .any(|span| span.start < start && start < span.end);
        if line.trim().is_empty() && !inside {
            blank_after = true;
        }
        let Some(hash) = hash else {
            // Something that is not a comment stands between: the blank line is not about comments.
            blank_after &= line.trim().is_empty();
            continue;
        };
        let alone = text
            .get(start..hash)
            .is_some_and(|before| before.trim().is_empty());
        let place = place(text, hash, start, alone, anchors);
        if blank_after && found.last().is_some_and(|(last, _)| *last == place) {
            found.push((place, String::new()));
        }
        blank_after = false;
        let comment = text.get(hash..at).unwrap_or_default().trim_end();
        found.push((place, comment.to_owned()));
    }
    found
}

fn place(text: &str, hash: usize, line_start: usize, alone: bool, anchors: &[Anchor]) -> Place {
    let numbered = || anchors.iter().enumerate();
    let inside = numbered()
        .filter(|(_, anchor)| anchor.span.start < hash && hash < anchor.span.end)
        .filter(|(_, anchor)| anchor.kind != AnchorKind::Header)
        .min_by_key(|(_, anchor)| anchor.span.len());
    let on_this_line = numbered()
        .filter(|(_, anchor)| line_start < anchor.span.end && anchor.span.end <= hash)
        .max_by_key(|(_, anchor)| (anchor.span.end, anchor.span.len()));
    let array = match inside {
        Some((number, anchor)) if anchor.kind == AnchorKind::Array => Some((number, anchor)),
        // Within a table in braces, which is written on one line.
        Some((number, _)) => return Place::Above(number),
        None => None,
    };
    if let Some((number, anchor)) = on_this_line
        && !alone
        && array.is_none_or(|(_, array)| array.span.start < anchor.span.start)
    {
        // One line has room for one comment: a second one cannot be on it, since the first ends it.
        return Place::Beside(number);
    }
    let next = numbered()
        .filter(|(_, anchor)| anchor.span.start > hash)
        .min_by_key(|(_, anchor)| (anchor.span.start, anchor.span.len()));
    match (next, array) {
        (Some((_, next)), Some((number, array))) if next.span.start >= array.span.end => {
            Place::ArrayEnd(number)
        }
        (None, Some((number, _))) => Place::ArrayEnd(number),
        (Some((number, _)), _) => Place::Above(number),
        (None, None) => {
            debug_assert!(text.len() >= hash);
            Place::End
        }
    }
}
