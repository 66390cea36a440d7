//! Why the service manager did not do what it was asked.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a call of systemctl(1) or journalctl(1) did not succeed. Messages complete "cannot ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SystemctlError {
    /// The program is not there.
    #[error("run {}: it is not installed", program.display())]
    NotInstalled {
        /// Its path or name.
        program: PathBuf,
    },
    /// There is no service manager to talk to: a container without one, a chroot.
    #[error("reach the service manager: {message}")]
    NoManager {
        /// What the program said.
        message: String,
    },
    /// The manager answers, but not to this user.
    #[error("{action}: the service manager refuses this user")]
    Denied {
        /// What was asked for.
        action: String,
    },
    /// No unit has this name.
    #[error("{action}: there is no unit `{unit}`")]
    NotFound {
        /// What was asked for.
        action: String,
        /// The unit.
        unit: String,
    },
    /// The unit is linked to /dev/null.
    #[error("{action}: `{unit}` is masked")]
    Masked {
        /// What was asked for.
        action: String,
        /// The unit.
        unit: String,
    },
    /// The manager cannot load the unit.
    #[error("{action}: the manager cannot load `{unit}`: {message}")]
    BadUnit {
        /// What was asked for.
        action: String,
        /// The unit.
        unit: String,
        /// The manager's reason.
        message: String,
    },
    /// The job ended, and not well.
    #[error("{action}: its job failed; the unit is {active} ({sub}), result `{result}`")]
    JobFailed {
        /// What was asked for.
        action: String,
        /// The unit's `ActiveState=` afterwards.
        active: String,
        /// The unit's `SubState=` afterwards.
        sub: String,
        /// The unit's `Result=`.
        result: String,
        /// The last lines of the unit in the journal.
        lines: Vec<String>,
    },
    /// It took too long. The manager may still be at it.
    #[error("{action}: no answer within {} s", patience.as_secs())]
    TimedOut {
        /// What was asked for.
        action: String,
        /// How long was waited.
        patience: Duration,
    },
    /// It ended with another error.
    #[error("{action}: {message}")]
    Failed {
        /// What was asked for.
        action: String,
        /// What the program said, on one line.
        message: String,
    },
    /// Its answer is not what such a program answers.
    #[error("{action}: the answer is not understood: {message}")]
    Garbled {
        /// What was asked for.
        action: String,
        /// What is wrong with it.
        message: String,
    },
    /// The program could not be run or heard.
    #[error("{action}")]
    Io {
        /// What was asked for.
        action: String,
        /// The reason.
        #[source]
        source: io::Error,
    },
}

impl SystemctlError {
    /// From what a failed call said on standard error. English, because the locale was set so.
    pub(super) fn from_message(action: String, unit: Option<&str>, message: &str) -> Self {
        let has = |needles: &[&str]| needles.iter().any(|needle| message.contains(needle));
        let message = one_line(message);
        if has(&[
            "not been booted with systemd",
            "Failed to connect to",
            "Failed to get D-Bus connection",
            "Host is down",
        ]) && !has(&["Access denied", "Permission denied"])
        {
            return Self::NoManager { message };
        }
        if has(&[
            "Access denied",
            "Permission denied",
            "Interactive authentication required",
            "Operation not permitted",
        ]) {
            return Self::Denied { action };
        }
        let Some(unit) = unit.map(str::to_owned) else {
            return Self::Failed { action, message };
        };
        if has(&["is masked"]) {
            Self::Masked { action, unit }
        } else if has(&[
            "bad unit file setting",
            "not loaded properly",
            "Exec format",
        ]) {
            Self::BadUnit {
                action,
                unit,
                message,
            }
        } else if has(&[
            "not found",
            "could not be found",
            "does not exist",
            // Of a unit that is gone: nothing to stop, nothing to reset.
            "not loaded.",
        ]) {
            Self::NotFound { action, unit }
        } else {
            Self::Failed { action, message }
        }
    }
}

fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if lines.is_empty() {
        "it gave no reason".to_owned()
    } else {
        lines.join("; ")
    }
}
