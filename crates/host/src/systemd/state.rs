//! What the manager says of a unit.

use std::path::PathBuf;

use serde::Serialize;

use super::Properties;

/// Whether the manager could load a unit: `LoadState=`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadState {
    /// It is loaded.
    Loaded,
    /// There is no such unit.
    NotFound,
    /// It is linked to /dev/null.
    Masked,
    /// Its file has a mistake that the manager does not tolerate.
    BadSetting,
    /// It could not be read.
    Error,
    /// Something else: `stub`, `merged`.
    Other(String),
}

/// What a unit is doing: `ActiveState=`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActiveState {
    /// It runs, or has done what it stays active for.
    Active,
    /// It runs and reads its configuration anew.
    Reloading,
    /// It does not run.
    Inactive,
    /// It does not run, because it failed.
    Failed,
    /// It is on its way up.
    Activating,
    /// It is on its way down.
    Deactivating,
    /// A state of a newer systemd.
    Other(String),
}

/// The state of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of the manager's by itself"
)]
pub struct UnitState {
    /// Its main name.
    pub id: String,
    /// All its names.
    pub names: Vec<String>,
    /// Whether it is loaded.
    pub load: LoadState,
    /// Why it is not, in the manager's words.
    pub load_error: String,
    /// What it is doing.
    pub active: ActiveState,
    /// The same in the words of its type.
    pub sub: String,
    /// How its last run ended: `success`, `exit-code`, `oom-kill`, ...
    pub result: String,
    /// Exit code or signal of its main process when it last ended.
    pub exit_status: Option<u64>,
    /// Its main process, when it has one.
    pub main_pid: Option<u32>,
    /// Its control group below the root of the hierarchy; empty when it has none.
    pub control_group: String,
    /// Names its current, or else last, run.
    pub invocation_id: String,
    /// How often the manager restarted it by itself.
    pub restarts: u64,
    /// Its unit file.
    pub fragment: Option<PathBuf>,
    /// Its drop-ins that the manager has read.
    pub drop_ins: Vec<PathBuf>,
    /// `enabled`, `disabled`, `static`, ...
    pub file_state: String,
    /// `Type=` of a service.
    pub service_type: String,
    /// Whether a oneshot stays active after its process ended.
    pub remains_after_exit: bool,
    /// Whether it can be reloaded.
    pub can_reload: bool,
    /// Units that start it: sockets, timers, paths.
    pub triggered_by: Vec<String>,
    /// Whether files changed since the manager read them.
    pub needs_daemon_reload: bool,
    /// When it last became active, in microseconds of the monotonic clock; 0 for never.
    pub active_since: u64,
    /// Whether a job for it is under way.
    pub has_job: bool,
}

impl UnitState {
    /// The properties this is read from.
    pub const PROPERTIES: &[&str] = &[
        "Id",
        "Names",
        "LoadState",
        "LoadError",
        "ActiveState",
        "SubState",
        "Result",
        "ExecMainStatus",
        "MainPID",
        "ControlGroup",
        "InvocationID",
        "NRestarts",
        "FragmentPath",
        "DropInPaths",
        "UnitFileState",
        "Type",
        "RemainAfterExit",
        "CanReload",
        "TriggeredBy",
        "NeedDaemonReload",
        "ActiveEnterTimestampMonotonic",
        "Job",
    ];

    /// Reads the state out of properties. What is not there is empty.
    pub fn from_properties(properties: &Properties) -> Self {
        let text = |key: &str| properties.one(key).unwrap_or_default().to_owned();
        Self {
            id: text("Id"),
            names: properties.words("Names"),
            load: LoadState::from_word(&text("LoadState")),
            load_error: load_error(properties.one("LoadError").unwrap_or_default()),
            active: ActiveState::from_word(&text("ActiveState")),
            sub: text("SubState"),
            result: text("Result"),
            exit_status: properties.number("ExecMainStatus"),
            main_pid: properties
                .number("MainPID")
                .and_then(|pid| u32::try_from(pid).ok())
                .filter(|pid| *pid != 0),
            control_group: text("ControlGroup"),
            invocation_id: text("InvocationID"),
            restarts: properties.number("NRestarts").unwrap_or(0),
            fragment: properties
                .one("FragmentPath")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            drop_ins: properties
                .words("DropInPaths")
                .into_iter()
                .map(PathBuf::from)
                .collect(),
            file_state: text("UnitFileState"),
            service_type: text("Type"),
            remains_after_exit: properties.is_yes("RemainAfterExit"),
            can_reload: properties.is_yes("CanReload"),
            triggered_by: properties.words("TriggeredBy"),
            needs_daemon_reload: properties.is_yes("NeedDaemonReload"),
            active_since: properties
                .number("ActiveEnterTimestampMonotonic")
                .unwrap_or(0),
            has_job: !matches!(properties.one("Job"), None | Some("" | "0")),
        }
    }

