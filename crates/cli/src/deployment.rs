//! A unit's files on their way: the steps that `apply` and its relatives put together.

use std::io::IsTerminal as _;
use std::time::Duration;

use ringfence_host::deploy::{
    Change, Claim, DeployError, Deployment, Edits, Pending, Settling, Store,
};
use ringfence_host::systemd::{Systemctl, SystemctlError};
use ringfence_unit::name::UnitName;

use crate::args::Health;
use crate::check::{Checked, Prepared};
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::interruption::Interruption;
use crate::output::Output;

/// How long a rollback waits for another ringfence that is at the unit.
const PATIENCE: Duration = Duration::from_mins(10);

/// How long a job of the service manager may take at least: a start may take as long as the manager's
/// `DefaultTimeoutStartSec=`, 90 s, and a stop before it as long again.
const JOB: Duration = Duration::from_secs(200);

/// What every step works with.
pub struct Stage<'a> {
    /// The service manager.
    pub systemctl: Systemctl,
    /// Whether someone asked to stop.
    pub interruption: Interruption,
    /// When a unit counts as working.
    pub health: &'a Health,
    /// Where talk goes.
    pub output: &'a Output,
}

/// Why a deployment is not kept.
#[derive(Debug)]
pub enum Trouble {
    /// The unit does not work with it.
    Broken {
        /// A fragment that says what was seen.
        why: String,
        /// What the unit or the check said last; whole lines.
        lines: String,
    },
    /// Someone asked to stop.
    Stopped,
    /// It could not be found out.
    Failed(Failure),
}

impl<'a> Stage<'a> {
    /// For root alone. From here on the signals that end a program are held back.
    pub fn set(health: &'a Health, output: &'a Output) -> Result<Self, Failure> {
        root_only()?;
        let patience = Duration::from_secs(health.timeout.0);
        Ok(Self {
            systemctl: Systemctl::default().with_job_patience(JOB.max(patience)),
            interruption: Interruption::hold()?,
            health,
            output,
        })
    }

    /// Asks on the terminal. Off one, nobody can be asked.
    pub fn agreed(&self, question: &str) -> Result<bool, Failure> {
        if !std::io::stdin().is_terminal() || !self.output.interactive {
            return Err(Failure::usage("ask for consent: this is no terminal")
                .help("`--yes` applies it, `--dry-run` only shows it"));
        }
        self.output.draw(&format!("{question} [y/N] "));
        let mut answer = String::new();
        self.interruption
            .released(|| std::io::stdin().read_line(&mut answer))??;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }

    /// Takes hold of a unit. What an earlier process left half done is undone, and said.
    pub fn claim(&self, unit: &UnitName) -> Result<Claim, Failure> {
        self.recovered(self.claim_untouched(unit)?)
    }

    /// Takes hold of a unit, whatever state it is in.
    pub fn claim_untouched(&self, unit: &UnitName) -> Result<Claim, Failure> {
        Store::default()
            .claim(&real_name(unit, &self.systemctl))
            .map_err(failure)
    }

    /// The same, and waits while another process is at the unit.
    pub fn claim_in_time(&self, unit: &UnitName) -> Result<Claim, Failure> {
        Store::default()
            .claim_within(&real_name(unit, &self.systemctl), PATIENCE)
            .map_err(failure)
    }

    /// Undoes what an earlier process left half done.
    pub fn recovered(&self, claim: Claim) -> Result<Claim, Failure> {
        let recovered = self.settling(|settling| claim.recover(&self.systemctl, settling));
        let unit = claim.unit();
        match recovered.map_err(failure)? {
            Some(Pending::Apply { generation }) => self.output.note(&format!(
                "generation {generation} of {unit} was cut off while it was applied; it is taken back"
            )),
            Some(Pending::Rollback { to }) => self.output.note(&format!(
                "a rollback of {unit} to generation {to} was cut off; it is finished"
            )),
            None => {}
        }
        Ok(claim)
    }

