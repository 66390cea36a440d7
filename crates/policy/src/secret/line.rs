//! Lines with a key and a value, in the many ways that daemons have them.

use super::assignment::Assignment;
use super::placeholder::Encoding;

/// Every value on a line of its own. A line that is none of this is passed over.
pub(super) fn assignments(text: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    let mut section: Option<String> = None;
    let mut start = 0;
    for whole in text.split_inclusive('\n') {
        let line = whole.trim_end_matches(['\n', '\r']);
        let trimmed = line.trim();
        if let Some(name) = trimmed
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = Some(name.trim().to_owned());
        } else if !is_comment(trimmed) {
            let path = section.iter().cloned().collect();
            found.extend(on_line(line, start, path));
        }
        start += whole.len();
    }
    found
}

pub(super) fn is_comment(trimmed: &str) -> bool {
    trimmed.is_empty() || trimmed.starts_with(['#', ';']) || trimmed.starts_with("//")
}

/// The value on one line that starts at an offset of the text.
pub(super) fn on_line(line: &str, start: usize, mut path: Vec<String>) -> Option<Assignment> {
    let rest = line.trim_start();
    let rest = rest.strip_prefix("export ").unwrap_or(rest).trim_start();
    let (key, rest) = key(rest)?;
    let value = separated(rest)?;
    path.push(key.to_owned());
    Some(scalar(line, start, value, path))
}

/// The key at the start, in quotes or not, and what is behind it.
fn key(text: &str) -> Option<(&str, &str)> {
    for quote in ['"', '\''] {
        if let Some(rest) = text.strip_prefix(quote) {
            return rest.split_once(quote).filter(|(key, _)| !key.is_empty());
        }
    }
    // Neither paths nor types of media are keys, though lists of both look like lines with values.
    let is_of_key = |c: char| c.is_alphanumeric() || "_-.$".contains(c);
    let end = text.find(|c| !is_of_key(c)).unwrap_or(text.len());
    let (key, rest) = text.split_at_checked(end)?;
    (!key.is_empty()).then_some((key, rest))
}

/// What is behind `=`, `:`, `=>`, `:=` or blanks.
fn separated(rest: &str) -> Option<&str> {
    let value = rest.trim_start_matches([' ', '\t']);
    let separator = ["=>", ":=", "=", ":"]
        .into_iter()
        .find(|separator| value.starts_with(separator));
    match separator {
        Some(separator) => value.get(separator.len()..),
        None if value.len() < rest.len() => Some(value),
        None => None,
    }
}

/// The value in the rest of a line, without quotes, the comment behind it, and `;` or `,` at its end.
fn scalar(line: &str, start: usize, rest: &str, path: Vec<String>) -> Assignment {
    let offset = |part: &str| start + (part.as_ptr() as usize - line.as_ptr() as usize);
    let value = rest.trim_start_matches([' ', '\t']);
    for quote in ['"', '\''] {
        let Some(inner) = value.strip_prefix(quote) else {
            continue;
        };
        let Some(end) = closing(inner, quote) else {
            break;
        };
        let begin = offset(inner);
        let mut assignment = Assignment::plain(path, begin..begin + end);
        assignment.is_quoted = true;
        // What a backslash means differs from program to program; a value with none means itself.
        assignment.encoding = Encoding::Verbatim;
        return assignment;
    }
    let comment = [" #", "\t#", " ;", "\t;", " //"]
        .into_iter()
        .filter_map(|mark| value.find(mark))
        .min();
    let value = value.get(..comment.unwrap_or(value.len())).unwrap_or(value);
    let value = value.trim_end_matches([' ', '\t', ';', ',']);
    let begin = offset(value);
    Assignment::plain(path, begin..begin + value.len())
}

/// Where the quote is that ends a value: not behind a backslash, and nothing but a comment behind it.
pub(super) fn closing(inner: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in inner.char_indices() {
        if character == quote && !escaped {
            return Some(at);
        }
        escaped = character == '\\' && !escaped;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        assignments(text)
            .iter()
            .map(|found| format!("{}={}", found.path.join("."), found.raw(text)))
            .collect()
    }

    #[test]
    fn the_ways_to_assign_are_all_read() {
        let text = "a=1\nb = two words # note\n c: 'x#y'\nexport D=\"e f\"\nrequirepass foo\n\
                    [s t]\r\n\"k\" = \"v\\\"w\"; ; end\r\n$conf['x'] = 'y';\nx => 'z',\nlast := q";
        assert_eq!(
            shown(text),
            [
                "a=1",
                "b=two words",
                "c=x#y",
                "D=e f",
                "requirepass=foo",
                "s t.k=v\\\"w",
                "s t.x=z",
                "s t.last=q"
            ]
        );
    }

    #[test]
    fn comments_headings_and_lone_words_are_no_values() {
        assert_eq!(
            shown("# a=1\n; b=2\n// c=3\n[d=4]\n\nalone\n=x\n"),
            Vec::<String>::new()
        );
    }
}
