//! The values of a YAML document that stand on the line of their key.

use super::assignment::Assignment;
use super::line;
use super::placeholder::Encoding;

/// Why a value stays.
const BLOCK: &str = "it goes over several lines";
const FLOW: &str = "it is a list or a mapping in brackets";

/// Whether every line looks like one of YAML.
pub(super) fn is_likely(text: &str) -> bool {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line::is_comment(line))
        .peekable();
    lines.peek().is_some()
        && lines.all(|line| {
            line == "---" || line.starts_with("- ") || line == "-" || split(line).is_some()
        })
}

/// Every scalar behind a key. Scalars over several lines and what is in brackets is named as such.
pub(super) fn assignments(text: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    // The keys that lead to here, with how far each is indented.
    let mut parents: Vec<(usize, String)> = Vec::new();
    let mut block: Option<usize> = None;
    let mut start = 0;
    for whole in text.split_inclusive('\n') {
        let line = whole.trim_end_matches(['\n', '\r']);
        let begin = start;
        start += whole.len();
        let trimmed = line.trim_start_matches(' ');
        let indent = line.len() - trimmed.len();
        if trimmed.is_empty() || block.is_some_and(|block| indent > block) {
            continue;
        }
        block = None;
        if trimmed.starts_with('#') {
            continue;
        }
        // `- key: value` is indented as far as its key is.
        let entry = trimmed.trim_start_matches(['-', ' ']);
        let is_entry = trimmed.starts_with("- ");
        let (content, depth) = if is_entry {
            (entry, indent + (trimmed.len() - entry.len()))
        } else {
            (trimmed, indent)
        };
        parents.retain(|(parent, _)| *parent < depth);
        let mut path: Vec<String> = parents.iter().map(|(_, key)| key.clone()).collect();
        let value = match split(content) {
            Some((key, value)) => {
                path.push(key.to_owned());
                parents.push((depth, key.to_owned()));
                value
            }
            None if is_entry => content,
            None => continue,
        };
        if value.starts_with(['|', '>']) {
            block = Some(depth);
        }
        let offset = begin + (value.as_ptr() as usize - line.as_ptr() as usize);
        found.extend(scalar(value, offset, &path));
    }
    found
}

/// The key and what is behind its colon, without the blanks before it.
fn split(content: &str) -> Option<(&str, &str)> {
    for quote in ['"', '\''] {
        if let Some(rest) = content.strip_prefix(quote) {
            let (key, rest) = rest.split_once(quote)?;
            let rest = rest.trim_start().strip_prefix(':')?;
            return Some((key, rest.trim_start_matches([' ', '\t'])));
        }
    }
    let at = content
        .find(": ")
        .or_else(|| content.ends_with(':').then(|| content.len() - 1))?;
    let (key, rest) = content.split_at_checked(at)?;
    let is_key = !key.is_empty() && !key.contains(['"', '\'', '{', '[', '#', '=']);
    is_key.then(|| {
        (
            key.trim_end(),
            rest.trim_start_matches(':').trim_start_matches([' ', '\t']),
        )
    })
}

fn scalar(value: &str, offset: usize, path: &[String]) -> Option<Assignment> {
    let span = |length: usize| offset..offset + length;
    let quoted = |end: usize| {
        let mut assignment = Assignment::plain(path.to_vec(), offset + 1..offset + 1 + end);
        assignment.is_quoted = true;
        assignment
    };
    let stays = |why: &'static str| {
        let mut assignment = Assignment::plain(path.to_vec(), span(value.len()));
        assignment.stays = Some(why);
        Some(assignment)
    };
    match value.chars().next()? {
        '"' => {
            let inner = value.get(1..)?;
            let Some(end) = line::closing(inner, '"') else {
                return stays(BLOCK);
            };
            let mut assignment = quoted(end);
            // YAML knows more escapes than JSON; a value with one of those stands for itself.
            let token = value.get(..end + 2).unwrap_or("");
            assignment.meaning = serde_json::from_str(token).ok();
            if assignment.meaning.is_some() {
                assignment.encoding = Encoding::Escaped;
            }
            Some(assignment)
        }
        '\'' => {
            let Some(end) = single_end(value.get(1..)?) else {
                return stays(BLOCK);
            };
            let mut assignment = quoted(end);
            let inner = value.get(1..=end).unwrap_or("");
            assignment.meaning = Some(inner.replace("''", "'"));
            assignment.encoding = Encoding::Doubled;
            Some(assignment)
        }
        '|' | '>' => stays(BLOCK),
        '{' | '[' => stays(FLOW),
        // Anchors, aliases, tags and comments.
        '&' | '*' | '!' | '#' => None,
        _ => {
            let end = value.find(" #").unwrap_or(value.len());
            let plain = value.get(..end)?.trim_end();
            Some(Assignment::plain(path.to_vec(), span(plain.len())))
        }
    }
}

/// Where a value in `'` ends: at the first that is not doubled.
fn single_end(inner: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += inner.get(at..)?.find('\'')?;
        if inner.get(at + 1..)?.starts_with('\'') {
            at += 2;
        } else {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_with_the_keys_that_lead_to_them() {
        let text = "a: x # note\nb:\n  c: 'it''s'\n  d:\n    - e: \"y\\tz\"\n      f: g\n    - plain\nh: {i: j}\n\
                    k: |\n  l: m\n\n  n: o\np: q:r\n- s: \"\\x41\"\n# t: u\n\"v w\": x\n";
        let found = assignments(text);
        let shown: Vec<_> = found
            .iter()
            .map(|found| format!("{}={}", found.path.join("."), found.raw(text)))
            .collect();
        assert_eq!(
            shown,
            [
                "a=x",
                "b.c=it''s",
                "b.d.e=y\\tz",
                "b.d.f=g",
                "b.d=plain",
                "h={i: j}",
                "k=|",
                "p=q:r",
                "p.s=\\x41",
                "v w=x"
            ]
        );
        assert_eq!(found[1].meaning.as_deref(), Some("it's"));
        assert_eq!(found[2].meaning.as_deref(), Some("y\tz"));
        assert_eq!(found[8].meaning, None);
        assert!(found[5].stays.is_some() && found[6].stays.is_some());
    }
}
