//! Looks for secrets in a configuration.

use std::fmt;
use std::ops::Range;

use super::assignment::Assignment;
use super::entropy::is_random;
use super::key::{Promise, promise};
use super::line;
use super::placeholder::Encoding;
use super::syntax::{Syntax, SyntaxError, place};
use super::token::known;
use super::value::{Inside, can_be_secret, inside, is_key_like};

/// Why something is taken for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Its key says so.
    Key,
    /// It has the form of a known kind of token.
    Form(&'static str),
    /// It is the password in a URL.
    Url,
    /// It is the value of a key of secrets inside of a longer value.
    Pair,
    /// It looks random.
    Random,
}

/// A secret in a text.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1.
    pub line: usize,
    /// The sections and keys that lead to it.
    pub path: Vec<String>,
    /// Why it is taken for one.
    pub reason: Reason,
    /// Where it is.
    pub(super) span: Range<usize>,
    /// Where what is shown of its line starts: at its key.
    pub(super) shown_from: usize,
    /// The secret itself.
    pub(super) value: String,
    pub(super) encoding: Encoding,
}

/// Something that looks like a secret and stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The line, from 1.
    pub line: usize,
    /// Why it stays, and what it is.
    pub why: String,
}

/// What was found.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    /// Secrets, in the order of the text. They do not overlap.
    pub findings: Vec<Finding>,
    /// What a person has to look at.
    pub left: Vec<Left>,
}

/// Looks for secrets in a text.
pub fn find(text: &str, syntax: Syntax) -> Result<Report, SyntaxError> {
    let mut report = Report {
        findings: Vec::new(),
        left: comments(text),
    };
    for assignment in syntax.assignments(text)? {
        judge(text, &assignment, &mut report);
    }
    report
        .findings
        .sort_by_key(|finding| (finding.span.start, finding.span.end));
    let mut end = 0;
    report.findings.retain(|finding| {
        let is_apart = finding.span.start >= end && !finding.span.is_empty();
        end = if is_apart { finding.span.end } else { end };
        is_apart
    });
    report.left.sort_by_key(|left| left.line);
    Ok(report)
}

/// A comment goes into the template as it is; a token in one is a token that everybody reads.
fn comments(text: &str) -> Vec<Left> {
    let lines = text.lines().zip(1..);
    lines
        .filter(|(line, _)| line::is_comment(line.trim()))
        .flat_map(|(line, number)| known(line).into_iter().map(move |(_, what)| (number, what)))
        .map(|(line, what)| Left {
            line,
            why: format!("{what} in a comment"),
        })
        .collect()
}

fn judge(text: &str, assignment: &Assignment, report: &mut Report) {
    let raw = assignment.raw(text);
    let value = assignment.meaning.as_deref().unwrap_or(raw);
    let promise = promise(assignment.key());
    let parts = parts(raw);
    let whole = match promise {
        // `password = Bearer ...` is as much in its parts, and more precisely so.
        Promise::Secret if parts.is_empty() && can_be_secret(value, assignment.is_quoted) => {
            Some(Reason::Key)
        }
        Promise::Perhaps if parts.is_empty() && is_key_like(value) => Some(Reason::Key),
        Promise::Perhaps | Promise::Nothing if parts.is_empty() && is_random(value) => {
            Some(Reason::Random)
        }
        _ => None,
    };
    if let Some(why) = assignment.stays {
        let is_suspect = promise == Promise::Secret || !parts.is_empty();
        report.left.extend(is_suspect.then(|| Left {
            line: place(text, assignment.span.start).0,
            why: format!("`{}`: {why}", assignment.path.join(".")),
        }));
        return;
    }
    if let Some(reason) = whole {
        report.findings.push(finding(text, assignment, reason));
    }
    for (span, reason, key) in parts {
        let mut path = assignment.path.clone();
        path.extend(key);
        let span = assignment.span.start + span.start..assignment.span.start + span.end;
        report
            .findings
            .push(part(text, assignment, &span, path, reason));
    }
}

/// The secrets inside of a value, as it is written.
fn parts(raw: &str) -> Vec<(Range<usize>, Reason, Option<String>)> {
    let mut parts: Vec<(Range<usize>, Reason, Option<String>)> = inside(raw)
        .into_iter()
        .map(|inside| match inside {
            Inside::Userinfo(span) => (span, Reason::Url, Some("password".to_owned())),
            Inside::Pair(span, key) => (span, Reason::Pair, Some(key)),
        })
        .collect();
    for (span, form) in known(raw) {
        let is_apart = |other: &Range<usize>| span.end <= other.start || other.end <= span.start;
        if parts.iter().all(|(other, ..)| is_apart(other)) {
            parts.push((span, Reason::Form(form), None));
        }
    }
    parts
}

fn finding(text: &str, assignment: &Assignment, reason: Reason) -> Finding {
    let raw = assignment.raw(text);
    let meaning = assignment
        .meaning
        .as_deref()
        .filter(|meaning| *meaning != raw);
    // What stands for itself goes back as it came.
    let (value, encoding) = match meaning {
        Some(meaning) => (meaning, assignment.encoding),
        None => (raw, Encoding::Plain),
    };
    place_of(
        text,
        assignment,
        assignment.span.clone(),
        assignment.path.clone(),
        reason,
        value,
        encoding,
    )
}

fn part(
    text: &str,
    assignment: &Assignment,
    span: &Range<usize>,
    path: Vec<String>,
    reason: Reason,
) -> Finding {
    let raw = text.get(span.clone()).unwrap_or("");
    let decoded = (reason == Reason::Url).then(|| unpercent(raw)).flatten();
    let (value, encoding) = match decoded.as_deref() {
        Some(decoded) if decoded != raw => (decoded, Encoding::Percent),
        _ => (raw, Encoding::Plain),
    };
    place_of(
        text,
        assignment,
        span.clone(),
        path,
        reason,
        value,
        encoding,
    )
}

fn place_of(
    text: &str,
    assignment: &Assignment,
    span: Range<usize>,
    path: Vec<String>,
    reason: Reason,
    value: &str,
    encoding: Encoding,
) -> Finding {
    let before = text.get(..assignment.span.start).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    // On a line with several keys, as in JSON, only what belongs to this one is shown.
    let key_start = before
        .rfind(assignment.key())
        .filter(|at| *at >= line_start);
    Finding {
        line: place(text, span.start).0,
        path,
        reason,
        shown_from: key_start.unwrap_or(assignment.span.start),
        span,
        value: value.to_owned(),
        encoding,
    }
}

/// What percent signs mean, if encoding it again gives the same text.
fn unpercent(raw: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = after.get(2..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    let decoded = String::from_utf8(bytes).ok()?;
    (Encoding::Percent.encode(&decoded) == raw).then_some(decoded)
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("its key says so"),
            Self::Form(form) => write!(f, "it has the form of {form}"),
            Self::Url => f.write_str("the password in a URL"),
            Self::Pair => f.write_str("its key inside of the value says so"),
            Self::Random => f.write_str("it looks random"),
        }
    }
}

/// Without the secret.
impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding")
            .field("line", &self.line)
            .field("path", &self.path)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("findings", &self.findings)
            .field("left", &self.left)
            .finish()
    }
}
