//! The values of a TOML document.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::assignment::Assignment;
use super::placeholder::Encoding;
use super::syntax::SyntaxError;

/// Every string and every whole number. What is in an array belongs to the array's key.
pub(super) fn assignments(text: &str) -> Result<Vec<Assignment>, SyntaxError> {
    let document = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        SyntaxError::at(text, offset, error.message())
    })?;
    let mut found = Vec::new();
    table(text, document.get_ref(), &[], &mut found);
    // Tables are kept in the order of their names.
    found.sort_by_key(|assignment| assignment.span.start);
    Ok(found)
}

fn table(text: &str, keys: &DeTable, path: &[String], found: &mut Vec<Assignment>) {
    for (key, item) in keys {
        let mut path = path.to_vec();
        path.push(key.get_ref().to_string());
        value(text, item, &path, found);
    }
}

fn value(text: &str, item: &Spanned<DeValue>, path: &[String], found: &mut Vec<Assignment>) {
    match item.get_ref() {
        DeValue::Table(keys) => table(text, keys, path, found),
        DeValue::Array(items) => {
            for item in items {
                value(text, item, path, found);
            }
        }
        DeValue::String(meaning) => found.extend(string(text, item, meaning, path)),
        DeValue::Integer(_) => found.push(Assignment::plain(path.to_vec(), item.span())),
        _ => {}
    }
}

fn string(
    text: &str,
    item: &Spanned<DeValue>,
    meaning: &str,
    path: &[String],
) -> Option<Assignment> {
    let span = item.span();
    let raw = text.get(span.clone())?;
    let quotes = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|quotes| raw.starts_with(quotes))?;
    let inner = raw.get(quotes.len()..raw.len().checked_sub(quotes.len())?)?;
    // A line break right after three quotes is not part of the value.
    let skipped = match (quotes.len(), inner.as_bytes()) {
        (3, [b'\r', b'\n', ..]) => 2,
        (3, [b'\n', ..]) => 1,
        _ => 0,
    };
    let start = span.start + quotes.len() + skipped;
    let mut assignment = Assignment::plain(path.to_vec(), start..span.end - quotes.len());
    assignment.is_quoted = true;
    if quotes == "\"" {
        assignment.meaning = Some(meaning.to_owned());
        assignment.encoding = Encoding::Escaped;
    }
    Some(assignment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_with_their_keys_and_without_their_quotes() {
        let text = "a = 'x'\n[b.c]\nd = { e = \"y\\\"\", f = 7 }\ng = [\"1\", '''\n2''']\n[[h]]\ni = \"\"\n";
        let found = assignments(text).unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|found| format!("{}={}", found.path.join("."), found.raw(text)))
            .collect();
        assert_eq!(
            shown,
            [
                "a=x",
                "b.c.d.e=y\\\"",
                "b.c.d.f=7",
                "b.c.g=1",
                "b.c.g=2",
                "h.i="
            ]
        );
        assert_eq!(found[1].meaning.as_deref(), Some("y\""));
    }

    #[test]
    fn an_error_says_where() {
        let error = assignments("a = 1\nb = = 2\n")
            .map(|found| found.len())
            .unwrap_err();
        assert_eq!((error.line, error.column), (2, 5));
    }
}
