//! The manifest's `[check]`: does the service still do what it is for?

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ringfence_policy::manifest::Check;

use crate::client::{Client, Verdict};
use crate::error::{Failure, OrFail};
use crate::http::Url;
use crate::output::Output;

/// Between two looks at a running check.
const GLANCE: Duration = Duration::from_millis(20);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(250);
/// How long after the first try another may begin. A unit that is up answers soon or not at all.
const UNREADY: Duration = Duration::from_secs(15);

/// A check that is ready to be run.
#[derive(Debug)]
pub struct Prepared {
    workload: Option<Vec<String>>,
    url: Option<(String, Url)>,
    timeout: Duration,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It passed.
    Passed,
    /// It did not: why, and what it printed last.
    Failed {
        /// A fragment that says what went wrong.
        why: String,
        /// Whole lines.
        lines: String,
    },
    /// Someone asked to stop.
    Stopped,
}

impl Prepared {
    /// Takes a check that can be run here. `timeout` holds where the manifest names none.
    pub fn new(check: &Check, timeout: Duration) -> Result<Self, Failure> {
        let url = check
            .http
            .as_ref()
            .map(|text| Url::parse(text).map(|url| (text.clone(), url)))
            .transpose()
            .or_usage(|| "use the URL of `[check]`".to_owned())
            .map_err(|failure| {
                failure
                    .help("check with a command: workload = [\"curl\", \"-fsS\", \"https://...\"]")
            })?;
        Ok(Self {
            workload: check.workload.clone(),
            url,
            timeout: check
                .timeout
                .map_or(timeout, |seconds| Duration::from_secs(seconds.0)),
        })
    }

    /// Runs it until it passes or its time is over: a service that was just started may not be ready yet.
    pub fn run(&self, go_on: &dyn Fn() -> bool, output: &Output) -> Result<Checked, Failure> {
        let begun = Instant::now();
        let deadline = begun + self.timeout;
        let unready = deadline.min(begun + UNREADY);
        loop {
            let last = self.run_once(deadline, go_on, output)?;
            if !matches!(last, Checked::Failed { .. }) || Instant::now() + AGAIN >= unready {
                return Ok(last);
            }
            if !go_on() {
                return Ok(Checked::Stopped);
            }
            std::thread::sleep(AGAIN);
        }
    }

    fn run_once(
        &self,
        deadline: Instant,
        go_on: &dyn Fn() -> bool,
        output: &Output,
    ) -> Result<Checked, Failure> {
        if let Some((text, url)) = &self.url {
            let failed = |why: String| Checked::Failed {
                why: format!("{text}: {why}"),
                lines: String::new(),
            };
            let left = deadline.saturating_duration_since(Instant::now());
            match url.ask(left) {
                Ok(status) if status < 400 => {}
                Ok(status) => return Ok(failed(format!("status {status}"))),
                Err(error) => return Ok(failed(error.to_string())),
            }
        }
        match &self.workload {
            Some(words) => run_workload(words, deadline, go_on, output),
            None => Ok(Checked::Passed),
        }
    }
}

fn run_workload(
    words: &[String],
    deadline: Instant,
    go_on: &dyn Fn() -> bool,
    output: &Output,
) -> Result<Checked, Failure> {
    let text = shell_words::join(words);
    let what = || format!("run the check `{text}`");
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| Failure::usage("run the check: its command is empty"))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let mut client = Client::run(command, &text, output.echo()).or_cannot(what)?;
    let end = loop {
        client.drain();
        match client.has_ended().or_cannot(what)? {
            Some(Verdict::Passed) => return Ok(Checked::Passed),
            Some(Verdict::Failed(how)) => break how,
            None => {}
        }
        let stopped = !go_on();
        if stopped || Instant::now() >= deadline {
            client.kill();
            // Killed, it ends at once; what is not waited for would stay as a zombie until we end.
            while client.has_ended().or_cannot(what)?.is_none() {
                std::thread::sleep(GLANCE);
            }
            if stopped {
                return Ok(Checked::Stopped);
            }
            break "it did not end in time".to_owned();
        }
        std::thread::sleep(GLANCE);
    };
    Ok(Checked::Failed {
        why: format!("`{text}`: {end}"),
        lines: client.last_lines(),
    })
}
