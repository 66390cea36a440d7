//! The confined run of `harden`: does the service still work under its own policy?

use std::time::{Duration, Instant};

use ringfence_compile::native::Plan;

use crate::args::Waiting;
use crate::client::{Client, Verdict};
use crate::confined::{Confined, GLANCE, ending};
use crate::error::{Failure, OrFail};
use crate::listening;
use crate::output::Output;
use crate::progress::Progress;
use crate::session::Course;
use crate::workload::Workload;

/// A service that listened while it was watched and listens again is given at least this long to get ready.
const LEAST: Duration = Duration::from_millis(200);
/// One of which nothing shows when it is ready is given this long.
const BLIND: Duration = Duration::from_secs(2);
/// Between two tries of a workload.
const AGAIN: Duration = Duration::from_millis(250);

/// What did not work: why, and what was printed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// A fragment that says what went wrong.
    pub why: String,
    /// What the service and the workload printed last; whole lines.
    pub last_lines: String,
}

/// Runs the service confined, uses it as it was used while it was watched, and stops it.
pub fn rehearse(
    plan: &Plan,
    course: &Course,
    workload: Option<&Workload>,
    waiting: &Waiting,
    output: &Output,
) -> Result<Option<Trouble>, Failure> {
    let mut service = Confined::start(plan, output.echo())?;
    let mut run = Rehearsal {
        course,
        timeout: Duration::from_secs(waiting.timeout.into()),
        progress: Progress::new(output, "running the service confined"),
    };
    let watched = || "wait for the confined service".to_owned();
    let outcome = if course.is_batch() {
        run.wait_for_the_end(&mut service).or_cannot(watched)?
    } else {
        run.use_it(&mut service, workload, output)?
    };
    match outcome {
        Ok(()) => {
            if !course.is_batch() {
                service.stop().or_cannot(watched)?;
            }
            Ok(None)
        }
        Err((why, client_lines)) => {
            let last_lines = format!("{client_lines}{}", service.last_lines());
            Ok(Some(Trouble { why, last_lines }))
        }
    }
}

/// What went wrong, and the last lines of the workload.
type Outcome = Result<(), (String, String)>;

struct Rehearsal<'a> {
    course: &'a Course,
    timeout: Duration,
    progress: Progress<'a>,
}

impl Rehearsal<'_> {
    /// A batch job works when it ends with 0.
    fn wait_for_the_end(&mut self, service: &mut Confined) -> std::io::Result<Outcome> {
        let since = Instant::now();
        // Learning is slower than running, but a job that needs longer than a watcher is willing to wait
        // for a workload may still be a good one: it was watched to its end without a deadline.
        let deadline = self.timeout.max(self.course.took.saturating_mul(2));
        loop {
            if let Some(status) = service.glance()? {
                return Ok(match status.exit_status() {
                    Some(0) => Ok(()),
                    _ => Err((ending(status), String::new())),
                });
            }
            if since.elapsed() > deadline {
                let seconds = deadline.as_secs();
                return Ok(Err((
                    format!("it did not end within {seconds} seconds"),
                    String::new(),
                )));
            }
            self.pause();
        }
    }

    fn use_it(
        &mut self,
        service: &mut Confined,
        workload: Option<&Workload>,
        output: &Output,
    ) -> Result<Outcome, Failure> {
        let watched = || "wait for the confined service".to_owned();
        let since = Instant::now();
        while !self.is_ready(since) {
            if let Some(status) = service.glance().or_cannot(watched)? {
                return Ok(Err((
                    format!("it ended at its start: {}", ending(status)),
                    String::new(),
                )));
            }
            if since.elapsed() > self.timeout {
                let seconds = self.timeout.as_secs();
                return Ok(Err((
                    format!("it does not listen after {seconds} seconds"),
                    String::new(),
                )));
            }
            self.pause();
        }
        let Some(workload) = workload else {
            return Ok(Ok(()));
        };
        self.progress.step(format!(
            "running `{}` against the confined service",
            workload.text()
        ));
        loop {
            let outcome = self.try_once(service, workload, output)?;
            // Only a service that never listened on anything known may need more time.
            let again = self.course.endpoints.is_empty() && since.elapsed() < self.timeout;
            if outcome.is_ok() || !again {
                return Ok(outcome);
            }
            let pause = Instant::now();
            while pause.elapsed() < AGAIN {
                self.pause();
            }
        }
    }

    fn try_once(
        &mut self,
        service: &mut Confined,
        workload: &Workload,
        output: &Output,
    ) -> Result<Outcome, Failure> {
        let what = || format!("run the workload `{}`", workload.text());
        let mut client = Client::start(workload, output.echo()).or_cannot(what)?;
        let since = Instant::now();
        loop {
            client.drain();
            match client.has_ended().or_cannot(what)? {
                Some(Verdict::Passed) => return Ok(Ok(())),
                Some(Verdict::Failed(how)) => {
                    return Ok(Err((
                        format!("the workload failed: {how}"),
                        client.last_lines(),
                    )));
                }
                None => {}
            }
            if since.elapsed() > self.timeout {
                client.kill();
                let seconds = self.timeout.as_secs();
                let why = format!("the workload did not end within {seconds} seconds");
                return Ok(Err((why, client.last_lines())));
            }
            service.glance().or_cannot(what)?;
            self.pause();
        }
    }

    /// A service that was seen to listen is ready when it listens again and had the time that it needed
    /// then to become quiet.
    fn is_ready(&mut self, since: Instant) -> bool {
        if self.course.endpoints.is_empty() {
            return since.elapsed() >= BLIND;
        }
        if !listening::all(&self.course.endpoints) {
            self.progress.tick();
            return false;
        }
        since.elapsed() >= self.course.settling.max(LEAST)
    }

    fn pause(&mut self) {
        self.progress.tick();
        std::thread::sleep(GLANCE);
    }
}
