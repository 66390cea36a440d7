//! Mistakes in a text that a person wrote, each with its place, and how they are shown.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::problem::Problem;

/// Everything that is wrong with a manifest or a lock, in the order of the text. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestErrors {
    text: String,
    errors: Vec<ManifestError>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError {
    /// The offending text, as bytes of the whole.
    pub span: Range<usize>,
    /// Its line, from 1.
    pub line: usize,
    /// Its first character in that line, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
    /// Another place that matters, and why.
    pub also: Option<(Range<usize>, String)>,
}

impl ManifestError {
    /// A mistake at `span` of `text`. When the problem is with a part of it, only that is underlined.
    pub(crate) fn new(text: &str, span: Range<usize>, problem: Problem) -> Self {
        let span = narrowed(text, span, problem.part.as_deref());
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.chars().count()
                - before.get(..line_start).map_or(0, |s| s.chars().count())
                + 1,
            span,
            message: problem.message,
            help: problem.help,
            also: None,
        }
    }

    pub(crate) fn also(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.also = Some((span, label.into()));
        self
    }
}

impl ManifestErrors {
    /// `Err` when there is any mistake.
    pub(crate) fn check(text: &str, mut errors: Vec<ManifestError>) -> Result<(), Self> {
        errors.sort_by_key(|error| (error.span.start, error.span.end));
        errors.dedup();
        if errors.is_empty() {
            return Ok(());
        }
        Err(Self {
            text: text.to_owned(),
            errors,
        })
    }

    pub(crate) fn one(text: &str, error: ManifestError) -> Self {
        Self {
            text: text.to_owned(),
            errors: vec![error],
        }
    }

    /// The mistakes, in the order of the text.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &ManifestError> {
        self.errors.iter()
    }

    /// The mistakes with the lines they are in, the offending text underlined, and the way out.
    pub fn render(&self, file_name: &str, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let shown: Vec<String> = self
            .errors
            .iter()
            .map(|error| renderer.render(&[self.report(error, file_name)]))
            .collect();
        shown.join("\n\n")
    }

    fn report<'a>(
        &'a self,
        error: &'a ManifestError,
        file_name: &'a str,
    ) -> annotate_snippets::Group<'a> {
        let mut snippet = Snippet::source(&self.text)
            .path(file_name)
            .annotation(AnnotationKind::Primary.span(error.span.clone()));
        if let Some((span, label)) = &error.also {
            snippet = snippet.annotation(AnnotationKind::Context.span(span.clone()).label(label));
        }
        let mut report = Level::ERROR
            .primary_title(error.message.as_str())
            .element(snippet);
        if let Some(help) = &error.help {
            report = report.element(Level::HELP.message(help.as_str()));
        }
        report
    }
}

impl fmt::Display for ManifestErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let gap = if index == 0 { "" } else { "; " };
            write!(
                f,
                "{gap}line {}, column {}: {}",
                error.line, error.column, error.message
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for ManifestErrors {}

/// Only the part, where the text holds it as it is: an escaped string is underlined whole.
fn narrowed(text: &str, span: Range<usize>, part: Option<&str>) -> Range<usize> {
    let found = part.filter(|part| !part.is_empty()).and_then(|part| {
        let start = span.start + text.get(span.clone())?.rfind(part)?;
        Some(start..start + part.len())
    });
    found.unwrap_or(span)
}
