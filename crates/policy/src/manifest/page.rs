//! The canonical look of a TOML file: spacing, wrapping, and where comments go.
//!
//! Writing a manifest and formatting one both make a page, so that what is written is formatted.

use std::fmt;

/// Lines are at most this wide where they can be broken.
const WIDTH: usize = 100;
/// Array items up to this long share lines when the array does not fit into one.
const SHORT: usize = 32;

/// A whole file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub sections: Vec<Section>,
    /// Comments after everything else.
    pub end: Vec<String>,
}

/// A table with its header, or the top of the file without one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Section {
    pub above: Vec<String>,
    /// `[service]`; empty at the top of the file.
    pub header: String,
    pub beside: Option<String>,
    pub lines: Vec<Line>,
}

/// A key and its value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub above: Vec<String>,
    pub key: String,
    pub value: Value,
    pub beside: Option<String>,
}

/// A value, as TOML.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Plain(String),
    Array {
        items: Vec<Item>,
        /// Comments after the last item.
        end: Vec<String>,
    },
}

/// An item of an array, as TOML.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Item {
    pub above: Vec<String>,
    pub text: String,
    pub beside: Option<String>,
}

impl Line {
    /// A line without comments.
    pub fn new(key: &str, value: Value) -> Self {
        Self {
            above: Vec::new(),
            key: key.to_owned(),
            value,
            beside: None,
        }
    }
}

impl Value {
    /// An array without comments.
    pub fn array(items: impl IntoIterator<Item = String>) -> Self {
        let items = items.into_iter().map(|text| Item {
            text,
            ..Item::default()
        });
        Self::Array {
            items: items.collect(),
            end: Vec::new(),
        }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, section) in self.sections.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            section.fmt(f)?;
        }
        if !self.end.is_empty() && !self.sections.is_empty() {
            f.write_str("\n")?;
        }
        comments(f, &self.end, "")
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        comments(f, &self.above, "")?;
        if !self.header.is_empty() {
            write!(f, "{}", self.header)?;
            beside(f, self.beside.as_deref())?;
        }
        self.lines.iter().try_for_each(|line| line.fmt(f))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        comments(f, &self.above, "")?;
        write!(f, "{} = ", self.key)?;
        match &self.value {
            Value::Plain(text) => f.write_str(text)?,
            Value::Array { items, end } => array(f, items, end, self.key.len() + 3)?,
        }
        beside(f, self.beside.as_deref())
    }
}

fn array(f: &mut fmt::Formatter<'_>, items: &[Item], end: &[String], indent: usize) -> fmt::Result {
    let commented = !end.is_empty()
        || items
            .iter()
            .any(|i| !i.above.is_empty() || i.beside.is_some());
    let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
    let joined = texts.join(", ");
    let single_line = !joined.contains('\n');
    if !commented && single_line && indent + joined.chars().count() + 2 <= WIDTH {
        return write!(f, "[{joined}]");
    }
    f.write_str("[\n")?;
    let short = |text: &&str| text.chars().count() <= SHORT && !text.starts_with('{');
    if !commented && single_line && texts.iter().all(short) {
        packed(f, &texts)?;
    } else {
        for item in items {
            comments(f, &item.above, "    ")?;
            write!(f, "    {},", item.text)?;
            beside(f, item.beside.as_deref())?;
        }
    }
    comments(f, end, "    ")?;
    f.write_str("]")
}

/// As many items to a line as fit.
fn packed(f: &mut fmt::Formatter<'_>, texts: &[&str]) -> fmt::Result {
    let mut line = String::new();
    for text in texts {
        if !line.is_empty() && 4 + line.chars().count() + 1 + text.chars().count() + 1 > WIDTH {
            writeln!(f, "    {line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(text);
        line.push(',');
    }
    if line.is_empty() {
        return Ok(());
    }
    writeln!(f, "    {line}")
}

fn comments(f: &mut fmt::Formatter<'_>, lines: &[String], indent: &str) -> fmt::Result {
    lines.iter().try_for_each(|line| match line.as_str() {
        "" => f.write_str("\n"),
        text => writeln!(f, "{indent}{text}"),
    })
}

fn beside(f: &mut fmt::Formatter<'_>, comment: Option<&str>) -> fmt::Result {
    match comment {
        Some(comment) => writeln!(f, "  {comment}"),
        None => f.write_str("\n"),
    }
}
