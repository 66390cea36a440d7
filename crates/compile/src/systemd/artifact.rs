//! What the back end writes.

use ringfence_policy::path::AbsPath;
use serde::Serialize;

/// A file to put on the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Artifact {
    /// Where.
    pub path: AbsPath,
    /// Its content.
    pub text: String,
    /// Its permission bits.
    pub mode: u32,
}
