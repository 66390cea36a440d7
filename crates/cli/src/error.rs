//! How a verb fails: what could not be done, why, and the way out.
//!
//! Printed as one line, `error: cannot ...`, with the causes joined by colons, and then one `help:` line
//! for each way out. Errors in a manifest come with the lines they are about.

use std::fmt::Write as _;

use crate::exit::ExitCode;

/// A failed verb.
#[derive(Debug)]
pub struct Failure {
    number: u8,
    /// Completes "cannot ...".
    what: String,
    cause: Option<anyhow::Error>,
    help: Vec<String>,
    /// What a program printed before it failed; whole lines.
    lines: String,
    /// Text that was made elsewhere and stands in place of the error line.
    shown: Option<String>,
}

impl Failure {
    /// A failure with this code. `what` completes "cannot ...".
    pub fn new(code: ExitCode, what: impl Into<String>) -> Self {
        Self::with_number(code.number(), what)
    }

    /// A failure with the code of another convention: 126 and 127 for a command that could not be started.
    pub fn with_number(number: u8, what: impl Into<String>) -> Self {
        Self {
            number,
            what: what.into(),
            cause: None,
            help: Vec::new(),
            lines: String::new(),
            shown: None,
        }
    }

    /// It could not be done.
    pub fn cannot(what: impl Into<String>) -> Self {
        Self::new(ExitCode::Cannot, what)
    }

    /// The arguments or the input are wrong.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(ExitCode::Usage, what)
    }

    /// Wrong input whose errors are already rendered, each with its own `error:` and `help:`.
    pub fn rendered(shown: String) -> Self {
        Self {
            shown: Some(shown),
            ..Self::usage("")
        }
    }

    /// Adds the reason.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds a way out.
    #[must_use]
    pub fn help(mut self, way_out: impl Into<String>) -> Self {
        self.help.push(way_out.into());
        self
    }

    /// Adds what a program printed before it failed: whole lines.
    #[must_use]
    pub fn lines(mut self, lines: &str) -> Self {
        self.lines.push_str(lines);
        self
    }

    /// The exit code.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// What could not be done, and the causes.
    fn message(&self) -> String {
        let mut message = self.what.clone();
        for cause in self.cause.iter().flat_map(chain) {
            let _ = write!(message, ": {cause}");
        }
        message
    }

    /// What is printed on standard error.
    pub fn text(&self, color: bool) -> String {
        let (red, blue, plain) = if color {
            ("\x1b[1;31m", "\x1b[1;34m", "\x1b[0m")
        } else {
            ("", "", "")
        };
        let mut text = match &self.shown {
            Some(shown) if shown.is_empty() || shown.ends_with('\n') => shown.clone(),
            Some(shown) => format!("{shown}\n"),
            None => format!("{red}error:{plain} cannot {}\n", self.message()),
        };
        text.push_str(&self.lines);
        for help in &self.help {
            let _ = writeln!(text, "{blue}help:{plain} {help}");
        }
        text
    }
}

/// The messages from the outermost cause in, without those that the one before already ends with: some
/// libraries print their source themselves.
fn chain(error: &anyhow::Error) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for link in error.chain() {
        let message = link.to_string().replace('\n', " ");
        if !messages.last().is_some_and(|last| last.ends_with(&message)) {
            messages.push(message);
        }
    }
    messages
}

/// Turning any error into a [`Failure`] with what could not be done.
pub trait OrFail<T> {
    /// Exit code 1. `what` completes "cannot ...".
    fn or_cannot(self, what: impl FnOnce() -> String) -> Result<T, Failure>;
    /// Exit code 2.
    fn or_usage(self, what: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrFail<T> for Result<T, E> {
    fn or_cannot(self, what: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|cause| Failure::cannot(what()).because(cause))
    }

    fn or_usage(self, what: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|cause| Failure::usage(what()).because(cause))
    }
}

/// Standard output that cannot be written to. A closed pipe is not a failure: its reader had enough.
impl From<std::io::Error> for Failure {
    fn from(cause: std::io::Error) -> Self {
        let code = match cause.kind() {
            std::io::ErrorKind::BrokenPipe => ExitCode::Fine,
            _ => ExitCode::Cannot,
        };
        Self {
            shown: (code == ExitCode::Fine).then(String::new),
            ..Self::new(code, "print the result")
        }
        .because(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("read /run/x: {source}")]
    struct Repeats {
        source: std::io::Error,
    }

    fn denied() -> std::io::Error {
        std::io::Error::from(std::io::ErrorKind::PermissionDenied)
    }

    #[test]
    fn a_failure_is_one_line_with_its_causes_and_the_way_out() {
        let failure = Failure::cannot("start `x`")
            .because(denied())
            .help("run it as root");
        assert_eq!(
            failure.text(false),
            "error: cannot start `x`: permission denied\nhelp: run it as root\n"
        );
    }

    #[test]
    fn a_cause_that_prints_its_own_source_is_not_repeated() {
        let failure = Failure::cannot("start").because(Repeats { source: denied() });
        assert_eq!(
            failure.text(false),
            "error: cannot start: read /run/x: permission denied\n"
        );
    }

    #[test]
    fn a_closed_pipe_is_no_failure_and_a_full_disk_is() {
        let closed = Failure::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!((closed.number(), closed.text(false).as_str()), (0, ""));
        let full = Failure::from(std::io::Error::from(std::io::ErrorKind::StorageFull));
        assert_eq!(full.number(), 1);
    }
}
