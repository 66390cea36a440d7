//! The manifest: what a person says a service may do, in TOML.
//!
//! A manifest is intent, 20 to 40 lines that are reviewed by hand; the machine detail is in the
//! [`Lock`](crate::lock::Lock). Nothing here opens a file: who reads manifests hands in their text.

pub(crate) mod amount;
mod ceiling;
mod comment;
mod duration;
mod error;
mod format;
mod model;
mod nearest;
pub(crate) mod page;
mod policy;
pub(crate) mod problem;
mod read;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod write;

pub use ceiling::Ceiling;
pub use duration::Seconds;
pub use error::{ManifestError, ManifestErrors};
pub use format::format;
pub use model::{Check, EPOCH, Entry, Kind, Listen, Manifest, Secret, SecretForm, Service};
pub use policy::PolicyError;
