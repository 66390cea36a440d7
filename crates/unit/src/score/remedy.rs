//! What would make a row better, tried out rather than looked up.
//!
//! A line for one row often mends others too, and does nothing where something else says the opposite. So each
//! candidate is added to the unit as a drop-in would add it, and the whole is scored again.

use super::assessment::{Marks, settled};
use super::exposure::Exposure;
use super::profile::{Model, Profile};
use super::read::apply;
use super::service::Service;
use super::table::{ROWS, Row};
use crate::load::Unit;

/// What makes a row better.
#[derive(Debug, Clone, Copy)]
pub struct Improvement {
    /// The row.
    pub row: &'static Row,
    /// How bad the row is then.
    pub badness: u32,
    /// Lines for `[Service]`, one below the other.
    pub lines: &'static str,
    /// The exposure then.
    pub exposure: Exposure,
    /// By how much it falls, 0 to 10, before it is rounded: many rows by themselves count less than a tenth.
    pub fall: f64,
}

/// What would make rows better, the most valuable first. Every line counts by itself.
pub(crate) fn improvements(
    unit: &Unit,
    service: &Service,
    marks: &Marks,
    profile: &Profile,
    model: Model,
) -> Vec<Improvement> {
    let bad = marks
        .iter()
        .filter_map(|mark| Some((mark.row, mark.badness.filter(|bad| *bad > 0)?)));
    let mut improvements: Vec<Improvement> = bad
        .filter_map(|(row, badness)| {
            let tried = row.remedies.iter().map(|lines| {
                let mut better = service.clone();
                apply(&mut better, lines, unit, profile);
                let then = Marks::of(&settled(&better, unit, profile), profile, model);
                improvement(row, lines, marks, &then)
            });
            let works =
                |found: &Improvement| found.badness < badness && found.exposure <= marks.exposure();
            // The least that does the most: of two that leave the same, the first.
            tried.filter(works).reduce(|best, other| {
                if other.badness < best.badness {
                    other
                } else {
                    best
                }
            })
        })
        .collect();
    improvements.sort_by(|one, other| other.fall.total_cmp(&one.fall));
    improvements
}

fn improvement(
    row: &'static Row,
    lines: &'static str,
    before: &Marks,
    then: &Marks,
) -> Improvement {
    let place = ROWS.iter().position(|known| known.id == row.id);
    let mark = place.and_then(|place| then.iter().nth(place));
    Improvement {
        row,
        badness: mark.and_then(|mark| mark.badness).unwrap_or(0),
        lines,
        exposure: then.exposure(),
        fall: exact(before) - exact(then),
    }
}

/// The exposure before it is rounded.
fn exact(marks: &Marks) -> f64 {
    f64::from(marks.badness() * 10) / f64::from(marks.weights().max(1))
}
