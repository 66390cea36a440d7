//! The report as text: what needs looking at first, each row starting with its verdict.
//!
//! The words carry the meaning; color is the command line's business.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Confined, Report, Row};

/// How wide a list of attempts grows before it goes on in the next line.
const WIDTH: usize = 88;

impl Report {
    /// The report as text. With `all`, a row for every attempt; else what was stopped is only counted, and
    /// what is unproven is listed by its reason.
    pub fn plain(&self, all: bool) -> String {
        let mut text = String::new();
        let title = format!("{} on {}", self.service, self.host);
        let counts = format!(
            "{} stopped   {} reached   {} unproven",
            self.stopped().count(),
            self.reached().count(),
            self.unproven().count()
        );
        let _ = writeln!(text, "{title:<56}  {counts}");
        for group in &self.groups {
            let _ = writeln!(text, "\n{}", group.question);
            let _ = writeln!(text, "  before  {}", group.before);
            let _ = writeln!(text, "  after   {}", group.after);
        }
        let rank = |row: &&Row| match &row.confined {
            Confined::Reached { by: None, .. } => 0,
            Confined::Reached { .. } => 1,
            Confined::Unproven { .. } => 2,
            Confined::Stopped { .. } => 3,
        };
        let mut rows: Vec<&Row> = self
            .rows
            .iter()
            .filter(|row| all || rank(row) < 2)
            .collect();
        rows.sort_by_key(rank);
        let width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
        if !rows.is_empty() {
            text.push('\n');
        }
        for row in rows {
            let (verdict, detail) = described(row);
            let _ = writeln!(text, "{verdict:<8}  {id:<width$}  {detail}", id = row.id);
        }
        if !all {
            self.unproven_by_reason(&mut text);
        }
        text
    }

    /// One paragraph for each reason, the most frequent first: a host without secrets leaves many attempts
    /// with nothing to try.
    fn unproven_by_reason(&self, text: &mut String) {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in self.unproven() {
            if let Confined::Unproven { why } = &row.confined {
                reasons.entry(why).or_default().push(&row.id);
            }
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, ids)| Reverse(ids.len()));
        for (why, ids) in reasons {
            let _ = writeln!(text, "unproven  {why}");
            let mut line = String::new();
            for id in ids {
                if line.len() + id.len() > WIDTH {
                    let _ = writeln!(text, "          {line}");
                    line.clear();
                }
                let _ = write!(line, "{}{id}", if line.is_empty() { "" } else { "  " });
            }
            let _ = writeln!(text, "          {line}");
        }
    }
}

fn described(row: &Row) -> (&'static str, String) {
    match &row.confined {
        Confined::Reached { by: None, detail } => {
            ("reached", format!("{detail}; no grant allows it"))
        }
        Confined::Reached {
            by: Some(grant),
            detail,
        } => ("reached", format!("{detail}; granted by `{grant}`")),
        Confined::Unproven { why } => ("unproven", why.clone()),
        Confined::Stopped { by } => ("stopped", by.clone()),
    }
}
