//! The baseline: what each service may do that it should not, in a file that may only get shorter.

mod entry;
mod file;
mod json;
mod plain;
mod ratchet;

pub use file::Baseline;
pub use json::json;
pub use plain::plain;
pub use ratchet::{Change, Kind, Ratchet};
