//! Traces: facts seen about a service.
//!
//! A trace is a grow-only set, a join semilattice: traces of many runs and hosts join in any order, any
//! number of times, and give the same trace. What is not a set (peaks) joins by maximum. A trace says
//! nothing about what *should* be allowed; that is `derive`'s business.

mod fact;
mod lines;
mod run;

pub use fact::{Address, Fact, Object, Outcome, Permission, SocketKind, Touch};
pub use lines::{TraceError, TraceErrorKind};
pub use run::{Exercise, Loss, Run, UnitRun};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::grant::Resource;
use crate::path::AbsPath;

/// When something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Before the main process became the program it stayed: a shell that only chose an interpreter.
    Wrapper,
    /// Before the service was ready.
    Start,
    /// While it served.
    Steady,
    /// After it was asked to stop.
    Stop,
}

/// The circumstances in which a fact was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sighting {
    /// When.
    pub phase: Phase,
    /// The program that did it.
    pub by: AbsPath,
}

/// Everything seen about a service, in canonical order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    runs: BTreeSet<Run>,
    facts: BTreeMap<Fact, BTreeSet<Sighting>>,
    peaks: BTreeMap<Resource, u64>,
}

impl Trace {
    /// An empty trace: the bottom of the semilattice.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a run of the service.
    pub fn record_run(&mut self, run: Run) {
        self.runs.insert(run);
    }

    /// Adds a fact; says whether anything about it is new.
    pub fn record(&mut self, fact: Fact, sighting: Sighting) -> bool {
        self.facts.entry(fact).or_default().insert(sighting)
    }

    /// Raises a peak to `amount`, in the resource's own unit.
    pub fn record_peak(&mut self, resource: Resource, amount: u64) {
        let peak = self.peaks.entry(resource).or_default();
        *peak = amount.max(*peak);
    }

    /// The runs that were watched.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter()
    }

    /// The facts with their sightings, in canonical order.
    pub fn facts(&self) -> impl Iterator<Item = (&Fact, &BTreeSet<Sighting>)> {
        self.facts.iter()
    }

    /// The facts seen in a phase other than [`Phase::Wrapper`].
    pub fn service_facts(&self) -> impl Iterator<Item = (&Fact, &BTreeSet<Sighting>)> {
        self.facts()
            .filter(|(_, seen)| seen.iter().any(|s| s.phase != Phase::Wrapper))
    }

    /// How many distinct facts there are.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether no fact was seen.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// The highest amount seen of each resource.
    pub fn peaks(&self) -> &BTreeMap<Resource, u64> {
        &self.peaks
    }

    /// Whether nothing was lost in any run.
    pub fn is_complete(&self) -> bool {
        self.runs.iter().all(|run| run.loss == Loss::default())
    }

    /// The union of both. Commutative, associative and idempotent.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.runs.extend(other.runs);
        for (fact, sightings) in other.facts {
            self.facts.entry(fact).or_default().extend(sightings);
        }
        for (resource, amount) in other.peaks {
            self.record_peak(resource, amount);
        }
        self
    }
}
