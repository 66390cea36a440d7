//! The report as text: what needs looking at first, each row starting with its verdict.
//!
//! The words carry the meaning; color is the command line's business.

use std::fmt::Write;

use super::{Confined, Report, Row};

impl Report {
    /// The report as text. What was stopped is only counted, unless `all` rows are wanted.
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
            .filter(|row| all || rank(row) < 3)
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
        text
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
