//! One watched run of a service: what was started, by whom, and what the tracer missed.

use serde::{Deserialize, Serialize};

use crate::path::AbsPath;

/// A watched run. Two runs that are equal in every field count as one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The tracer: `ptrace` or `bpf`.
    pub tracer: String,
    /// The machine's architecture, as `uname -m` says it.
    pub arch: String,
    /// The program that the main process stayed, after wrappers had chosen it.
    pub exec: AbsPath,
    /// SHA-256 of that program, in hexadecimal.
    pub sha256: String,
    /// Its arguments, the first included, in the escaped form of [`escape`](crate::path::escape).
    pub argv: Vec<String>,
    /// What was typed, when wrappers stood between it and `argv`; else empty.
    pub typed: Vec<String>,
    /// The working directory at its start.
    pub directory: AbsPath,
    /// The user id it started with.
    pub uid: u32,
    /// That user's name, where the host has one.
    pub user: Option<String>,
    /// The group id it started with.
    pub gid: u32,
    /// How it ended, when it ended while watched: `exit 0`, `signal 15`.
    pub ended: Option<String>,
    /// What the tracer could not see.
    pub loss: Loss,
}

/// What a tracer could not see. Anything but the default makes the trace incomplete.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// Events that were dropped, or whose operands could not be read.
    pub events: u64,
    /// Processes that got away from the tracer.
    pub processes: u64,
    /// Why, for a person.
    pub why: Vec<String>,
}