    /// Whether it runs, or counts as running.
    pub fn is_active(&self) -> bool {
        matches!(self.active, ActiveState::Active | ActiveState::Reloading)
    }

    /// Whether its last run ended well, or it has not ended.
    pub fn is_well(&self) -> bool {
        self.active != ActiveState::Failed && matches!(self.result.as_str(), "success" | "")
    }

    /// Whether it is done when its process has ended, and is then inactive.
    pub fn is_batch(&self) -> bool {
        self.service_type == "oneshot" && !self.remains_after_exit
    }
}

impl LoadState {
    fn from_word(word: &str) -> Self {
        match word {
            "loaded" => Self::Loaded,
            "not-found" => Self::NotFound,
            "masked" => Self::Masked,
            "bad-setting" => Self::BadSetting,
            "error" => Self::Error,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl ActiveState {
    fn from_word(word: &str) -> Self {
        match word {
            "active" => Self::Active,
            // `refreshing` reads new credentials or extensions into a running service.
            "reloading" | "refreshing" => Self::Reloading,
            "inactive" => Self::Inactive,
            "failed" => Self::Failed,
            "activating" => Self::Activating,
            "deactivating" => Self::Deactivating,
            other => Self::Other(other.to_owned()),
        }
    }

    /// systemd's word.
    pub fn word(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Reloading => "reloading",
            Self::Inactive => "inactive",
            Self::Failed => "failed",
            Self::Activating => "activating",
            Self::Deactivating => "deactivating",
            Self::Other(word) => word,
        }
    }
}

/// `LoadError=` is a bus error: its name and, in quotes, its message.
fn load_error(value: &str) -> String {
    match value.split_once(' ') {
        Some((_, message)) => message.trim_matches('"').to_owned(),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> UnitState {
        UnitState::from_properties(&Properties::parse(text))
    }

    #[test]
    fn a_running_service_is_read() {
        let state = state(
            "Id=redis-server.service\nNames=redis.service redis-server.service\nLoadState=loaded\n\
             ActiveState=active\nSubState=running\nResult=success\nMainPID=42\nNRestarts=3\n\
             DropInPaths=/etc/a.conf /etc/b.conf\nTriggeredBy=\nActiveEnterTimestampMonotonic=77\nJob=0\n",
        );
        assert!(state.is_active() && state.is_well() && !state.has_job);
        assert_eq!(state.main_pid, Some(42));
        assert_eq!(state.names, ["redis.service", "redis-server.service"]);
        assert_eq!(state.drop_ins.len(), 2);
        assert_eq!((state.restarts, state.active_since), (3, 77));
    }

    #[test]
    fn what_an_old_systemd_does_not_say_is_empty() {
        let state = state("Id=x.service\nActiveState=failed\nResult=exit-code\n");
        assert!(!state.is_active() && !state.is_well());
        assert_eq!(state.load, LoadState::Other(String::new()));
        assert_eq!(state.main_pid, None);
    }

    #[test]
    fn the_reason_of_a_unit_that_does_not_load_is_its_message() {
        let state = state(
            "LoadState=bad-setting\nLoadError=org.freedesktop.systemd1.BadUnitSetting \"Unit x.service has a bad unit file setting.\"\n",
        );
        assert_eq!(state.load, LoadState::BadSetting);
        assert_eq!(
            state.load_error,
            "Unit x.service has a bad unit file setting."
        );
    }
}
