//! One watched run of a service: what was started, by whom, and what the tracer missed.

use std::collections::BTreeSet;

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
    /// The unit, when the service manager started it; `exec` is then the program of its main process, and
    /// the ids are those that the unit gives its commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitRun>,
}

/// A unit as it was watched, over all of its starts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitRun {
    /// The unit's name.
    pub name: String,
    /// What was done with it besides starting it.
    pub exercised: BTreeSet<Exercise>,
    /// What there is not for this unit: a reload of one that cannot reload.
    pub inapplicable: BTreeSet<Exercise>,
}

/// Something that happens to every service sooner or later, and should be watched before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exercise {
    /// Clients used it.
    Workload,
    /// It read its configuration again.
    Reload,
    /// Its logs were rotated.
    Rotation,
    /// It was started again, and found what the first start left.
    SecondStart,
    /// It was asked to stop, and stopped.
    Stop,
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
