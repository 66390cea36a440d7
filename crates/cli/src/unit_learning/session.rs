//! The course of a watch: one step after the other, each waited for, and then the way back.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use ringfence_host::systemd::{Job, Systemctl, UnitState};
use ringfence_learn::{Control, Ended, Event};
use ringfence_policy::path::AbsPath;
use ringfence_policy::trace::Exercise;
use ringfence_unit::load::Unit;
use ringfence_unit::name::UnitName;
use rustix::process::Pid;

use super::put_back::PutBack;
use super::step::{Step, plan};
use super::{Exercises, rotation};
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

    fn begin(&mut self, step: Step) {
        match step {
            Step::Exercised(exercise) => self.controls.push_back(Control::Exercised(exercise)),
            Step::Job(job) => {
                let verb = job.verb();
                self.progress
                    .step(format!("watching {}: {verb}", self.unit));
                if job == Job::Restart {
                    self.controls.push_back(Control::Stopping);
                }
                let arguments = ["--no-ask-password", verb, "--", self.unit.as_str()];
                let command = self.manager.command(&arguments);
                let text = format!("systemctl {verb} {}", self.unit);
                match Client::run(command, &text, self.output.echo()) {
                    Ok(client) => self.enter(Doing::Job { job, client }),
                    Err(error) => self.fail(format!("run systemctl: {error}"), String::new()),
                }
            }
            Step::Use(index) => {
                let Some(workload) = self.exercises.workloads.get(index) else {
                    return;
                };
                self.progress.step(format!(
                    "watching {}: running `{}`",
                    self.unit,
                    workload.text()
                ));
                match Client::start(workload, self.output.echo()) {
                    Ok(client) => self.enter(Doing::Using {
                        workload: index,
                        client,
                    }),
                    Err(error) => self.fail(format!("start a workload: {error}"), String::new()),
                }
            }
            Step::Rotate => self.rotate(),
        }
    }

    fn rotate(&mut self) {
        let skip = |session: &mut Self| {
            // Nothing is rotated, so nothing was exercised.
            session
                .steps
                .retain(|step| *step != Step::Exercised(Exercise::Rotation));
        };
        match rotation::Configuration::of(self.unit, &self.logs) {
            Ok(Some(configuration)) => {
                self.progress
                    .step(format!("watching {}: rotating its logs", self.unit));
                self.output
                    .detail(&format!("rotating by {}", configuration.source().display()));
                match Client::run(configuration.command(), "logrotate", self.output.echo()) {
                    Ok(client) => self.enter(Doing::Rotating {
                        client,
                        _configuration: configuration,
                    }),
                    Err(error) => self.fail(format!("run logrotate: {error}"), String::new()),
                }
            }
            Ok(None) => skip(self),
            Err(error) => {
                let note = format!("its logs were not rotated: {error}");
                self.course.notes.push(note);
                skip(self);
            }
        }
    }

    fn child_ended(&mut self, pid: Pid, ended: Ended) {
        let well = ended == Ended::Exited(0);
        match &mut self.doing {
            Doing::Job { job, client } if client.pid() == pid => {
                let (job, lines) = (*job, client.last_lines());
                self.job_ended(job, well, &lines);
            }
            Doing::Using { workload, client } if client.pid() == pid => {
                let (workload, lines) = (*workload, client.last_lines());
                self.workload_ended(workload, ended, lines);
            }
            Doing::Rotating { client, .. } if client.pid() == pid => {
                let lines = client.last_lines();
                self.changed = Instant::now();
                if well {
                    self.settle(BUSY);
                } else {
                    // What is wrong with the configuration of logrotate is not the unit's fault.
                    self.course.notes.push(format!(
                        "its logs were not rotated: logrotate ended with {ended}"
                    ));
                    self.output.detail(&lines);
                    self.steps
                        .retain(|step| *step != Step::Exercised(Exercise::Rotation));
                    self.enter(Doing::Nothing);
                }
            }
            Doing::Leaving { client } if client.as_ref().is_some_and(|own| own.pid() == pid) => {
                *client = None;
                self.since = Instant::now();
            }
            _ => {}
        }
    }

    fn job_ended(&mut self, job: Job, well: bool, said: &str) {
        let state = match self.manager.state(self.unit) {
            Ok(state) => state,
            Err(error) => return self.fail(error.to_string(), String::new()),
        };
        if !well {
            let lines = self.journal();
            let why = format!(
                "it did not {}: it is {} ({}), result `{}`",
                job.verb(),
                state.active.word(),
                state.sub,
                state.result
            );
            return self.fail(why, format!("{said}{lines}"));
        }
        self.changed = Instant::now();
        if job != Job::Reload {
            self.restarts = state.restarts;
            self.started = true;
            // These are up when they say so; of others, that they are up says only that they were begun.
            let says_so = ["notify", "notify-reload", "forking", "dbus"];
            if says_so.contains(&state.service_type.as_str()) {
                self.serve(&state);
            }
        }
        if job == Job::Restart && self.was_up {
            self.controls.push_back(Control::Exercised(Exercise::Stop));
        }
        self.was_up = state.is_active();
        self.settle(BUSY);
    }

    /// Tells the watcher that a start is over.
    fn serve(&mut self, state: &UnitState) {
        self.started = false;
        let main = state
            .main_pid
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(Pid::from_raw);
        self.controls.push_back(Control::Serving(main));
    }

    fn settle(&mut self, patience: Duration) {
        self.idle = None;
        self.enter(Doing::Settling { patience });
    }

    fn workload_ended(&mut self, workload: usize, ended: Ended, lines: String) {
        if ended == Ended::Exited(0) {
            self.output.detail("a workload passed");
            return self.settle(SOON);
        }
        if self.changed.elapsed() < GRACE {
            self.output
                .detail(&format!("a workload failed ({ended}); trying again"));
            let at = Instant::now() + AGAIN;
            return self.enter(Doing::Retrying { workload, at });
        }
        let text = self
            .exercises
            .workloads
            .get(workload)
            .map_or_else(String::new, |workload| workload.text().to_owned());
        self.fail(format!("the workload `{text}` failed: {ended}"), lines);
    }

    /// Makes sure that the unit still lives, and was not restarted behind our back.
    fn check(&mut self) {
        let state = match self.manager.state(self.unit) {
            Ok(state) => state,
            Err(error) => return self.fail(error.to_string(), String::new()),
        };
        let well = state.is_active() || state.is_well();
        if well && state.restarts <= self.restarts {
            if self.started {
                self.serve(&state);
            }
            return;
        }
        let lines = self.journal();
        let why = if state.restarts > self.restarts {
            format!(
                "the service manager had to restart it, {} times",
                state.restarts - self.restarts
            )
        } else {
            format!(
                "it is {} ({}), result `{}`",
                state.active.word(),
                state.sub,
                state.result
            )
        };
        self.fail(why, lines);
    }

    fn journal(&self) -> String {
        let lines = self
            .manager
            .state(self.unit)
            .map(|state| self.manager.last_lines(self.unit, &state))
            .unwrap_or_default();
        lines.iter().map(|line| format!("  | {line}\n")).collect()
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
