//! The command that uses the service: words as a shell would split them, run without a shell.

use std::process::{Command, Stdio};

/// A command of at least one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    text: String,
    program: String,
    arguments: Vec<String>,
}

/// Why a text is not a workload.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkloadError {
    /// No word in it.
    #[error("it is empty")]
    Empty,
    /// A quote that is never closed.
    #[error("a quote is not closed")]
    Quote,
    /// Something that only a shell understands.
    #[error("`{0}` means something only to a shell, and the workload runs without one")]
    Shell(char),
}

impl Workload {
    /// Splits a text into words. What only a shell could do is an error, not a literal.
    pub fn parse(text: &str) -> Result<Self, WorkloadError> {
        if let Some(operator) = operator(text) {
            return Err(WorkloadError::Shell(operator));
        }
        let mut words = shell_words::split(text)
            .map_err(|_| WorkloadError::Quote)?
            .into_iter();
        let program = words
            .next()
            .filter(|word| !word.is_empty())
            .ok_or(WorkloadError::Empty)?;
        Ok(Self {
            text: text.to_owned(),
            program,
            arguments: words.collect(),
        })
    }

    /// These words: a program and its arguments. `None` without a program.
    pub fn of_words(words: &[String]) -> Option<Self> {
        let (program, arguments) = words.split_first()?;
        Some(Self {
            text: shell_words::join(words),
            program: program.clone(),
            arguments: arguments.to_vec(),
        })
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The program and its arguments.
    pub fn words(&self) -> Vec<String> {
        std::iter::once(&self.program)
            .chain(&self.arguments)
            .cloned()
            .collect()
    }

    /// The process to start. It reads nothing, and its output is the caller's to place.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null());
        command
    }
}

/// The first character outside of quotes that a shell would act on. Patterns are left alone: programs
/// such as redis-cli take them as arguments.
fn operator(text: &str) -> Option<char> {
    let mut quote = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None | Some('"'), '\\') => drop(characters.next()),
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '|' | '&' | ';' | '<' | '>' | '(' | ')' | '`') => return Some(character),
            (None, '$')
                if characters
                    .peek()
                    .is_some_and(|c| c.is_ascii_alphabetic() || "_{(".contains(*c)) =>
            {
                return Some(character);
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        let workload = Workload::parse(r#"curl -H 'a: b; c' "http://x/?a=1&b=2" \& ok"#).unwrap();
        assert_eq!(workload.program, "curl");
        assert_eq!(
            workload.arguments,
            ["-H", "a: b; c", "http://x/?a=1&b=2", "&", "ok"]
        );
    }

    #[test]
    fn what_only_a_shell_can_do_is_an_error() {
        for (text, operator) in [
            ("a && b", '&'),
            ("a | b", '|'),
            ("a > b", '>'),
            ("a; b", ';'),
            ("echo $HOME", '$'),
            ("echo `id`", '`'),
            ("curl http://x/?a=1&b=2", '&'),
        ] {
            assert_eq!(
                Workload::parse(text),
                Err(WorkloadError::Shell(operator)),
                "{text}"
            );
        }
    }

    #[test]
    fn patterns_and_a_lone_dollar_are_words() {
        let workload = Workload::parse("redis-cli keys * $").unwrap();
        assert_eq!(workload.arguments, ["keys", "*", "$"]);
    }

    #[test]
    fn a_text_without_a_command_or_with_an_open_quote_is_an_error() {
        assert_eq!(Workload::parse("  "), Err(WorkloadError::Empty));
        assert_eq!(Workload::parse("''"), Err(WorkloadError::Empty));
        assert_eq!(Workload::parse("a 'b"), Err(WorkloadError::Quote));
    }
}
