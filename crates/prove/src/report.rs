//! The report: one row for each attempt, and what they add up to.
//!
//! Its JSON form is a promise: `schema/report.json` is generated from these types, fields are only ever
//! added, and the name of the form is in the `schema` field.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::attempt::Group;
use crate::prove::Subject;

mod comparison;
mod plain;
mod sentence;

pub use comparison::{Comparison, Counts, Question};

/// What an attempt came to without a confinement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Bare {
    /// It succeeded.
    Reached {
        /// What was reached.
        detail: String,
    },
    /// It did not, so a confinement cannot take the credit.
    Failed {
        /// Why.
        why: String,
    },
}

/// What an attempt came to inside the confinement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Confined {
    /// It succeeds bare and failed here.
    Stopped {
        /// The errno or signal, or what else stopped it.
        by: String,
    },
    /// It succeeded.
    Reached {
        /// The grant that allows it; none means a hole in the confinement.
        by: Option<String>,
        /// What was reached.
        detail: String,
    },
    /// Nothing is known.
    Unproven {
        /// Why.
        why: String,
    },
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// The attempt's stable name.
    pub id: String,
    /// The question it belongs to.
    pub group: Group,
    /// What it tried.
    pub title: String,
    /// Without the confinement.
    pub bare: Bare,
    /// Inside it.
    pub confined: Confined,
}

impl Row {
    /// Reached, and no grant allows it.
    pub fn is_hole(&self) -> bool {
        matches!(self.confined, Confined::Reached { by: None, .. })
    }
}

/// The answer to one of the three questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grouped {
    /// Which.
    pub group: Group,
    /// The question.
    pub question: String,
    /// How many attempts succeeded bare.
    pub bare_reached: usize,
    /// How many of them were stopped.
    pub stopped: usize,
    /// How many succeeded inside.
    pub reached: usize,
    /// Of those, how many no grant allows.
    pub unexplained: usize,
    /// About how many nothing is known.
    pub unproven: usize,
    /// The answer without the confinement, in a sentence.
    pub before: String,
    /// The answer inside it, in a sentence.
    pub after: String,
}

/// What was tried and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The name of this form.
    pub schema: String,
    /// The service.
    pub service: String,
    /// The host.
    pub host: String,
    /// The three questions.
    pub groups: Vec<Grouped>,
    /// Every attempt.
    pub rows: Vec<Row>,
}

impl Report {
    /// The name of the JSON form.
    pub const SCHEMA: &'static str = "ringfence.report/1";

    /// Adds up rows.
    pub fn new(subject: Subject, rows: Vec<Row>) -> Self {
        let groups = Group::ALL
            .into_iter()
            .map(|group| Grouped::of(group, &rows))
            .collect();
        Self {
            schema: Self::SCHEMA.to_owned(),
            service: subject.service,
            host: subject.host,
            groups,
            rows,
        }
    }

    /// What was stopped.
    pub fn stopped(&self) -> impl Iterator<Item = &Row> {
        let stopped = |row: &&Row| matches!(row.confined, Confined::Stopped { .. });
        self.rows.iter().filter(stopped)
    }

    /// What was reached, granted or not.
    pub fn reached(&self) -> impl Iterator<Item = &Row> {
        let reached = |row: &&Row| matches!(row.confined, Confined::Reached { .. });
        self.rows.iter().filter(reached)
    }

    /// What was reached and is not granted: the holes.
    pub fn unexplained(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_hole())
    }

    /// What nothing is known about.
    pub fn unproven(&self) -> impl Iterator<Item = &Row> {
        let unproven = |row: &&Row| matches!(row.confined, Confined::Unproven { .. });
        self.rows.iter().filter(unproven)
    }
}

impl Grouped {
    fn of(group: Group, rows: &[Row]) -> Self {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.group == group).collect();
        let count = |wanted: fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count();
        Self {
            group,
            question: group.question().to_owned(),
            bare_reached: count(|row| matches!(row.bare, Bare::Reached { .. })),
            stopped: count(|row| matches!(row.confined, Confined::Stopped { .. })),
            reached: count(|row| matches!(row.confined, Confined::Reached { .. })),
            unexplained: count(Row::is_hole),
            unproven: count(|row| matches!(row.confined, Confined::Unproven { .. })),
            before: sentence::before(&rows),
            after: sentence::after(&rows),
        }
    }
}

/// The JSON schema of a report, as `schema/report.json` has it.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
