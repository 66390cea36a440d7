//! One look for every manifest: the order of tables and keys, spacing and wrapping.
//!
//! Comments stay with what they are about, and items of arrays stay in their order: a person may have had
//! a reason. Nothing is added or taken away.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::comment::{Anchor, AnchorKind, Place, comments};
use super::error::ManifestErrors;
use super::page::{Item, Line, Page, Section, Value};
use super::read::{Role, checked};
use super::table::{TABLES, Table, is_table};
use super::write::quoted;

/// The manifest, the part of one or the ceiling in this text, as it is written here.
pub fn format(text: &str) -> Result<String, ManifestErrors> {
    let document = checked(text, Role::Part).or_else(|errors| {
        // Only a ceiling has keys that a part has not; what is wrong with both is told for the part.
        checked(text, Role::Ceiling).map_err(|_| errors)
    })?;
    let mut layout = Layout {
        text,
        anchors: Vec::new(),
        opaque: Vec::new(),
        sections: Vec::new(),
    };
    layout.document(&document);
    Ok(layout.page().to_string())
}

/// The text of one table, and the numbers of the anchors of its parts.
struct Sketch {
    header: Option<(String, usize)>,
    lines: Vec<(Line, usize, Vec<usize>)>,
}

struct Layout<'t> {
    text: &'t str,
    anchors: Vec<Anchor>,
    /// Where a `#` starts no comment.
    opaque: Vec<Range<usize>>,
    sections: Vec<Sketch>,
}

