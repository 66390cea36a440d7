//! The three questions about a service that was taken over: what can it do, what can it read, what can it
//! exhaust? Each is answered in one line, from the unit's settings alone.
//!
//! A line of a unit is taken at its word. What a host makes void, and what the service's user may do by
//! permissions and groups, is not seen here: `prove` asks the host.

mod exhaust;
mod exploit;
mod read;
#[cfg(test)]
mod tests;

use crate::load::Unit;
use crate::score::Assessment;

/// The answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// What it can do when it is exploited.
    pub exploited: String,
    /// What it can read.
    pub read: String,
    /// What it can exhaust.
    pub exhaust: String,
}

impl Reach {
    /// Answers for a unit.
    pub fn of(unit: &Unit, assessment: &Assessment<'_>) -> Self {
        let rows = Rows::of(assessment);
        Self {
            exploited: exploit::answer(unit, &rows),
            read: read::answer(unit, &rows),
            exhaust: exhaust::answer(unit),
        }
    }
}

/// The rows of the score, by what they say rather than what they count.
pub(crate) struct Rows(Vec<(&'static str, Option<u32>)>);

impl Rows {
    fn of(assessment: &Assessment<'_>) -> Self {
        let marks = assessment.marks.iter();
        Self(marks.map(|mark| (mark.row.field, mark.badness)).collect())
    }

    /// How bad a row is: 0 where it does not apply.
    fn badness(&self, field: &str) -> u32 {
        let row = self.0.iter().find(|(own, _)| *own == field);
        row.and_then(|(_, badness)| *badness).unwrap_or(0)
    }

    fn is_open(&self, field: &str) -> bool {
        self.badness(field) > 0
    }

    /// How many of the rows whose name starts so are open, and how many there are.
    fn open_of(&self, start: &str) -> (usize, usize) {
        let rows = self.0.iter().filter(|(field, _)| field.starts_with(start));
        let open = rows
            .clone()
            .filter(|(_, badness)| badness.is_some_and(|bad| bad > 0));
        (open.count(), rows.count())
    }

    /// Whether it runs as root.
    fn is_root(&self) -> bool {
        self.badness("UserOrDynamicUser") == 10
    }
}

/// Parts joined as in a sentence: `a, b and c`.
fn sentence(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
