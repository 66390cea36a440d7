//! Where each unit stands, without changing anything.

use ringfence_policy::path::AbsPath;
use ringfence_unit::name::UnitName;
use serde::Serialize;

use super::DeployError;
use super::change::is;
use super::history::History;
use super::record::{Awaiting, Pending};
use super::store::Store;
use crate::systemd::{ActiveState, LoadState, Systemctl};

/// Where a unit stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The unit.
    pub unit: String,
    /// The generation that is applied; 0 for none.
    pub generation: u64,
    /// Every generation there is to roll back or forward to.
    pub generations: Vec<u64>,
    /// When it was written, in seconds since 1970.
    pub applied: Option<u64>,
    /// SHA-256 of its manifest.
    pub manifest_sha256: Option<String>,
    /// Files of ours that are not as we wrote them.
    pub edited: Vec<AbsPath>,
    /// Grants that were given back and not reviewed.
    pub provisional: Vec<String>,
    /// The confirmation that is waited for.
    pub awaiting: Option<Awaiting>,
    /// A change that is under way, or was cut off.
    pub pending: Option<Pending>,
    /// Whether another process holds the unit right now.
    pub busy: bool,
    /// What the manager says; `None` when it cannot be asked.
    pub manager: Option<Run>,
}

/// What the manager says of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Whether it is loaded.
    pub load: LoadState,
    /// What it is doing.
    pub active: ActiveState,
    /// The same in the words of its type.
    pub sub: String,
    /// How its last run ended.
    pub result: String,
    /// Whether files changed since the manager read them.
    pub needs_daemon_reload: bool,
}

impl Status {
    /// Whether the host is not as it was applied.
    pub fn differs(&self) -> bool {
        let stale = |run: &Run| run.needs_daemon_reload;
        !self.edited.is_empty()
            || (self.pending.is_some() && !self.busy)
            || self.manager.as_ref().is_some_and(stale)
    }
}

impl Store {
    /// Where a unit stands; `None` when nothing was ever applied to it.
    pub fn status(
        &self,
        unit: &UnitName,
        systemctl: &Systemctl,
    ) -> Result<Option<Status>, DeployError> {
        let Some((tree, folder)) = self.look(unit)? else {
            return Ok(None);
        };
        let ledger = folder.ledger()?;
        let history = History::read(&folder, ledger.current)?;
        if ledger.pending.is_none() && folder.generations()?.is_empty() {
            // Someone only looked, or what was tried was taken back.
            return Ok(None);
        }
        let record = history.record(ledger.current);
        let mut edited = Vec::new();
        for path in history.paths() {
            let found = tree.read(path)?;
            if history.written(path).is_some_and(|ours| !is(&found, ours)) {
                edited.push(path.clone());
            }
        }
        let manager = if unit.is_template() {
            None
        } else {
            systemctl.state(unit).ok().map(|state| Run {
                load: state.load,
                active: state.active,
                sub: state.sub,
                result: state.result,
                needs_daemon_reload: state.needs_daemon_reload,
            })
        };
        Ok(Some(Status {
            unit: unit.to_string(),
            generation: ledger.current,
            generations: folder.generations()?,
            applied: record.map(|record| record.at),
            manifest_sha256: record.map(|record| record.manifest_sha256.clone()),
            edited,
            provisional: record.map_or_else(Vec::new, |record| record.provisional.clone()),
            awaiting: ledger.awaiting,
            pending: ledger.pending,
            busy: folder.is_held(),
            manager,
        }))
    }
}
