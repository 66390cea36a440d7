//! What is to be made of an outcome, in one word.

use std::fmt;

use crate::case::{Case, Promise};
use crate::run::Outcome;

/// The verdict on a directive in a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It denied, or gave, what it is to deny or give, and the bare unit was different.
    Enforced,
    /// It left alone what it is to leave alone.
    Works,
    /// The bare unit was like that already.
    Masked,
    /// The unit ran as if the directive were not there, and nobody said so.
    Open,
    /// This systemd does not know the directive or its value. It says so in the journal and runs the unit without.
    Unknown,
    /// The unit did not start.
    Refused,
}

impl Verdict {
    /// Judges a case.
    pub fn on(case: &Case, outcome: &Outcome) -> Self {
        let unknown = outcome.journal.iter().any(|line| {
            ["Unknown key", "Failed to parse", "Invalid"]
                .iter()
                .any(|word| line.contains(word))
        });
        match case.judge(&outcome.bare, &outcome.confined) {
            _ if unknown => Self::Unknown,
            _ if outcome.confined.is_empty() => Self::Refused,
            Promise::Kept => Self::Enforced,
            Promise::Left => Self::Works,
            Promise::Moot => Self::Masked,
            Promise::Broken => Self::Open,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enforced => "enforced",
            Self::Works => "works",
            Self::Masked => "masked",
            Self::Open => "OPEN",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        })
    }
}
