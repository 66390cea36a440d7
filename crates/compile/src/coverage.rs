//! How exactly each grant, and each denial that follows from a missing grant, is enforced on a target.

use std::fmt;

use ringfence_policy::grant::Grant;
use serde::Serialize;

/// How exactly something is enforced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", content = "why", rename_all = "UPPERCASE")]
pub enum Status {
    /// Just as the policy says.
    Exact,
    /// More is allowed than the policy says.
    Wider(String),
    /// Less is allowed than the policy says.
    Narrower(String),
    /// Something else must do it.
    Extern(String),
    /// Asked for, and without effect on this host.
    Inert(String),
    /// The host is too old for it.
    Lost(String),
    /// The back end has no means for it.
    None(String),
}

impl Status {
    /// The word in tables.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Exact => "EXACT",
            Self::Wider(_) => "WIDER",
            Self::Narrower(_) => "NARROWER",
            Self::Extern(_) => "EXTERN",
            Self::Inert(_) => "INERT",
            Self::Lost(_) => "LOST",
            Self::None(_) => "NONE",
        }
    }

    /// Why it is not exact; empty when it is.
    pub fn why(&self) -> &str {
        match self {
            Self::Exact => "",
            Self::Wider(why)
            | Self::Narrower(why)
            | Self::Extern(why)
            | Self::Inert(why)
            | Self::Lost(why)
            | Self::None(why) => why,
        }
    }
}

/// What a row speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A grant of the policy: is it given, and no more than it?
    Grant(Grant),
    /// A control that denies what no grant allows.
    Control(&'static str),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grant(grant) => grant.fmt(f),
            Self::Control(id) => f.write_str(id),
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What it speaks of.
    pub subject: Subject,
    /// How exactly.
    #[serde(flatten)]
    pub status: Status,
}

/// Something that must be enforced exactly is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("enforce `{subject}` exactly, as [require] asks: {word}: {why}")]
pub struct Inexact {
    /// The grant or control.
    pub subject: String,
    /// The status instead.
    pub word: &'static str,
    /// Why.
    pub why: String,
}

/// The table: every grant has a row, and every control that a missing grant implies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Coverage {
    rows: Vec<Row>,
}

impl Coverage {
    /// The rows: grants in canonical order, then controls.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows that are not exact.
    pub fn inexact(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.status != Status::Exact)
    }

    /// Fails when a row of one of these kinds is not exact, as `[require] exact` asks.
    ///
    /// A kind is that of a grant (`files.read`), the first part of one (`files`), or the id of a control.
    pub fn require_exact(&self, kinds: &[String]) -> Result<(), Inexact> {
        for row in self.inexact() {
            let kind = match &row.subject {
                Subject::Grant(grant) => grant.kind(),
                Subject::Control(id) => (*id).to_owned(),
            };
            let asked = |wanted: &String| {
                kind.strip_prefix(wanted.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            if kinds.iter().any(asked) {
                return Err(Inexact {
                    subject: row.subject.to_string(),
                    word: row.status.word(),
                    why: row.status.why().to_owned(),
                });
            }
        }
        Ok(())
    }

    pub(crate) fn grant(&mut self, grant: &Grant, status: Status) {
        self.rows.push(Row {
            subject: Subject::Grant(grant.clone()),
            status,
        });
    }

    pub(crate) fn control(&mut self, id: &'static str, status: Status) {
        self.rows.push(Row {
            subject: Subject::Control(id),
            status,
        });
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            write!(f, "{:<8}  {}", row.status.word(), row.subject)?;
            match row.status.why() {
                "" => writeln!(f)?,
                why => writeln!(f, ": {why}")?,
            }
        }
        Ok(())
    }
}
