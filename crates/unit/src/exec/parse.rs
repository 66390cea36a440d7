//! A command line becomes commands.

use super::{Command, Prefixes};
use crate::specifier::{LONGEST_PATH, SpecifierError, Specifiers};
use crate::word::{Style, Word, WordError, Words, words};

/// The longest argument after specifiers, in bytes. The service manager asks the kernel; this is the least
/// that Linux takes.
const LONGEST_ARGUMENT: usize = 128 * 1024;

/// What a command line says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Read {
    /// The commands, in order: several where a lone `;` stands between them.
    pub commands: Vec<Command>,
    /// Why the service manager reads no further. The commands before stay.
    pub error: Option<ExecError>,
}

/// Why the service manager reads a command line no further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ExecError {
    /// Where in the value.
    pub offset: usize,
    /// Whether it only ignores the rest of the line, as it does after the sign `-`. Otherwise the file that
    /// has the line is read no further, and if that is the main file, the unit does not load.
    pub forgiven: bool,
    /// What is wrong.
    pub kind: ExecErrorKind,
}

/// What is wrong with a command line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExecErrorKind {
    /// The words cannot be told apart.
    #[error(transparent)]
    Word(WordError),
    /// A specifier does not resolve.
    #[error(transparent)]
    Specifier(SpecifierError),
    /// Nothing follows the signs.
    #[error("no program follows the signs before it")]
    NoProgram,
    /// The program has a quote, a backslash or a control character.
    #[error("the program `{0}` has a quote, a backslash or a control character")]
    Unsafe(String),
    /// The program ends in a slash.
    #[error("the program `{0}` is a directory")]
    Directory(String),
    /// The program is neither an absolute path nor a file name.
    #[error("the program `{0}` is neither an absolute path nor a name without slashes")]
    Relative(String),
    /// The sign `@` asks for a name of its own, and none follows.
    #[error("the sign `@` asks for a name after the program, and none follows")]
    NoName,
}

/// Reads a command line as systemd before 258 does; see [`read_with_shell`] for the sign `|`.
pub fn read(value: &str, specifiers: &Specifiers<'_>) -> Read {
    Reader::new(value, specifiers, false).read()
}

/// Reads a command line as systemd 258 and later do: the sign `|` is one.
pub fn read_with_shell(value: &str, specifiers: &Specifiers<'_>) -> Read {
    Reader::new(value, specifiers, true).read()
}

struct Reader<'a> {
    words: Words<'a>,
    specifiers: &'a Specifiers<'a>,
    shell: bool,
    found: Read,
}

/// What ended a command.
#[derive(PartialEq, Eq)]
enum End {
    /// The end of the line.
    Line,
    /// A lone `;`.
    Semicolon,
}

impl<'a> Reader<'a> {
    fn new(value: &'a str, specifiers: &'a Specifiers<'a>, shell: bool) -> Self {
        Self {
            words: words(value, Style::COMMAND),
            specifiers,
            shell,
            found: Read::default(),
        }
    }

    fn read(mut self) -> Read {
        while let Some(first) = self.words.next() {
            match self.command(first) {
                Ok(End::Semicolon) => {}
                Ok(End::Line) => break,
                Err(error) => {
                    self.found.error = Some(error);
                    break;
                }
            }
        }
        self.found
    }

    fn command(&mut self, first: Result<Word, WordError>) -> Result<End, ExecError> {
        // An unclosed quote in the first word makes systemd skip the line; later ones fail the file.
        let mut program = first.map_err(|error| ExecError {
            offset: error.offset(),
            forgiven: true,
            kind: ExecErrorKind::Word(error),
        })?;
        if program.bytes == b";" {
            return Ok(End::Semicolon);
        }
        let mut prefixes = Prefixes::default();
        while let Some(sign) = program.bytes.first().map(|byte| char::from(*byte)) {
            if !prefixes.take(sign, self.shell) {
                break;
            }
            program.bytes.remove(0);
        }
        let offset = program.span.start;
        let fail = |kind| ExecError {
            offset,
            forgiven: prefixes.ignore_failure,
            kind,
        };
        self.check_program(&program, prefixes).map_err(fail)?;
        let mut command = Command {
            prefixes,
            program,
            arguments: Vec::new(),
        };
        let end = self.arguments(&mut command)?;
        if prefixes.own_name && command.arguments.is_empty() {
            return Err(fail(ExecErrorKind::NoName));
        }
        self.found.commands.push(command);
        Ok(end)
    }

    fn arguments(&mut self, command: &mut Command) -> Result<End, ExecError> {
        loop {
            let rest = self.words.rest();
            if is_lone(rest, ";") {
                self.words.skip_bytes(1);
                return Ok(End::Semicolon);
            }
            // Only these two bytes are a literal semicolon: quoted or escaped in any other way it is an
            // ordinary word too, but then C's escapes apply.
            if is_lone(rest, "\\;") {
                let start = self.words.offset();
                self.words.skip_bytes(2);
                command.arguments.push(Word {
                    bytes: b";".to_vec(),
                    span: start..start + 2,
                });
                continue;
            }
            let Some(word) = self.words.next() else {
                return Ok(End::Line);
            };
            let forgiven = command.prefixes.ignore_failure;
            let word = word.map_err(|error| ExecError {
                offset: error.offset(),
                forgiven,
                kind: ExecErrorKind::Word(error),
            })?;
            self.specifiers
                .resolve_bytes(&word.bytes, LONGEST_ARGUMENT)
                .map_err(|error| ExecError {
                    offset: word.span.start,
                    forgiven,
                    kind: ExecErrorKind::Specifier(error),
                })?;
            command.arguments.push(word);
        }
    }

    fn check_program(&self, program: &Word, prefixes: Prefixes) -> Result<(), ExecErrorKind> {
        let path = self
            .specifiers
            .resolve_bytes(&program.bytes, LONGEST_PATH)
            .map_err(ExecErrorKind::Specifier)?;
        let text = || String::from_utf8_lossy(&path).into_owned();
        if path.is_empty() {
            // The user's shell itself is the program then.
            return if prefixes.shell {
                Ok(())
            } else {
                Err(ExecErrorKind::NoProgram)
            };
        }
        if path
            .iter()
            .any(|byte| *byte < b' ' || b"\"'\\\x7f".contains(byte))
        {
            return Err(ExecErrorKind::Unsafe(text()));
        }
        if path.ends_with(b"/") {
            return Err(ExecErrorKind::Directory(text()));
        }
        let mut components = path.split(|byte| *byte == b'/');
        let fits = if path.starts_with(b"/") {
            components.all(|component| component.len() <= 255)
        } else {
            !path.contains(&b'/') && path.len() <= 255 && path != b"." && path != b".."
        };
        if fits {
            Ok(())
        } else {
            Err(ExecErrorKind::Relative(text()))
        }
    }
}

/// Whether a text starts with a word that is exactly this.
fn is_lone(text: &str, word: &str) -> bool {
    let rest = text.strip_prefix(word);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}
