//! Calls of systemctl(1) and journalctl(1).

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ringfence_unit::name::UnitName;

use super::process::{self, Ended, Unfinished};
use super::{ActiveState, Line, Properties, Since, SystemctlError, UnitState, Version};

/// The programs, and how long to wait for them.
#[derive(Debug, Clone)]
pub struct Systemctl {
    program: PathBuf,
    journal_program: PathBuf,
    patience: Duration,
    job_patience: Duration,
}

/// What a manager can be asked to do with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Stop it if it runs, then start it.
    Restart,
    /// Have it read its configuration anew.
    Reload,
}

impl Job {
    /// systemctl's word.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
        }
    }
}

impl Default for Systemctl {
    fn default() -> Self {
        Self::new("systemctl", "journalctl")
    }
}

impl Systemctl {
    /// With these programs; a name without a slash is looked for in the system's directories.
    pub fn new(systemctl: impl Into<PathBuf>, journalctl: impl Into<PathBuf>) -> Self {
        Self {
            program: systemctl.into(),
            journal_program: journalctl.into(),
            // A question is answered at once unless the manager is busy reloading.
            patience: Duration::from_secs(30),
            // A start may take `DefaultTimeoutStartSec=`, a stop as long again: 90 s each.
            job_patience: Duration::from_secs(200),
        }
    }

    /// Waits this long for a job instead.
    #[must_use]
    pub fn with_job_patience(mut self, patience: Duration) -> Self {
        self.job_patience = patience;
        self
    }

    /// Which systemd is installed. Asks the program, not the manager, so it works where none runs.
    pub fn version(&self) -> Result<Version, SystemctlError> {
        let action = || "ask for systemd's version".to_owned();
        let text = self.ask(action, None, &["--version"])?;
        Version::parse(&text).ok_or_else(|| SystemctlError::Garbled {
            action: action(),
            message: text.lines().next().unwrap_or_default().to_owned(),
        })
    }

    /// Properties of a unit. Those that this systemd does not know are not in the answer.
    pub fn show(&self, unit: &UnitName, properties: &[&str]) -> Result<Properties, SystemctlError> {
        let wanted = format!("--property={}", properties.join(","));
        let text = self.ask(
            || format!("ask about {unit}"),
            Some(unit),
            &["show", &wanted, "--", unit.as_str()],
        )?;
        Ok(Properties::parse(&text))
    }

    /// Properties of the manager itself.
    pub fn show_manager(&self, properties: &[&str]) -> Result<Properties, SystemctlError> {
        let wanted = format!("--property={}", properties.join(","));
        let action = || "ask the service manager about itself".to_owned();
        Ok(Properties::parse(&self.ask(
            action,
            None,
            &["show", &wanted],
        )?))
    }

    /// The state of a unit. One that does not exist has a state too: it is not found.
    pub fn state(&self, unit: &UnitName) -> Result<UnitState, SystemctlError> {
        self.show(unit, UnitState::PROPERTIES)
            .map(|properties| UnitState::from_properties(&properties))
    }

    /// Has the manager read all unit files anew.
    pub fn daemon_reload(&self) -> Result<(), SystemctlError> {
        let action = || "have the service manager read its files".to_owned();
        self.tell(action, None, &["daemon-reload"])
    }

    /// Starts a unit and waits until it is up.
    pub fn start(&self, unit: &UnitName) -> Result<(), SystemctlError> {
        self.job(Job::Start, unit)
    }

    /// Stops a unit and waits until it is down.
    pub fn stop(&self, unit: &UnitName) -> Result<(), SystemctlError> {
        self.job(Job::Stop, unit)
    }

    /// Restarts a unit and waits until it is up.
    pub fn restart(&self, unit: &UnitName) -> Result<(), SystemctlError> {
        self.job(Job::Restart, unit)
    }

    /// Has a unit read its configuration, and waits until it has.
    pub fn reload(&self, unit: &UnitName) -> Result<(), SystemctlError> {
        self.job(Job::Reload, unit)
    }

