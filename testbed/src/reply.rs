//! What a command answered.

use std::borrow::Cow;

/// The outcome of a command that ran in a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The exit status as a shell tells it: 128 and the number of the signal that ended the command, and 124
    /// when it ran out of time.
    pub status: i32,
    /// What the command wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What the command wrote to its standard error.
    pub stderr: Vec<u8>,
}

impl Reply {
    /// Whether the command exited with 0.
    pub fn is_success(&self) -> bool {
        self.status == 0
    }

    /// The standard output, without what surrounds it of white space.
    pub fn text(&self) -> Cow<'_, str> {
        trimmed(&self.stdout)
    }

    /// The standard error, without what surrounds it of white space.
    pub fn complaint(&self) -> Cow<'_, str> {
        trimmed(&self.stderr)
    }
}

fn trimmed(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.trim_ascii())
}
