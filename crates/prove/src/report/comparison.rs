//! Two reports about one service, beside each other: as it was, and as it is.
//!
//! Each has a bare column of its own; what a service could do without a sandbox is not what it could do
//! before, for many packages ship one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Confined, Report, Row};
use crate::attempt::Group;

/// How many attempts came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Succeeded inside.
    pub reached: usize,
    /// Of those, not allowed by any grant.
    pub unexplained: usize,
    /// Failed inside and succeed without the confinement.
    pub stopped: usize,
    /// Of these nothing is known.
    pub unproven: usize,
}

/// One of the three questions, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// Which.
    pub group: Group,
    /// The question.
    pub question: String,
    /// The counts before.
    pub before: Counts,
    /// The counts after.
    pub after: Counts,
    /// What was reached before and is not reached now, by the attempts' ids.
    pub closed: Vec<String>,
    /// What is reached now and was not before, by the attempts' ids.
    pub opened: Vec<String>,
}

/// A service before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The service.
    pub service: String,
    /// The counts before.
    pub before: Counts,
    /// The counts after.
    pub after: Counts,
    /// The three questions.
    pub questions: Vec<Question>,
}

impl Counts {
    fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut counts = Self::default();
        for row in rows {
            counts.unexplained += usize::from(row.is_hole());
            *match row.confined {
                Confined::Reached { .. } => &mut counts.reached,
                Confined::Stopped { .. } => &mut counts.stopped,
                Confined::Unproven { .. } => &mut counts.unproven,
            } += 1;
        }
        counts
    }
}

impl Comparison {
    /// Compares two reports about the same service.
    pub fn of(before: &Report, after: &Report) -> Self {
        let question = |group: Group| {
            let of =
                |report: &Report| Counts::of(report.rows.iter().filter(|row| row.group == group));
            let only_reached_in = |one: &Report, other: &Report| -> Vec<String> {
                one.reached()
                    .filter(|row| row.group == group && !other.reached().any(|it| it.id == row.id))
                    .map(|row| row.id.clone())
                    .collect()
            };
            Question {
                group,
                question: group.question().to_owned(),
                before: of(before),
                after: of(after),
                closed: only_reached_in(before, after),
                opened: only_reached_in(after, before),
            }
        };
        Self {
            service: after.service.clone(),
            before: Counts::of(before.rows.iter()),
            after: Counts::of(after.rows.iter()),
            questions: Group::ALL.into_iter().map(question).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::Subject;
    use crate::report::Bare;

    fn report(verdicts: [Confined; 3]) -> Report {
        let ids = ["mount", "read-shadow", "lock-memory"];
        let rows = Group::ALL.into_iter().zip(ids).zip(verdicts);
        let rows = rows.map(|((group, id), confined)| Row {
            id: id.into(),
            group,
            title: id.into(),
            bare: Bare::Failed { why: String::new() },
            confined,
        });
        Report::new(Subject::here("x.service"), rows.collect())
    }

    #[test]
    fn what_was_closed_and_what_was_opened_is_counted_by_question() {
        let reached = |by: Option<&str>| Confined::Reached {
            by: by.map(str::to_owned),
            detail: String::new(),
        };
        let stopped = || Confined::Stopped { by: "EPERM".into() };
        let unproven = || Confined::Unproven { why: String::new() };
        let before = report([reached(None), reached(None), unproven()]);
        let after = report([
            stopped(),
            reached(Some("files.read /etc/shadow")),
            reached(None),
        ]);
        let comparison = Comparison::of(&before, &after);
        let counts = |reached, unexplained, stopped, unproven| Counts {
            reached,
            unexplained,
            stopped,
            unproven,
        };
        assert_eq!(comparison.before, counts(2, 2, 0, 1));
        assert_eq!(comparison.after, counts(2, 1, 1, 0));
        let [exploited, reads, exhausts] = &comparison.questions[..] else {
            panic!("three questions");
        };
        assert_eq!(exploited.closed, ["mount"]);
        assert!(reads.closed.is_empty() && reads.opened.is_empty());
        assert_eq!(exhausts.opened, ["lock-memory"]);
    }
}