    /// Forgets that a unit failed, and how often it was started of late.
    pub fn reset_failed(&self, unit: &UnitName) -> Result<(), SystemctlError> {
        self.tell(
            || format!("reset {unit}"),
            Some(unit),
            &["reset-failed", "--", unit.as_str()],
        )
    }

    /// Enables a unit, so that it is started at boot. Starts nothing.
    pub fn enable(&self, unit: &UnitName) -> Result<(), SystemctlError> {
        self.tell(
            || format!("enable {unit}"),
            Some(unit),
            &["enable", "--quiet", "--", unit.as_str()],
        )
    }

    /// Takes back what enabling did. Stops nothing.
    pub fn disable(&self, unit: &UnitName) -> Result<(), SystemctlError> {
        self.tell(
            || format!("disable {unit}"),
            Some(unit),
            &["disable", "--quiet", "--", unit.as_str()],
        )
    }

    /// Has the manager begin a job, and does not wait for it.
    pub fn enqueue(&self, job: Job, unit: &UnitName) -> Result<(), SystemctlError> {
        let verb = job.verb();
        self.tell(
            || format!("{verb} {unit}"),
            Some(unit),
            &[verb, "--no-block", "--", unit.as_str()],
        )
    }

    /// Does a job and waits for its end.
    pub fn job(&self, job: Job, unit: &UnitName) -> Result<(), SystemctlError> {
        let verb = job.verb();
        let action = || format!("{verb} {unit}");
        let arguments = ["--no-ask-password", verb, "--", unit.as_str()];
        let ended = run(&self.program, &arguments, self.job_patience, action)?;
        if ended.code == Some(0) {
            return Ok(());
        }
        let error = SystemctlError::from_message(action(), Some(unit.as_str()), &ended.stderr);
        match error {
            SystemctlError::Failed { .. } if is_job_failure(&ended.stderr) => {
                Err(self.job_failure(action(), unit))
            }
            other => Err(other),
        }
    }

    /// The names of all services that the manager knows or could load, templates among them.
    pub fn list_services(&self) -> Result<Vec<UnitName>, SystemctlError> {
        let mut names = BTreeSet::new();
        for verb in ["list-units", "list-unit-files"] {
            let arguments = [verb, "--type=service", "--all", "--plain", "--full"];
            names.extend(self.list(&arguments)?);
        }
        Ok(names.into_iter().collect())
    }

    /// The instances of a template that the manager has loaded and that are not inactive.
    pub fn instances(&self, template: &UnitName) -> Result<Vec<UnitName>, SystemctlError> {
        let pattern = template.as_str().replacen("@.", "@*.", 1);
        let names = self.list(&["list-units", "--plain", "--full", "--", &pattern])?;
        Ok(names
            .into_iter()
            .filter(|name| name.prefix() == template.prefix())
            .collect())
    }

    /// The first column of a listing.
    fn list(&self, arguments: &[&str]) -> Result<Vec<UnitName>, SystemctlError> {
        let mut all = vec!["--no-legend"];
        all.extend(arguments);
        let text = self.ask(|| "list the services".to_owned(), None, &all)?;
        Ok(text
            .lines()
            .filter_map(|line| UnitName::parse(line.split_whitespace().next()?).ok())
            .collect())
    }

    /// What the journal has on a unit, oldest first: its own lines and the manager's about it.
    pub fn journal(&self, unit: &UnitName, since: &Since) -> Result<Vec<Line>, SystemctlError> {
        let (own, manager);
        let mut arguments = vec!["--output=json"];
        match since {
            Since::Cursor(cursor) => {
                own = format!("--after-cursor={cursor}");
                arguments.extend([own.as_str(), "--unit", unit.as_str()]);
            }
            Since::Invocation(id) => {
                own = format!("_SYSTEMD_INVOCATION_ID={id}");
                manager = format!("INVOCATION_ID={id}");
                arguments.extend([own.as_str(), "+", manager.as_str()]);
            }
        }
        let text = self.read_journal(&arguments, || format!("read the journal of {unit}"))?;
        Ok(text.lines().filter_map(Line::parse).collect())
    }

