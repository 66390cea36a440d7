//! The differences for programs.

use serde::Serialize;

use super::Ratchet;

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    grew: bool,
    changes: Vec<OfChange<'a>>,
    /// Services of which nothing is known, because they do not load.
    not_loaded: &'a [String],
}

#[derive(Serialize)]
struct OfChange<'a> {
    unit: &'a str,
    change: &'static str,
    entry: &'a str,
    is: u32,
    may: u32,
}

/// The comparison with the schema `ringfence.check/1`.
pub fn json<'a>(ratchet: &'a Ratchet, not_loaded: &'a [String]) -> impl Serialize + 'a {
    Report {
        schema: "ringfence.check/1",
        grew: ratchet.grew(),
        changes: ratchet
            .changes
            .iter()
            .map(|change| OfChange {
                unit: &change.service,
                change: change.kind.word(),
                entry: &change.entry,
                is: change.is,
                may: change.may,
            })
            .collect(),
        not_loaded,
    }
}
