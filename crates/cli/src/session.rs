//! One watched run: start the service, wait until it is ready, run the workload, stop the service.
//!
//! This is what the tracer's events mean. What was seen is the tracer's business, and what to make of it
//! the verb's.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ringfence_learn::{Control, Ended, Ending, Event};

use crate::args::{Ready, Waiting};
use crate::capture::Capture;
use crate::client::{Client, Verdict};
use crate::output::Output;
use crate::progress::Progress;
use crate::workload::Workload;

/// A service that is quiet for so long has done what it had to do.
pub const QUIET: Duration = Duration::from_millis(400);
/// How long to wait for a busy service to become quiet, once it listens or was used.
const BUSY: Duration = Duration::from_secs(3);
/// A service that does not listen counts as ready after so long a quiet.
const PATIENT_QUIET: Duration = Duration::from_secs(2);
/// Between two tries of a workload.
const AGAIN: Duration = Duration::from_millis(250);

/// What to do with the service once it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// Run this workload, then stop it.
    Use(&'a Workload),
    /// Nothing: stop it.
    StartOnly,
    /// Watch until it ends by itself, or someone interrupts.
    Endure,
}

/// How a watched run went, as far as the trace does not say.
#[derive(Debug, Clone, Default)]
pub struct Course {
    /// Why it went wrong: a fragment that completes "cannot learn `x`: ".
    pub failure: Option<String>,
    /// Asked to stop by a signal from outside.
    pub interrupted: bool,
    /// How the main process ended.
    pub ended: Option<Ended>,
    /// From its start to its end.
    pub took: Duration,
    /// The service was asked to stop by us.
    pub stopped: bool,
    /// Where it listened.
    pub endpoints: BTreeSet<SocketAddr>,
    /// It listened on some socket.
    pub listens: bool,
    /// From listening to quiet: how long it still prepares when it already listens.
    pub settling: Duration,
    /// What a failed workload printed last, or a service that failed by itself.
    pub last_lines: String,
}

impl Course {
    /// Whether it ended by itself, without anyone asking: a batch job.
    pub fn is_batch(&self) -> bool {
        !self.stopped
    }
}

enum State {
    Starting,
    /// The workload failed while nothing listened yet.
    Retrying {
        at: Instant,
    },
    Working {
        client: Client,
        since: Instant,
    },
    /// The workload passed; the service finishes what it does for it.
    Settling {
        since: Instant,
    },
    Stopping,
}

/// The state of a watched run between events.
pub struct Session<'a> {
    purpose: Purpose<'a>,
    ready: Ready,
    timeout: Duration,
    output: &'a Output,
    progress: Progress<'a>,
    state: State,
    since: Instant,
    listening: Option<Instant>,
    idle: Option<Instant>,
    course: Course,
    service: Option<Capture>,
}

impl<'a> Session<'a> {
    /// A run that is about to start. What the service prints is read from `service`.
    pub fn new(
        purpose: Purpose<'a>,
        waiting: &Waiting,
        service: Option<Capture>,
        output: &'a Output,
    ) -> Self {
        Self {
            purpose,
            ready: waiting.ready,
            timeout: Duration::from_secs(waiting.timeout.into()),
            output,
            progress: Progress::new(output, "learning: waiting for the service"),
            state: State::Starting,
            since: Instant::now(),
            listening: None,
            idle: None,
            course: Course::default(),
            service,
        }
    }

    /// How it went, once the watcher is done.
    pub fn finish(mut self) -> Course {
        self.course.took = self.since.elapsed();
        let never_used = matches!(self.state, State::Starting | State::Retrying { .. })
            && matches!(self.purpose, Purpose::Use(_));
        if never_used && !self.course.interrupted {
            let why = "it ended before it was ready for the workload".to_owned();
            self.course.failure.get_or_insert(why);
        }
        if let State::Working { client, .. } = &mut self.state {
            client.kill();
            if !self.course.interrupted {
                self.course.failure = Some("it ended while the workload ran".to_owned());
                self.course.last_lines = client.last_lines();
            }
        }
        let by_itself = !self.course.stopped && !self.course.interrupted;
        if let (Purpose::StartOnly, true, Some(ended)) =
            (self.purpose, by_itself, self.course.ended)
            && ended != Ended::Exited(0)
        {
            self.course
                .failure
                .get_or_insert_with(|| "it failed".to_owned());
        }
        if self.course.failure.is_some() && self.course.last_lines.is_empty() {
            self.course.last_lines = self
                .service
                .as_mut()
                .map(|service| service.last_lines(20))
                .unwrap_or_default();
        }
        self.course
    }