    /// Calls with what a unit has to do to count as working.
    pub fn settling<T>(&self, call: impl FnOnce(&Settling<'_>) -> T) -> T {
        call(&Settling {
            patience: Duration::from_secs(self.health.timeout.0),
            settle: Duration::from_secs(self.health.settle.0),
            go_on: &|| !self.interruption.is_asked(),
        })
    }

    /// Has a unit run with what was written, and checks that it works.
    pub fn try_out(&self, deployment: &Deployment<'_>, checks: &[Prepared]) -> Result<(), Trouble> {
        self.settling(|settling| deployment.activate(&self.systemctl, settling))
            .map_err(|error| match error {
                DeployError::Stopped => Trouble::Stopped,
                DeployError::Unhealthy { why, lines, .. } => Trouble::Broken {
                    why,
                    lines: whole(&lines),
                },
                DeployError::Systemctl(
                    ref error @ (SystemctlError::BadUnit { ref message, .. }
                    | SystemctlError::Failed { ref message, .. }),
                ) => Trouble::Broken {
                    why: match error {
                        SystemctlError::BadUnit { .. } => message.clone(),
                        other => format!("cannot {other}"),
                    },
                    lines: String::new(),
                },
                other => Trouble::Failed(failure(other)),
            })?;
        if !checks.is_empty() && !deployment.runs() {
            self.output
                .note("`[check]` is not run: the unit does not run");
            return Ok(());
        }
        for check in checks {
            match check.run(&|| !self.interruption.is_asked(), self.output) {
                Ok(Checked::Passed) => {}
                Ok(Checked::Failed { why, lines }) => {
                    return Err(Trouble::Broken {
                        why: format!("its check fails: {why}"),
                        lines,
                    });
                }
                Ok(Checked::Stopped) => return Err(Trouble::Stopped),
                Err(error) => return Err(Trouble::Failed(error)),
            }
        }
        Ok(())
    }

    /// Takes back what was written, and turns the reason into what the user is told.
    pub fn take_back(&self, deployment: Deployment<'_>, unit: &UnitName, why: Trouble) -> Failure {
        let undone = self.settling(|settling| deployment.undo(&self.systemctl, settling));
        if let Err(error) = undone {
            // What is wrong with the unit now matters more than what was wrong with the attempt.
            if let Trouble::Broken { why, lines } = why {
                self.output.note(&format!("{unit} did not work: {why}"));
                self.output.say(&lines);
            }
            return failure(error).help(format!(
                "look at it with `systemctl status {unit}` and `ringfence status {unit}`"
            ));
        }
        match why {
            Trouble::Broken { why, lines } => {
                Failure::cannot(format!("keep {unit} running under this policy: {why}"))
                    .lines(&lines)
                    .help("everything is as it was before")
            }
            Trouble::Stopped => Failure::new(
                ExitCode::Interrupted,
                format!("go on with {unit}: interrupted"),
            )
            .help("everything is as it was before"),
            Trouble::Failed(failure) => failure.help("everything is as it was before"),
        }
    }
}

/// The name under which the store knows a unit: its own, where an alias was given, and for an instance that
/// of its template, whose instances share one policy. Where the manager cannot be asked, an alias stays one.
pub fn real_name(unit: &UnitName, systemctl: &Systemctl) -> UnitName {
    if let Some(template) = unit.template() {
        return template;
    }
    if unit.is_template() {
        return unit.clone();
    }
    let id = systemctl.state(unit).map(|state| state.id);
    id.ok()
        .and_then(|id| UnitName::parse(&id).ok())
        .unwrap_or_else(|| unit.clone())
}

/// The store and the units are root's.
pub fn root_only() -> Result<(), Failure> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(failure(DeployError::NotRoot))
}

/// What the flag about edited files asks for.
pub fn edits(replace: bool) -> Edits {
    if replace {
        Edits::Replace
    } else {
        Edits::Refuse
    }
}

