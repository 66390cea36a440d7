//! The beginning of each step.

use ringfence_host::systemd::Job;
use ringfence_learn::Control;
use ringfence_policy::trace::Exercise;

use super::{Doing, Session};
use crate::client::Client;
use crate::unit_learning::rotation;
use crate::unit_learning::step::Step;

impl Session<'_> {
    pub(super) fn begin(&mut self, step: Step) {
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

    pub(super) fn rotate(&mut self) {
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
}
