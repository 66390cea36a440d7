//! The course of a watch: one step after the other, each waited for, and then the way back.

mod begin;
mod ended;

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use ringfence_host::systemd::{Job, Systemctl, UnitState};
use ringfence_learn::{Control, Event};
use ringfence_policy::path::AbsPath;
use ringfence_unit::load::Unit;
use ringfence_unit::name::UnitName;

use super::put_back::PutBack;
use super::step::{Step, plan};
use super::{Exercises, rotation, shown};
use crate::client::Client;
use crate::output::Output;
use crate::progress::Progress;

/// How long to wait for a busy service to become quiet after a start, a reload or a rotation.
const BUSY: Duration = Duration::from_secs(3);
/// The same after a workload, whose answer it has given already.
const SOON: Duration = Duration::from_secs(1);
/// A unit that nobody uses is watched for at least this long after a start: what a service does in its first
/// moments alone is all there is to see.
const UNUSED: Duration = Duration::from_secs(2);
/// A service may be up before it answers: a workload that fails so soon after a step is tried again.
const GRACE: Duration = Duration::from_secs(10);
/// Between two tries of a workload.
const AGAIN: Duration = Duration::from_millis(250);
/// Processes that outlive the unit's stop by this much are not going to end.
const OUTLIVING: Duration = Duration::from_secs(5);

/// How a watch went, as far as the trace does not say.
#[derive(Debug, Clone, Default)]
pub struct Course {
    /// Why it went wrong: a fragment that completes "cannot learn X: ".
    pub failure: Option<String>,
    /// What was printed last before it went wrong.
    pub last_lines: String,
    /// Asked to stop by a signal.
    pub interrupted: bool,
    /// What should be known about the trace.
    pub notes: Vec<String>,
}

enum Doing {
    /// Between two steps.
    Nothing,
    /// The manager does a job.
    Job { job: Job, client: Client },
    /// The unit becomes quiet.
    Settling { patience: Duration },
    /// A workload runs.
    Using { workload: usize, client: Client },
    /// A workload failed while the unit may not have been ready.
    Retrying { workload: usize, at: Instant },
    /// Logs are rotated.
    Rotating {
        client: Client,
        _configuration: rotation::Configuration,
    },
    /// The unit is put back; what was watched ends.
    Leaving { client: Option<Client> },
}

/// The state of a watch between events.
pub struct Session<'a> {
    manager: &'a Systemctl,
    unit: &'a UnitName,
    exercises: &'a Exercises<'a>,
    output: &'a Output,
    progress: Progress<'a>,
    steps: VecDeque<Step>,
    doing: Doing,
    /// Since when it is done.
    since: Instant,
    /// Since when the unit was last started, reloaded or rotated.
    changed: Instant,
    idle: Option<Instant>,
    restarts: u64,
    /// It was active under watch, so that a restart stops it.
    was_up: bool,
    /// The last job was a reload.
    reloaded: bool,
    /// It was started, and the watcher has not been told that it is up.
    started: bool,
    logs: BTreeSet<AbsPath>,
    controls: VecDeque<Control>,
    course: Course,
}

impl<'a> Session<'a> {
    /// A watch that is about to begin.
    pub fn new(
        manager: &'a Systemctl,
        unit: &'a Unit,
        before: &UnitState,
        exercises: &'a Exercises<'a>,
        can_rotate: bool,
        output: &'a Output,
    ) -> Self {
        Self {
            manager,
            unit: &unit.name,
            exercises,
            output,
            progress: Progress::new(output, format!("watching {}", unit.name)),
            steps: plan(before, exercises, can_rotate),
            doing: Doing::Nothing,
            since: Instant::now(),
            changed: Instant::now(),
            idle: None,
            restarts: 0,
            reloaded: false,
            started: false,
            was_up: false,
            logs: rotation::printed_to(unit).collect(),
            controls: VecDeque::new(),
            course: Course::default(),
        }
    }

    /// How it went, and the job that puts the unit back if its end was not heard of.
    pub fn finish(self) -> (Course, Option<Client>) {
        let job = match self.doing {
            Doing::Leaving { client } => client,
            _ => None,
        };
        (self.course, job)
    }

