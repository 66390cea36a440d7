//! Scores of units: where the units are, and how their scores are shown.

mod find;
mod json;
mod plain;
mod scored;
mod tsv;

pub use find::{Found, Lost, find};
pub use json::json;
pub use plain::plain;
pub use scored::{Scored, Verdict};
pub use tsv::tsv;
