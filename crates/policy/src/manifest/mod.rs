//! The manifest: what a person says a service may do, in TOML.
//!
//! A manifest is intent, 20 to 40 lines that are reviewed by hand; the machine detail is in the
//! [`Lock`](crate::lock::Lock). Nothing here opens a file: who reads manifests hands in their text.

mod duration;
mod model;

pub use duration::Seconds;
pub use model::{Check, EPOCH, Entry, Kind, Listen, Manifest, Secret, SecretForm, Service};
