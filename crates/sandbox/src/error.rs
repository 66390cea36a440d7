//! Why a service could not be started, and how a failed step inside is told to the supervisor.

use std::fmt;
use std::io;

/// Why the command did not run. Each message completes "cannot ...".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A step of the set-up failed.
    #[error("{step}: {reason}")]
    Step {
        /// What was tried.
        step: String,
        /// What the kernel said.
        reason: String,
    },
    /// The kernel has no means for something the plan needs.
    #[error("{step}: the kernel lacks it ({reason})")]
    Unsupported {
        /// What was tried.
        step: String,
        /// What the kernel said.
        reason: String,
    },
    /// The program is not there.
    #[error("run `{program}`: no such program")]
    NotFound {
        /// Its path.
        program: String,
    },
    /// The program is there and cannot be executed.
    #[error("run `{program}`: {reason}")]
    NotExecutable {
        /// Its path.
        program: String,
        /// What the kernel said.
        reason: String,
    },
}

impl SandboxError {
    /// The exit code for it: 127 and 126 as env(1) has them, 4 when the host cannot, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Step { .. } => 1,
            Self::Unsupported { .. } => 4,
            Self::NotFound { .. } => 127,
            Self::NotExecutable { .. } => 126,
        }
    }

    /// The error as bytes for the report pipe: a tag and two texts.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (tag, first, second) = match self {
            Self::Step { step, reason } => (b's', step.as_str(), reason.as_str()),
            Self::Unsupported { step, reason } => (b'u', step.as_str(), reason.as_str()),
            Self::NotFound { program } => (b'n', program.as_str(), ""),
            Self::NotExecutable { program, reason } => (b'x', program.as_str(), reason.as_str()),
        };
        [&[tag], first.as_bytes(), &[0], second.as_bytes()].concat()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let (tag, rest) = bytes.split_first().unwrap_or((&b's', b""));
        let mut texts = rest.splitn(2, |byte| *byte == 0);
        let mut text = || String::from_utf8_lossy(texts.next().unwrap_or_default()).into_owned();
        let (first, second) = (text(), text());
        match tag {
            b'u' => Self::Unsupported {
                step: first,
                reason: second,
            },
            b'n' => Self::NotFound { program: first },
            b'x' => Self::NotExecutable {
                program: first,
                reason: second,
            },
            _ => Self::Step {
                step: first,
                reason: second,
            },
        }
    }
}

/// What the kernel said, as the end of a sentence.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Names the step that failed.
pub(crate) trait Step<T> {
    /// The error with what was tried; `step` completes "cannot ...".
    fn step<S: fmt::Display>(self, step: impl FnOnce() -> S) -> Result<T, SandboxError>;
}

impl<T, E: Into<io::Error>> Step<T> for Result<T, E> {
    fn step<S: fmt::Display>(self, step: impl FnOnce() -> S) -> Result<T, SandboxError> {
        self.map_err(|error| {
            let error = error.into();
            let (step, reason) = (step().to_string(), reason(&error));
            match error.raw_os_error() {
                Some(number) if number == rustix::io::Errno::NOSYS.raw_os_error() => {
                    SandboxError::Unsupported { step, reason }
                }
                _ => SandboxError::Step { step, reason },
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_way_through_the_pipe() {
        let step = |s: &str| s.to_owned();
        for error in [
            SandboxError::Step {
                step: step("mount /usr read-only"),
                reason: step("operation not permitted"),
            },
            SandboxError::NotFound {
                program: step("/bin/x"),
            },
            SandboxError::NotExecutable {
                program: step("/bin/x"),
                reason: step("permission denied"),
            },
        ] {
            assert_eq!(SandboxError::decode(&error.encode()), error);
        }
    }

    #[test]
    fn a_reason_is_a_fragment() {
        let error = io::Error::from_raw_os_error(13);
        assert_eq!(reason(&error), "permission denied");
    }
}