    /// Answers the watcher.
    pub fn answer(&mut self, event: Event) -> Control {
        match event {
            Event::Started { program, .. } => {
                self.output.detail(&format!("started {program}"));
            }
            Event::Listening {
                address, endpoint, ..
            } => {
                self.output.detail(&format!("listening on {address}"));
                self.course.listens = true;
                self.course.endpoints.extend(endpoint);
                self.listening.get_or_insert_with(Instant::now);
            }
            Event::Idle => {
                self.idle = Some(Instant::now());
                if let (Some(since), true) = (self.listening, self.course.settling.is_zero()) {
                    self.course.settling = since.elapsed();
                }
            }
            Event::MainExited(ended) => {
                self.output
                    .detail(&format!("the main process ended: {ended}"));
                self.course.ended = Some(ended);
            }
            Event::ChildExited { pid, ended } => return self.child_ended(pid, ended),
            Event::Interrupted { .. } => {
                self.course.interrupted = true;
                if let State::Working { client, .. } = &self.state {
                    client.kill();
                }
                return Control::Continue;
            }
            _ => {}
        }
        if let Some(service) = &mut self.service {
            service.drain();
        }
        self.progress.tick();
        self.advance()
    }

    fn advance(&mut self) -> Control {
        if self.course.interrupted || self.purpose == Purpose::Endure {
            return self.mark_steady();
        }
        let ready = self.is_ready();
        match &mut self.state {
            State::Starting if ready => self.begin(),
            State::Starting if self.since.elapsed() > self.timeout => {
                let seconds = self.timeout.as_secs();
                self.fail(format!("it was not ready after {seconds} seconds"))
            }
            State::Retrying { at, .. } if Instant::now() >= *at => self.begin(),
            State::Working { client, since } => {
                client.drain();
                if since.elapsed() <= self.timeout {
                    return Control::Continue;
                }
                client.kill();
                let lines = client.last_lines();
                self.course.last_lines = lines;
                let seconds = self.timeout.as_secs();
                self.fail(format!("the workload did not end within {seconds} seconds"))
            }
            State::Settling { since } => {
                let since = *since;
                let quiet = self.idle.is_some_and(|idle| idle > since);
                if quiet || since.elapsed() > BUSY {
                    self.stop()
                } else {
                    Control::Continue
                }
            }
            _ => Control::Continue,
        }
    }

    /// Without a workload, steady state begins when the service is ready, and nothing else happens.
    fn mark_steady(&mut self) -> Control {
        if matches!(self.state, State::Starting) && self.is_ready() {
            self.state = State::Stopping;
            return Control::Steady;
        }
        Control::Continue
    }

    fn is_ready(&self) -> bool {
        let settled = self.listening.is_some_and(|since| {
            self.idle.is_some_and(|idle| idle >= since) || since.elapsed() > BUSY
        });
        let quiet = self
            .idle
            .is_some_and(|idle| idle.elapsed() + QUIET >= PATIENT_QUIET);
        match self.ready {
            Ready::Auto => settled || (self.listening.is_none() && quiet),
            Ready::Listening => settled,
            Ready::Quiet => quiet,
        }
    }

    fn begin(&mut self) -> Control {
        let Purpose::Use(workload) = self.purpose else {
            self.state = State::Settling {
                since: Instant::now(),
            };
            return Control::Steady;
        };
        self.progress
            .step(format!("learning: running `{}`", workload.text()));
        match Client::start(workload, self.output.echo()) {
            Ok(client) => {
                self.state = State::Working {
                    client,
                    since: Instant::now(),
                };
                Control::Steady
            }
            Err(error) => self.fail(format!("start the workload: {error}")),
        }
    }

    fn child_ended(&mut self, pid: rustix::process::Pid, ended: Ended) -> Control {
        let State::Working { client, .. } = &mut self.state else {
            return Control::Continue;
        };
        if client.pid() != pid {
            return Control::Continue;
        }
        let lines = client.last_lines();
        match Verdict::from(ended) {
            Verdict::Passed => {
                self.output.detail("the workload passed");
                self.state = State::Settling {
                    since: Instant::now(),
                };
                Control::Continue
            }
            Verdict::Failed(how)
                if self.listening.is_none() && self.since.elapsed() < self.timeout =>
            {
                self.output
                    .detail(&format!("the workload failed ({how}); trying again"));
                self.state = State::Retrying {
                    at: Instant::now() + AGAIN,
                };
                Control::Continue
            }
            Verdict::Failed(how) => {
                self.course.last_lines = lines;
                self.fail(format!("the workload failed: {how}"))
            }
        }
    }

    fn fail(&mut self, why: String) -> Control {
        self.course.failure.get_or_insert(why);
        self.stop()
    }

    fn stop(&mut self) -> Control {
        self.progress.step("learning: stopping the service");
        self.state = State::Stopping;
        self.course.stopped = true;
        Control::Stop(Ending::default())
    }
}

impl From<Ended> for Verdict {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Exited(0) => Self::Passed,
            other => Self::Failed(other.to_string()),
        }
    }
}
