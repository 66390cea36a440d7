//! From what was found to a template and the secrets that belong into it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::ops::Range;

use super::find::{Finding, Left, Reason, Report};
use super::name::Name;
use super::placeholder::{Encoding, Placeholder};
use super::syntax::place;
use super::template;

/// Shorter values are everywhere; that one is left somewhere says nothing.
const WORTH_LOOKING_FOR: usize = 8;

/// A text, and what is to be taken out of it.
#[derive(Clone)]
pub struct Extraction<'t> {
    text: &'t str,
    pieces: Vec<Piece>,
    left: Vec<Left>,
}

/// A secret that has a name.
#[derive(Clone)]
pub struct Piece {
    /// The name.
    pub name: Name,
    finding: Finding,
}

/// A secret to be kept: its name and what its file has to hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// The name.
    pub name: Name,
    /// The bytes of its file. A line break at their end does not belong to the secret.
    pub content: String,
}

impl<'t> Extraction<'t> {
    /// Gives every finding a name; equal secrets get the same. `is_free` says which names nobody else has.
    pub fn new(
        text: &'t str,
        file_name: &str,
        report: Report,
        is_free: impl Fn(&Name) -> bool,
    ) -> Self {
        let mut names: BTreeMap<String, Name> = BTreeMap::new();
        let present = template::names(text);
        let mut pieces: Vec<Piece> = Vec::new();
        for finding in report.findings {
            let name = names.get(&finding.value).cloned().unwrap_or_else(|| {
                let is_free = |name: &Name| {
                    is_free(name)
                        && !present.contains(name)
                        && names.values().all(|taken| taken != name)
                };
                Name::make(file_name, &finding.path, is_free)
            });
            names.insert(finding.value.clone(), name.clone());
            pieces.push(Piece { name, finding });
        }
        Self {
            text,
            pieces,
            left: report.left,
        }
    }

    /// What is taken out.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Keeps the pieces that the caller wants.
    pub fn retain(&mut self, wanted: impl Fn(&Piece) -> bool) {
        self.pieces.retain(wanted);
    }

    /// The text with placeholders where the secrets were.
    pub fn template(&self) -> String {
        self.replaced(0..self.text.len(), |piece| {
            piece.placeholder(self.text).to_string()
        })
    }

    /// The secrets, each once.
    pub fn kept(&self) -> Vec<Kept> {
        let kept: BTreeMap<&Name, &str> = self
            .pieces
            .iter()
            .map(|piece| (&piece.name, piece.finding.value.as_str()))
            .collect();
        kept.into_iter()
            .map(|(name, value)| Kept {
                name: name.clone(),
                // Rendering takes one line break away, as editors and `echo` put one there.
                content: if value.ends_with('\n') {
                    format!("{value}\n")
                } else {
                    value.to_owned()
                },
            })
            .collect()
    }

    /// What looks like a secret and stays in the template, and where a secret that is taken out is there
    /// a second time.
    pub fn left(&self) -> Vec<Left> {
        let template = self.template();
        let mut left = self.left.clone();
        for kept in self.kept() {
            let value = kept.content.trim_end_matches('\n');
            let again = template
                .match_indices(value)
                .filter(|_| value.len() >= WORTH_LOOKING_FOR);
            left.extend(again.map(|(at, _)| Left {
                line: place(&template, at).0,
                why: format!("the value of {} is here too", kept.name),
            }));
        }
        left.sort_by_key(|left| left.line);
        left.dedup();
        left
    }

    /// What would change, as a diff. No secret is in it, and nothing of the text but the keys and what stands
    /// around the secrets of the same value.
    pub fn diff(&self, shown_path: &str) -> String {
        let mut diff = format!("--- {shown_path}\n+++ {shown_path}\n");
        let mut shown_to = 0;
        for piece in &self.pieces {
            let finding = &piece.finding;
            // Two secrets of one value are shown once.
            if finding.shown_from < shown_to {
                continue;
            }
            let group = self
                .pieces
                .iter()
                .filter(|other| other.finding.shown_from == finding.shown_from);
            shown_to = group
                .map(|other| other.finding.span.end)
                .max()
                .unwrap_or(finding.span.end);
            let quote = self
                .text
                .get(shown_to..)
                .is_some_and(|rest| rest.starts_with(['"', '\'']));
            let range = finding.shown_from..shown_to + usize::from(quote);
            let line = place(self.text, finding.shown_from).0;
            let old = self.replaced(range.clone(), |piece| {
                format!("({})", piece.name.as_str().to_lowercase())
            });
            let new = self.replaced(range, |piece| piece.placeholder(self.text).to_string());
            let _ = write!(
                diff,
                "@@ line {line} @@\n-{}\n+{}\n",
                one_line(&old),
                one_line(&new)
            );
        }
        diff
    }

    fn replaced(&self, range: Range<usize>, instead: impl Fn(&Piece) -> String) -> String {
        let mut replaced = String::new();
        let mut at = range.start;
        for piece in &self.pieces {
            let span = &piece.finding.span;
            if span.start < at || span.end > range.end {
                continue;
            }
            replaced.push_str(self.text.get(at..span.start).unwrap_or(""));
            replaced.push_str(&instead(piece));
            at = span.end;
        }
        replaced.push_str(self.text.get(at..range.end).unwrap_or(""));
        replaced
    }
}

impl Piece {
    /// The line of the text, from 1.
    pub fn line(&self) -> usize {
        self.finding.line
    }

    /// The sections and keys that lead to it.
    pub fn path(&self) -> String {
        self.finding.path.join(".")
    }

    /// Why it is taken for a secret.
    pub fn reason(&self) -> Reason {
        self.finding.reason
    }

    fn placeholder(&self, text: &str) -> Placeholder {
        let with = |encoding| Placeholder {
            name: self.name.clone(),
            encoding,
        };
        let written = with(self.finding.encoding);
        if written.encoding == Encoding::Plain
            && !template::is_harmless_at(text, self.finding.span.start, &self.finding.value)
        {
            return with(Encoding::Verbatim);
        }
        written
    }
}

fn one_line(text: &str) -> String {
    text.replace('\n', "\\n")
}

impl fmt::Debug for Extraction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extraction")
            .field("pieces", &self.pieces)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece")
            .field("name", &self.name)
            .field("finding", &self.finding)
            .finish()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