/// Refuses a change over someone's edits unless that was asked for.
pub fn guard_edits(change: &Change, replace: bool) -> Result<(), Failure> {
    match change.edited.first() {
        Some(path) if !replace => Err(failure(DeployError::Edited { path: path.clone() })),
        _ => Ok(()),
    }
}

/// What is told when a step of a deployment fails.
#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
pub fn failure(error: DeployError) -> Failure {
    // The messages already say what cannot be done.
    let code = match &error {
        DeployError::NotRoot
        | DeployError::Systemctl(
            SystemctlError::NotInstalled { .. }
            | SystemctlError::NoManager { .. }
            | SystemctlError::Denied { .. },
        ) => ExitCode::HostCannot,
        DeployError::Systemctl(
            SystemctlError::NotFound { .. }
            | SystemctlError::Masked { .. }
            | SystemctlError::BadUnit { .. },
        ) => ExitCode::Usage,
        DeployError::Edited { .. } => ExitCode::Differs,
        DeployError::NothingApplied { .. }
        | DeployError::NothingAwaited { .. }
        | DeployError::NoGeneration { .. } => ExitCode::NothingMatched,
        DeployError::Stopped => ExitCode::Interrupted,
        _ => ExitCode::Cannot,
    };
    let help = help(&error);
    let lines = match &error {
        DeployError::Unhealthy { lines, .. }
        | DeployError::Systemctl(SystemctlError::JobFailed { lines, .. }) => whole(lines),
        DeployError::NotRestored { source, .. } => match source.as_ref() {
            DeployError::Unhealthy { lines, .. } => whole(lines),
            _ => String::new(),
        },
        _ => String::new(),
    };
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !message.ends_with(&text) {
            message = format!("{message}: {text}");
        }
        cause = inner.source();
    }
    let failure = Failure::new(code, message).lines(&lines);
    match help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// The way out.
fn help(error: &DeployError) -> Option<String> {
    Some(match error {
        DeployError::NotRoot => "run it as root".to_owned(),
        DeployError::Busy { unit } => format!("wait for it; `ringfence status {unit}` shows what it does"),
        DeployError::Unsafe { .. } => {
            "ringfence writes as root only where root alone can write, and follows no symbolic link"
                .to_owned()
        }
        DeployError::Edited { .. } => {
            "put the edit into a drop-in of its own, or give `--replace-edits`; its content is kept then"
                .to_owned()
        }
        DeployError::Interrupted { unit } => format!("undo it with `ringfence rollback {unit}`"),
        DeployError::Unconfirmed { unit, .. } => {
            format!("`ringfence confirm {unit}` keeps it, `ringfence rollback {unit}` takes it back")
        }
        DeployError::NoGeneration { unit, .. } => {
            format!("`ringfence status {unit}` lists the generations")
        }
        DeployError::NoSentinel { .. } => {
            "install ringfence where only root can write, such as /usr/local/bin".to_owned()
        }
        DeployError::HalfWritten { .. } => {
            "make room or make it writable, then `ringfence rollback` puts it back".to_owned()
        }
        DeployError::Systemctl(SystemctlError::NotInstalled { .. } | SystemctlError::NoManager { .. }) => {
            "units are the service manager's, and it does not run here; `ringfence run` needs none"
                .to_owned()
        }
        DeployError::Systemctl(SystemctlError::Masked { unit, .. }) => {
            format!("`systemctl unmask {unit}` makes it usable")
        }
        DeployError::Systemctl(SystemctlError::BadUnit { unit, .. }) => {
            format!("`systemd-analyze verify {unit}` says what is wrong with it")
        }
        DeployError::Systemctl(SystemctlError::NotFound { .. }) => {
            "`systemctl list-unit-files` lists the units there are".to_owned()
        }
        _ => return None,
    })
}

fn whole(lines: &[String]) -> String {
    lines
        .iter()
        .flat_map(|line| ["  ", line.as_str(), "\n"])
        .collect()
}
