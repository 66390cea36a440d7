//! A coverage as rows of a table.

use ringfence_compile::coverage::{Coverage, Row as Enforced, Status, Subject};
use ringfence_policy::grant::Grant;

use crate::output::{Output, Tone};
use crate::table::Row;

/// The rows; system calls that are exactly granted are one row unless more is asked for.
pub fn rows(coverage: &Coverage, output: &Output) -> Vec<Row> {
    let is_plain_call = |row: &&Enforced| {
        row.status == Status::Exact && matches!(row.subject, Subject::Grant(Grant::Syscall(_)))
    };
    let all = coverage.rows();
    let calls = all.iter().filter(is_plain_call).count();
    let mut rows: Vec<Row> = all
        .iter()
        .filter(|row| output.verbose || !is_plain_call(row))
        .map(|row| Row {
            tone: tone(&row.status),
            word: row.status.word().to_lowercase(),
            subject: row.subject.to_string(),
            detail: row.status.why().to_owned(),
        })
        .collect();
    if calls > 0 && !output.verbose {
        rows.push(Row {
            tone: Tone::Good,
            word: "exact".to_owned(),
            subject: format!("process.syscall: {calls} calls"),
            detail: String::new(),
        });
    }
    rows
}

fn tone(status: &Status) -> Tone {
    match status {
        Status::Exact => Tone::Good,
        Status::Wider(_) | Status::Inert(_) | Status::Lost(_) | Status::None(_) => Tone::Bad,
        Status::Narrower(_) | Status::Extern(_) => Tone::Unsure,
    }
}
