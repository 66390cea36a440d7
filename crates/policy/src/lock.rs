//! The lock: the machine detail behind a manifest, generated and never edited.
//!
//! It names the system calls that `@learned` stands for, and keeps the evidence for each grant. It is tied
//! to the manifest's text by a digest; a manifest edited by hand makes it stale, which is worth a note and
//! no more: the calls that were learned stay true.

mod file;
mod provisional;

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::grant::{Grant, SyscallName};
use crate::path::AbsPath;
use crate::trace::{Outcome, Phase};

/// The machine detail of one manifest. Every list is sorted and holds each thing once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// SHA-256 of the manifest's text, in hexadecimal.
    pub manifest_sha256: String,
    /// The architecture the system calls were seen on, as `uname -m` says it.
    pub arch: String,
    /// The program that was watched, all wrappers gone.
    pub exec: AbsPath,
    /// SHA-256 of that program, in hexadecimal.
    pub exec_sha256: String,
    /// What `@learned` stands for.
    pub syscalls: Vec<SyscallName>,
    /// Files that were mapped executable outside the directories every service may take code from.
    pub code: Vec<AbsPath>,
    /// Symbolic links that were followed where no grant shows them. Where they lead is granted apart.
    pub links: Vec<AbsPath>,
    /// Why each grant is there, by the grant's text.
    pub evidence: BTreeMap<String, Evidence>,
    /// Grants that allow more than was seen.
    pub widened: Vec<Widened>,
    /// What the service tried in vain, and was not granted.
    pub tried: Vec<Tried>,
    /// Grants that were given back after the policy was enforced and the service failed without them. Nobody
    /// has reviewed them yet.
    pub provisional: Vec<Grant>,
    /// What the service could do and did not while it was watched, in sentences.
    pub unexercised: Vec<String>,
}

/// What was seen that needs a grant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// When.
    pub phases: Vec<Phase>,
    /// The programs that did it.
    pub by: Vec<AbsPath>,
    /// How many facts need the grant.
    pub facts: u64,
}

/// A grant that allows more than was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Widened {
    /// The grant.
    pub grant: Grant,
    /// The grants it stands for: what was seen.
    pub instead_of: Vec<Grant>,
}

/// Something the service tried in vain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// The grant it would have needed.
    pub grant: Grant,
    /// How it ended.
    pub outcome: Outcome,
}

impl Lock {
    /// Whether this was made for a manifest of this very text.
    pub fn is_for(&self, manifest_text: &str) -> bool {
        self.manifest_sha256 == sha256(manifest_text.as_bytes())
    }
}

/// The SHA-256 digest, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let hex = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    Sha256::digest(bytes)
        .iter()
        .flat_map(|byte| [hex(byte >> 4), hex(byte & 15)])
        .collect()
}