    /// The journal's end now, to read on from later. `None` while it is empty.
    pub fn journal_end(&self) -> Result<Option<String>, SystemctlError> {
        let text = self.read_journal(&["--output=json", "--lines=1"], || {
            "find the end of the journal".to_owned()
        })?;
        Ok(text
            .lines()
            .filter_map(Line::parse)
            .next_back()
            .map(|line| line.cursor))
    }

    /// systemctl(1) with these arguments in the environment that every call here has, for a caller that
    /// has to start it and wait for it in its own way.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        process::command(&self.program, &arguments)
    }

    fn read_journal(
        &self,
        arguments: &[&str],
        action: impl Fn() -> String,
    ) -> Result<String, SystemctlError> {
        let mut all = vec!["--no-pager", "--quiet"];
        all.extend(arguments);
        let ended = run(&self.journal_program, &all, self.patience, &action)?;
        match ended.code {
            Some(0) => Ok(String::from_utf8_lossy(&ended.stdout).into_owned()),
            // Nothing found, said with nothing else.
            Some(1) if ended.stderr.trim().is_empty() => Ok(String::new()),
            _ => Err(SystemctlError::from_message(action(), None, &ended.stderr)),
        }
    }

    /// How a unit is after its job failed.
    fn job_failure(&self, action: String, unit: &UnitName) -> SystemctlError {
        let unknown = || "unknown".to_owned();
        match self.state(unit) {
            Ok(state) => SystemctlError::JobFailed {
                action,
                active: state.active.word().to_owned(),
                sub: state.sub.clone(),
                result: state.result.clone(),
                lines: self.last_lines(unit, &state),
            },
            Err(_) => SystemctlError::JobFailed {
                action,
                active: unknown(),
                sub: unknown(),
                result: unknown(),
                lines: Vec::new(),
            },
        }
    }

    /// The last lines of a unit's last run. A journal that cannot be read has none.
    pub fn last_lines(&self, unit: &UnitName, state: &UnitState) -> Vec<String> {
        const LINES: usize = 10;
        if state.invocation_id.is_empty() || state.active == ActiveState::Inactive {
            return Vec::new();
        }
        let since = Since::Invocation(state.invocation_id.clone());
        let lines = self.journal(unit, &since).unwrap_or_default();
        let skipped = lines.len().saturating_sub(LINES);
        lines
            .into_iter()
            .skip(skipped)
            .map(|line| line.message)
            .collect()
    }

    /// A call whose answer matters.
    fn ask(
        &self,
        action: impl Fn() -> String,
        unit: Option<&UnitName>,
        arguments: &[&str],
    ) -> Result<String, SystemctlError> {
        let mut all = vec!["--no-pager", "--no-ask-password"];
        all.extend(arguments);
        let ended = run(&self.program, &all, self.patience, &action)?;
        if ended.code != Some(0) {
            let unit = unit.map(UnitName::as_str);
            return Err(SystemctlError::from_message(action(), unit, &ended.stderr));
        }
        String::from_utf8(ended.stdout).map_err(|_| SystemctlError::Garbled {
            action: action(),
            message: "it is not UTF-8".to_owned(),
        })
    }

    /// A call without an answer.
    fn tell(
        &self,
        action: impl Fn() -> String,
        unit: Option<&UnitName>,
        arguments: &[&str],
    ) -> Result<(), SystemctlError> {
        self.ask(action, unit, arguments).map(drop)
    }
}

fn run(
    program: &Path,
    arguments: &[&str],
    patience: Duration,
    action: impl Fn() -> String,
) -> Result<Ended, SystemctlError> {
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    process::run(program, &arguments, patience).map_err(|unfinished| match unfinished {
        Unfinished::Missing => SystemctlError::NotInstalled {
            program: program.to_owned(),
        },
        Unfinished::TimedOut => SystemctlError::TimedOut {
            action: action(),
            patience,
        },
        Unfinished::Io(source) => SystemctlError::Io {
            action: action(),
            source,
        },
    })
}

/// Whether a job was begun and did not end well, in contrast to one that could not be begun.
fn is_job_failure(message: &str) -> bool {
    [
        "Job for ",
        "Job failed",
        "A dependency job for ",
        "Assertion failed on job for ",
    ]
    .iter()
    .any(|beginning| message.contains(beginning))
}