    /// Answers the watcher.
    pub fn answer(&mut self, event: Event, put_back: &mut PutBack<'_>) -> Control {
        match event {
            Event::Joined { role, .. } => self.output.detail(&format!("watching its {role}")),
            Event::Started { program, .. } => self.output.detail(&format!("started {program}")),
            Event::Listening { address, .. } => {
                self.output.detail(&format!("listening on {address}"));
            }
            Event::Logged { path } => {
                self.logs.insert(path);
            }
            Event::Idle => self.idle = Some(Instant::now()),
            Event::ChildExited { pid, ended } => self.child_ended(pid, ended),
            Event::Interrupted { .. } => {
                self.course.interrupted = true;
                self.kill();
                self.steps.clear();
                if !matches!(self.doing, Doing::Leaving { .. }) {
                    self.enter(Doing::Nothing);
                }
            }
            Event::Tick => {
                self.progress.tick();
                self.look(put_back);
            }
            _ => {}
        }
        self.controls.pop_front().unwrap_or_default()
    }

    fn enter(&mut self, doing: Doing) {
        self.doing = doing;
        self.since = Instant::now();
    }

    fn fail(&mut self, why: String, last_lines: String) {
        self.kill();
        if self.course.failure.is_none() {
            self.course.failure = Some(why);
            self.course.last_lines = last_lines;
        }
        self.steps.clear();
        self.enter(Doing::Nothing);
    }

    /// Ends what runs for the present step. A job goes on in the manager.
    fn kill(&mut self) {
        match &self.doing {
            Doing::Job { client, .. }
            | Doing::Using { client, .. }
            | Doing::Rotating { client, .. } => client.kill(),
            _ => {}
        }
    }

    /// Looks whether it is time for something.
    fn look(&mut self, put_back: &mut PutBack<'_>) {
        let waited = self.since.elapsed();
        let late = waited > self.exercises.timeout;
        let seconds = self.exercises.timeout.as_secs();
        match &mut self.doing {
            Doing::Nothing => match self.steps.pop_front() {
                Some(step) => self.begin(step),
                None => self.leave(put_back),
            },
            Doing::Job { job, client } => {
                client.drain();
                if late {
                    let verb = job.verb();
                    let lines = self.journal();
                    self.fail(format!("it did not {verb} within {seconds} seconds"), lines);
                }
            }
            Doing::Settling { patience } => {
                let quiet = self.idle.is_some_and(|idle| idle > self.since)
                    && (!self.was_up || !self.exercises.workloads.is_empty() || waited > UNUSED);
                if quiet || waited > *patience {
                    self.enter(Doing::Nothing);
                    self.check();
                }
            }
            Doing::Using { client, .. } => {
                client.drain();
                if late {
                    let lines = client.last_lines();
                    let why = format!("a workload did not end within {seconds} seconds");
                    self.fail(why, lines);
                }
            }
            Doing::Retrying { workload, at } if Instant::now() >= *at => {
                let workload = *workload;
                self.begin(Step::Use(workload));
            }
            Doing::Retrying { .. } => {}
            Doing::Rotating { client, .. } => {
                client.drain();
                if late {
                    let lines = client.last_lines();
                    let why = format!("its logs were not rotated within {seconds} seconds");
                    self.fail(why, lines);
                }
            }
            Doing::Leaving { client } => {
                if let Some(client) = client {
                    client.drain();
                } else if waited > OUTLIVING {
                    self.course.notes.push(
                        "processes that outlived the unit's stop were ended: they cannot run without their watcher"
                            .to_owned(),
                    );
                    self.controls.push_back(Control::Finish);
                    self.since = Instant::now();
                }
            }
        }
    }

    fn journal(&self) -> String {
        let lines = self
            .manager
            .state(self.unit)
            .map(|state| self.manager.last_lines(self.unit, &state))
            .unwrap_or_default();
        shown(&lines)
    }

    /// Has the unit put back, and waits for what was watched to end.
    fn leave(&mut self, put_back: &mut PutBack<'_>) {
        self.progress
            .step(format!("putting {} back as it was", self.unit));
        let client = match put_back.begin(self.output) {
            Ok(client) => Some(client),
            Err(failure) => {
                self.course
                    .failure
                    .get_or_insert_with(|| failure.text(false));
                None
            }
        };
        self.controls.push_back(Control::Leaving);
        self.enter(Doing::Leaving { client });
    }
}
