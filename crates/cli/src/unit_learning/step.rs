//! What is done with a unit, in order.

use std::collections::VecDeque;

use ringfence_host::systemd::{Job, UnitState};
use ringfence_policy::trace::Exercise;

use super::Exercises;

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Have the service manager do this, and wait until it is done and the unit is quiet again.
    Job(Job),
    /// Run this workload.
    Use(usize),
    /// Rotate the unit's logs.
    Rotate,
    /// What came before went well.
    Exercised(Exercise),
}

/// Everything that is to be done with a unit, from its first start under watch.
pub fn plan(before: &UnitState, exercises: &Exercises<'_>, can_rotate: bool) -> VecDeque<Step> {
    let uses: Vec<Step> = (0..exercises.workloads.len()).map(Step::Use).collect();
    let mut steps = VecDeque::new();
    let mut add = |first: Step, done: Option<Exercise>| {
        steps.push_back(first);
        steps.extend(uses.iter().copied());
        steps.extend(done.map(Step::Exercised));
    };
    let start = if before.is_active() {
        Job::Restart
    } else {
        Job::Start
    };
    let workload = (!exercises.workloads.is_empty()).then_some(Exercise::Workload);
    add(Step::Job(start), workload);
    if exercises.reload && before.can_reload && !before.is_batch() {
        add(Step::Job(Job::Reload), Some(Exercise::Reload));
    }
    if can_rotate && !before.is_batch() {
        add(Step::Rotate, Some(Exercise::Rotation));
    }
    if exercises.restart {
        // That it started again is seen by the watcher itself.
        add(Step::Job(Job::Restart), None);
    }
    steps
}
