//! The languages in which configuration is written.

use std::fmt;

use super::assignment::Assignment;
use super::{json, line, toml, yaml};

/// How a configuration file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// Lines of `key = value`, `key: value` or `key value`, maybe below `[sections]`: INI files, environment
    /// files, and what most daemons invented for themselves.
    Lines,
    /// TOML 1.0.
    Toml,
    /// YAML, of which only scalars on one line are taken out.
    Yaml,
    /// JSON.
    Json,
}

/// Why a file cannot be read as what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there. Never the text itself, which may be a secret.
    pub message: String,
}

impl Syntax {
    /// Every syntax.
    pub const ALL: [Self; 4] = [Self::Lines, Self::Toml, Self::Yaml, Self::Json];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Toml => "toml",
            Self::Yaml => "yaml",
            Self::Json => "json",
        }
    }

    /// The syntax of a file, by its name where that says it and else by what is in it: `dness.conf` may be
    /// TOML.
    pub fn guess(file_name: &str, text: &str) -> Self {
        let extension = file_name
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension);
        match extension.to_ascii_lowercase().as_str() {
            "toml" => return Self::Toml,
            "yaml" | "yml" => return Self::Yaml,
            "json" => return Self::Json,
            "ini" | "env" | "cnf" | "properties" => return Self::Lines,
            _ => {}
        }
        if text.trim_start().starts_with('{') && json::assignments(text).is_ok() {
            return Self::Json;
        }
        // Much that is TOML is INI as well; only the latter can be read where it is neither quite.
        if toml::assignments(text).is_ok_and(|found| !found.is_empty()) {
            return Self::Toml;
        }
        if yaml::is_likely(text) {
            return Self::Yaml;
        }
        Self::Lines
    }

    /// Everything in a text that is assigned to a key.
    pub(super) fn assignments(self, text: &str) -> Result<Vec<Assignment>, SyntaxError> {
        match self {
            Self::Lines => Ok(line::assignments(text)),
            Self::Toml => toml::assignments(text),
            Self::Yaml => Ok(yaml::assignments(text)),
            Self::Json => json::assignments(text),
        }
    }
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl SyntaxError {
    pub(super) fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let (line, column) = place(text, offset);
        Self {
            line,
            column,
            message: message.into(),
        }
    }
}

/// The line and the column of a byte, both from 1.
pub(super) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(start..).unwrap_or("").chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides_before_the_content_does() {
        assert_eq!(Syntax::guess("x.yml", "a = 1"), Syntax::Yaml);
        assert_eq!(
            Syntax::guess("x.conf", "[log]\nlevel = \"Info\"\n"),
            Syntax::Toml
        );
        assert_eq!(Syntax::guess("x.conf", "{ \"a\": 1 }"), Syntax::Json);
        assert_eq!(Syntax::guess("x.conf", "a: 1\nb:\n  c: x\n"), Syntax::Yaml);
        assert_eq!(
            Syntax::guess("redis.conf", "requirepass foo\nport 1\n"),
            Syntax::Lines
        );
        assert_eq!(Syntax::guess("x", "[a]\nb = plain words\n"), Syntax::Lines);
    }

    #[test]
    fn places_count_lines_and_characters_from_one() {
        assert_eq!(place("ab\nö=c", 6), (2, 3));
        assert_eq!(place("", 0), (1, 1));
    }
}
