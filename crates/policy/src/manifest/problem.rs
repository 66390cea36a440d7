//! What is wrong with a value, before it is known where in the file the value stands.

/// A message, the way out, and the part of the value it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub message: String,
    pub help: Option<String>,
    /// The offending part of the value, when it is not the whole.
    pub part: Option<String>,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
            part: None,
        }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn within(mut self, part: &str) -> Self {
        self.part = Some(part.to_owned());
        self
    }
}
