//! Scores as tab-separated values: a line for each unit, dashes for one that has none.

use std::fmt::Write as _;

use ringfence_unit::score::{Assessment, table::ROWS};

use super::Scored;

/// The table, with a first line that names the columns and the rows.
pub fn tsv(scored: &[Scored<'_>]) -> String {
    let rows: Vec<&str> = ROWS.iter().map(|row| row.field).collect();
    let mut text = format!(
        "#unit\tscore\tlevel\tbadness_sum\tweight_sum\t{}\n",
        rows.join(",")
    );
    for scored in scored {
        text.push_str(scored.name);
        match &scored.assessment {
            Ok(assessment) if assessment.refusal.is_none() => columns(assessment, &mut text),
            _ => text.push_str("\t-\t-\t-\t-\t-"),
        }
        text.push('\n');
    }
    text
}

fn columns(assessment: &Assessment<'_>, text: &mut String) {
    let marks = &assessment.marks;
    let (exposure, level) = (assessment.exposure(), assessment.level());
    let (badness, weights) = (marks.badness(), marks.weights());
    let _ = write!(text, "\t{exposure}\t{level}\t{badness}\t{weights}");
    let mut separator = '\t';
    for mark in marks.iter() {
        text.push(separator);
        // Most of the table is such digits, and to format each would be most of what it costs.
        match mark.badness {
            Some(badness @ 0..=9) => text.extend(char::from_digit(badness, 10)),
            Some(badness) => text.push_str(&badness.to_string()),
            None => text.push('-'),
        }
        separator = ',';
    }
}