impl Layout<'_> {
    fn document(&mut self, root: &DeTable) {
        for table in TABLES {
            if table.name.is_empty() {
                self.section(table, None, root);
                continue;
            }
            let Some((name, value)) = root.get_key_value(table.name) else {
                continue;
            };
            match value.get_ref() {
                DeValue::Table(keys) => self.section(table, Some(name.span()), keys),
                DeValue::Array(items) => {
                    for item in items {
                        if let DeValue::Table(keys) = item.get_ref() {
                            self.section(table, Some(item.span()), keys);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn section(&mut self, table: &'static Table, header: Option<Range<usize>>, keys: &DeTable) {
        let header = header.map(|span| {
            // A table in braces spans its keys; only its start is a place for comments then.
            let first = keys.keys().map(|key| key.span().start).min();
            let end = first.map_or(span.end, |first| span.end.min(first.max(span.start)));
            (
                table.header(),
                self.anchor(span.start..end, AnchorKind::Header),
            )
        });
        let rank = |name: &str| table.keys.iter().position(|key| key.name == name);
        let known = |name: &str| rank(name).is_some() || !is_table(name);
        let mut sorted: Vec<_> = keys
            .iter()
            .filter(|(name, _)| known(name.get_ref()))
            .collect();
        sorted.sort_by_key(|(name, _)| {
            (
                rank(name.get_ref()).unwrap_or(usize::MAX),
                name.span().start,
            )
        });
        let lines = sorted
            .into_iter()
            .map(|(name, value)| self.line(name, value));
        let lines = lines.collect();
        self.sections.push(Sketch { header, lines });
    }

    fn line(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue>,
    ) -> (Line, usize, Vec<usize>) {
        self.opaque.push(name.span());
        let span = name.span().start..value.span().end;
        let (value, kind, items) = match value.get_ref() {
            DeValue::Array(array) => {
                let (items, anchors) = array
                    .iter()
                    .map(|item| {
                        let text = self.scalar(item);
                        let item = Item {
                            text,
                            ..Item::default()
                        };
                        (item, self.anchors.len() - 1)
                    })
                    .unzip();
                (
                    Value::Array {
                        items,
                        end: Vec::new(),
                    },
                    AnchorKind::Array,
                    anchors,
                )
            }
            _ => (
                Value::Plain(self.value(value)),
                AnchorKind::Line,
                Vec::new(),
            ),
        };
        let anchor = self.anchor(span, kind);
        (Line::new(name.get_ref(), value), anchor, items)
    }

    fn anchor(&mut self, span: Range<usize>, kind: AnchorKind) -> usize {
        self.anchors.push(Anchor { span, kind });
        self.anchors.len() - 1
    }

    /// An item of an array, with an anchor of its own: the last one.
    fn scalar(&mut self, value: &Spanned<DeValue>) -> String {
        let text = self.value(value);
        self.anchor(value.span(), AnchorKind::Item);
        text
    }

    /// A value on one line.
    fn value(&mut self, value: &Spanned<DeValue>) -> String {
        match value.get_ref() {
            DeValue::String(text) => {
                self.opaque.push(value.span());
                quoted(text)
            }
            DeValue::Table(keys) => {
                let mut keys: Vec<_> = keys.iter().collect();
                // The object first, then the reason.
                keys.sort_by_key(|(name, _)| name.get_ref() == "why");
                let inner: Vec<String> = keys
                    .into_iter()
                    .map(|(name, value)| {
                        self.opaque.push(name.span());
                        format!("{} = {}", name.get_ref(), self.value(value))
                    })
                    .collect();
                format!("{{ {} }}", inner.join(", "))
            }
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| number.as_str().to_owned(), |number| number.to_string()),
            _ => self.text.get(value.span()).unwrap_or_default().to_owned(),
        }
    }

    fn page(self) -> Page {
        let mut comments = comments(self.text, &self.opaque, &self.anchors);
        let mut take = |place: Place| -> Vec<String> {
            let (taken, rest) = std::mem::take(&mut comments)
                .into_iter()
                .partition(|(at, _)| *at == place);
            comments = rest;
            let taken: Vec<(Place, String)> = taken;
            taken.into_iter().map(|(_, comment)| comment).collect()
        };
        let mut sections = Vec::new();
        for sketch in self.sections {
            let mut section = Section::default();
            if let Some((header, anchor)) = sketch.header {
                section.header = header;
                section.above = take(Place::Above(anchor));
                section.beside = joined(take(Place::Beside(anchor)));
            }
            for (mut line, anchor, items) in sketch.lines {
                line.above = take(Place::Above(anchor));
                line.beside = joined(take(Place::Beside(anchor)));
                if let Value::Array { items: texts, end } = &mut line.value {
                    for (item, anchor) in texts.iter_mut().zip(items) {
                        item.above = take(Place::Above(anchor));
                        item.beside = joined(take(Place::Beside(anchor)));
                    }
                    *end = take(Place::ArrayEnd(anchor));
                }
                section.lines.push(line);
            }
            sections.push(section);
        }
        Page {
            sections,
            end: take(Place::End),
        }
    }
}

/// Comments that share a line: two items on one line have one comment behind them, never two, but a
/// wrapped value may have left several.
fn joined(comments: Vec<String>) -> Option<String> {
    let comments: Vec<String> = comments.into_iter().filter(|c| !c.is_empty()).collect();
    (!comments.is_empty()).then(|| comments.join("  "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arbitrary;
    use crate::manifest::Manifest;
    use proptest::prelude::*;

    const UNTIDY: &str = r##"# The head of the file.

# About the epoch.
ringfence=1 # one
# about net
[net] # beside net
connect = [ # before the first
    "tcp:any:443",# why 443
    # above 80
    "tcp:any:80" ,
    # after the last
] # behind the array
dns   =   true

# about the service
[service]
user = { why = "it # binds", name = "root" } # beside the user
# above the name
name = 'x' # beside the name
exec = ["/usr/bin/x", "#no comment"]


# the first peer

[[peer]]
why = "b"
unix = "/run/b"
[[peer]]
unix = "/run/a"
# The end.
"##;

    const TIDY: &str = r##"# The head of the file.

# About the epoch.
ringfence = 1  # one

# about the service
[service]
# above the name
name = "x"  # beside the name
exec = ["/usr/bin/x", "#no comment"]
user = { name = "root", why = "it # binds" }  # beside the user

# about net
[net]  # beside net
connect = [
    # before the first
    "tcp:any:443",  # why 443
    # above 80
    "tcp:any:80",
    # after the last
]  # behind the array
dns = true

# the first peer
[[peer]]
unix = "/run/b"
why = "b"

[[peer]]
unix = "/run/a"

# The end.
"##;

    #[test]
    fn tables_and_keys_are_sorted_and_comments_stay_with_them() {
        assert_eq!(format(UNTIDY).unwrap(), TIDY);
        assert_eq!(format(TIDY).unwrap(), TIDY);
        assert_eq!(Manifest::parse(TIDY), Manifest::parse(UNTIDY));
    }

    #[test]
    fn parts_and_ceilings_are_formatted_and_mistakes_told() {
        let ceiling = "ringfence = 1\nnever = [\"kernel.modules\"]\n";
        assert_eq!(format(ceiling).unwrap(), ceiling);
        let errors = format("ringfence = 1\n[fils]\n").unwrap_err();
        assert_eq!(errors.iter().next().map(|error| error.line), Some(2));
    }

    /// A manifest with comments and blank lines strewn in wherever a line ends.
    fn commented() -> impl Strategy<Value = (String, usize)> {
        let marks = proptest::collection::vec((0..5usize, any::<proptest::sample::Index>()), 1..12);
        (arbitrary::manifest(), marks).prop_map(|(manifest, marks)| {
            let mut lines: Vec<String> = manifest.render().lines().map(str::to_owned).collect();
            let mut count = 0;
            for (kind, index) in marks {
                let at = index.index(lines.len());
                match kind {
                    0 => lines.insert(at, String::new()),
                    1 => lines.insert(at, format!("  # own {count}")),
                    _ if lines[at].contains('#') => continue,
                    _ => lines[at].extend([" # beside ".to_owned(), count.to_string()]),
                }
                count += usize::from(kind > 0);
            }
            (lines.join("\n"), count)
        })
    }

    proptest! {
        #![proptest_config(arbitrary::cases(500))]

        #[test]
        fn what_is_written_is_formatted(manifest in arbitrary::manifest()) {
            let text = manifest.render();
            prop_assert_eq!(format(&text).unwrap(), text);
        }

        #[test]
        fn formatting_twice_changes_nothing_and_loses_no_comment((text, count) in commented()) {
            let once = format(&text).unwrap();
            prop_assert_eq!(&format(&once).unwrap(), &once, "{}", text);
            prop_assert_eq!(Manifest::parse(&once), Manifest::parse(&text));
            let marks = once.matches("# own ").count() + once.matches("# beside ").count();
            prop_assert_eq!(marks, count, "{}\n---\n{}", text, once);
        }
    }
}
