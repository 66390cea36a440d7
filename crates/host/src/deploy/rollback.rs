//! Back to an earlier generation, or forward again to a later one.

use ringfence_policy::path::AbsPath;
use ringfence_unit::name::UnitName;

use super::DeployError;
use super::activation::{self, Brought};
use super::change::{diff, is};
use super::deployment::{Edits, now};
use super::health::Settling;
use super::history::History;
use super::record::{Affected, Course, Ledger, Pending};
use super::sentinel;
use super::store::Claim;
use super::transition::{Expect, Step, carry_out};
use super::tree::Content;
use crate::systemd::{ActiveState, Systemctl};

/// A rollback that is planned.
#[derive(Debug)]
pub struct Rollback<'a> {
    claim: &'a Claim,
    ledger: Ledger,
    to: u64,
    steps: Vec<Step>,
    directories: Vec<AbsPath>,
    edited: Vec<(AbsPath, Content)>,
    units: Vec<Affected>,
}

impl Claim {
    /// Plans a rollback to a generation, or to the one before the current; 0 is what was there before
    /// ringfence came.
    pub fn rollback(&self, to: Option<u64>) -> Result<Rollback<'_>, DeployError> {
        let ledger = self.ledger()?;
        let history = History::read(self.folder(), ledger.current)?;
        let current = history.record(ledger.current);
        let to = match (to, current) {
            (Some(to), _) => to,
            (None, Some(current)) => current.parent,
            (None, None) => {
                let unit = self.unit.to_string();
                return Err(DeployError::NothingApplied { unit });
            }
        };
        if to != 0 && history.record(to).is_none() {
            let unit = self.unit.to_string();
            return Err(DeployError::NoGeneration {
                unit,
                generation: to,
            });
        }
        let mut rollback = Rollback {
            claim: self,
            ledger,
            to,
            steps: Vec::new(),
            directories: history.directories(),
            edited: Vec::new(),
            units: history.units(to),
        };
        for (path, after) in history.way_to(self.folder(), to)? {
            let before = self.tree.read(&path)?;
            if before == after {
                continue;
            }
            if history
                .written(&path)
                .is_some_and(|ours| !is(&before, ours))
            {
                rollback.edited.push((path.clone(), before.clone()));
            }
            rollback.steps.push(Step {
                path,
                before,
                after,
            });
        }
        Ok(rollback)
    }

    /// Whether this generation waits for a confirmation, or its apply was cut off before it could.
    pub fn is_unconfirmed(&self, generation: u64) -> Result<bool, DeployError> {
        let ledger = self.ledger()?;
        let awaited = ledger
            .awaiting
            .is_some_and(|awaiting| awaiting.generation == generation);
        Ok(awaited || ledger.pending == Some(Pending::Apply { generation }))
    }

    /// Vouches for what was applied last. Says which generation that is.
    pub fn confirm(&self, systemctl: &Systemctl) -> Result<u64, DeployError> {
        let ledger = self.ledger()?;
        let Some(awaiting) = ledger.awaiting else {
            let unit = self.unit.to_string();
            return Err(DeployError::NothingAwaited { unit });
        };
        // In this order: a switch that fires in between finds that it was confirmed.
        self.write_ledger(&Ledger {
            awaiting: None,
            ..ledger
        })?;
        sentinel::disarm(self, systemctl)?;
        Ok(awaiting.generation)
    }

    /// Disarms a switch that has nothing to roll back.
    pub fn disarm(&self, systemctl: &Systemctl) -> Result<(), DeployError> {
        sentinel::disarm(self, systemctl)
    }
}

impl Rollback<'_> {
    /// The generation that is current before; 0 for none.
    pub fn from(&self) -> u64 {
        self.ledger.current
    }

    /// The generation that is current afterwards.
    pub fn to(&self) -> u64 {
        self.to
    }

    /// Files of ours that were edited since they were written.
    pub fn edited(&self) -> impl Iterator<Item = &AbsPath> {
        self.edited.iter().map(|(path, _)| path)
    }

    /// The change as a unified diff.
    pub fn diff(&self) -> String {
        diff(&self.steps)
    }

    /// Restores the files, and brings the units that ran back to running. Says where edits were kept.
    ///
    /// With [`DeployError::NotRestored`] the files are those of the other generation, and it is current.
    pub fn carry_out(
        self,
        systemctl: &Systemctl,
        settling: &Settling<'_>,
        edits: Edits,
    ) -> Result<Vec<String>, DeployError> {
        if let (Edits::Refuse, Some((path, _))) = (edits, self.edited.first()) {
            return Err(DeployError::Edited { path: path.clone() });
        }
        let kept = self.keep_edits()?;
        let units = self.units_now(systemctl)?;
        let brought = Brought::by(&self.steps);
        let pending = Ledger {
            pending: Some(Pending::Rollback { to: self.to }),
            ..self.ledger.clone()
        };
        self.claim.write_ledger(&pending)?;
        activation::retire(systemctl, &brought);
        if let Err(error) = carry_out(&self.claim.tree, &self.steps, Expect::Before) {
            if !matches!(error, DeployError::HalfWritten { .. }) {
                self.claim.write_ledger(&self.ledger)?;
            }
            return Err(error);
        }
        self.claim.tree.remove_empty(&self.directories);
        let restored = activation::restore(systemctl, &units, &brought, settling);
        self.claim.write_ledger(&Ledger {
            current: self.to,
            ..Ledger::default()
        })?;
        // Last: a switch that fires meanwhile waits for the claim, and then finds nothing to do.
        let disarmed = sentinel::disarm(self.claim, systemctl);
        restored?;
        disarmed.map(|()| kept)
    }

    fn keep_edits(&self) -> Result<Vec<String>, DeployError> {
        let mut kept = Vec::new();
        for (number, (_, content)) in self.edited.iter().enumerate() {
            if let Content::File { bytes, .. } = content {
                let name = format!("edited-{}-{}-{number}", self.ledger.current, now());
                kept.push(self.claim.folder().keep(&name, bytes)?);
            }
        }
        Ok(kept)
    }

    /// What is done with each unit, by how it is now: what runs is restarted, and what ran when ringfence
    /// changed it and fails now is started. What was stopped since stays stopped.
    fn units_now(&self, systemctl: &Systemctl) -> Result<Vec<Affected>, DeployError> {
        let mut units = self.units.clone();
        if self.claim.unit.is_template() {
            for instance in systemctl.instances(&self.claim.unit)? {
                let name = instance.to_string();
                if !units.iter().any(|known| known.name == name) {
                    let course = Course::Restart;
                    units.push(Affected { name, course });
                }
            }
        }
        for affected in &mut units {
            let Ok(unit) = UnitName::parse(&affected.name) else {
                continue;
            };
            let state = systemctl.state(&unit)?;
            affected.course = match (affected.course, &state.active) {
                (Course::Run, _) => Course::Run,
                (_, ActiveState::Active | ActiveState::Reloading) if !state.is_batch() => {
                    Course::Restart
                }
                (Course::Restart, ActiveState::Inactive) | (Course::Leave, _) => Course::Leave,
                (Course::Restart, _) => Course::Restart,
            };
        }
        Ok(units)
    }
}
