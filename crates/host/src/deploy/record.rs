//! What the store writes down, as JSON: one record for each generation, and one ledger for each unit.

use ringfence_policy::path::AbsPath;
use serde::{Deserialize, Serialize};

/// A generation: what was applied at one time, and what was there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// `ringfence.generation/1`.
    pub schema: String,
    /// The unit.
    pub unit: String,
    /// Its number, from 1.
    pub generation: u64,
    /// The generation that was applied before; 0 for none.
    pub parent: u64,
    /// When it was written, in seconds since 1970.
    pub at: u64,
    /// SHA-256 of the manifest's text.
    pub manifest_sha256: String,
    /// Grants that were given back because their want broke the service, and that nobody reviewed yet.
    pub provisional: Vec<String>,
    /// Its files.
    pub files: Vec<FileRecord>,
    /// Directories that were not there before.
    pub directories: Vec<AbsPath>,
    /// The units it concerns, and what is done with each.
    pub units: Vec<Affected>,
}

/// One file of a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Where.
    pub path: AbsPath,
    /// What was there.
    pub before: Kept,
    /// What is there with it.
    pub after: Kept,
}

/// A file's content, kept in the generation's directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// There was none.
    Absent,
    /// A copy.
    File {
        /// Its name in the generation's directory.
        copy: String,
        /// Permission bits.
        mode: u32,
        /// SHA-256 of its bytes.
        sha256: String,
    },
}

/// A unit that a deployment concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Affected {
    /// Its name; an instance, where the deployment is a template's.
    pub name: String,
    /// What is done with it.
    pub course: Course,
}

/// What is done with a unit so that it runs with what was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// It runs: it is restarted.
    Restart,
    /// It is a batch job whose timer runs: it is run once.
    Run,
    /// It does not run: it stays so.
    Leave,
}

/// Where a unit's deployments stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// `ringfence.ledger/1`.
    pub schema: String,
    /// The generation that is applied; 0 for none.
    pub current: u64,
    /// A change that is under way, or was cut off.
    pub pending: Option<Pending>,
    /// A confirmation that is waited for.
    pub awaiting: Option<Awaiting>,
}

/// A change that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change", deny_unknown_fields)]
pub enum Pending {
    /// A generation is being applied. Cut off, it is taken back.
    Apply {
        /// Its number.
        generation: u64,
    },
    /// An earlier generation is being restored. Cut off, it is restored again.
    Rollback {
        /// Its number; 0 for what was before the first.
        to: u64,
    },
}

/// A generation that is rolled back unless someone confirms it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Awaiting {
    /// Its number.
    pub generation: u64,
    /// Until when, in seconds since 1970.
    pub until: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            schema: LEDGER_SCHEMA.to_owned(),
            current: 0,
            pending: None,
            awaiting: None,
        }
    }
}

/// The schema of a [`Record`].
pub const RECORD_SCHEMA: &str = "ringfence.generation/1";
/// The schema of a [`Ledger`].
pub const LEDGER_SCHEMA: &str = "ringfence.ledger/1";
