//! The end of each step, as the process tells it that did it.

use std::time::{Duration, Instant};

use ringfence_host::systemd::{Job, UnitState};
use ringfence_learn::{Control, Ended};
use ringfence_policy::trace::Exercise;
use rustix::process::Pid;

use super::{AGAIN, BUSY, Doing, GRACE, SOON, Session};
use crate::unit_learning::step::Step;

impl Session<'_> {
    pub(super) fn child_ended(&mut self, pid: Pid, ended: Ended) {
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

    pub(super) fn job_ended(&mut self, job: Job, well: bool, said: &str) {
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
        self.reloaded = job == Job::Reload;
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
    pub(super) fn serve(&mut self, state: &UnitState) {
        self.started = false;
        let main = state
            .main_pid
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(Pid::from_raw);
        self.controls.push_back(Control::Serving(main));
    }

    pub(super) fn settle(&mut self, patience: Duration) {
        self.idle = None;
        self.enter(Doing::Settling { patience });
    }

    pub(super) fn workload_ended(&mut self, workload: usize, ended: Ended, lines: String) {
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
    pub(super) fn check(&mut self) {
        let state = match self.manager.state(self.unit) {
            Ok(state) => state,
            Err(error) => return self.fail(error.to_string(), String::new()),
        };
        if self.reloaded && (!state.is_active() || state.restarts > self.restarts) {
            return self.go_on_without_reload(&state);
        }
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

    /// Goes on after a reload that ended the unit, as it does without us: the package says to reload it by a
    /// signal that its program does not know.
    fn go_on_without_reload(&mut self, state: &UnitState) {
        self.reloaded = false;
        self.course.notes.push(format!(
            "its reload ends {}, also without ringfence; it was started again",
            self.unit
        ));
        while self
            .steps
            .pop_front()
            .is_some_and(|step| step != Step::Exercised(Exercise::Reload))
        {}
        self.restarts = state.restarts;
        if !state.is_active() {
            self.steps.push_front(Step::Job(Job::Start));
        }
    }
}
