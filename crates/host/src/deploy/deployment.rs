//! A generation on its way: written, then activated, then kept or taken back.

use std::time::{SystemTime, UNIX_EPOCH};

use ringfence_policy::lock::sha256;

use super::DeployError;
use super::activation::{self, Brought};
use super::change::Change;
use super::health::Settling;
use super::history::History;
use super::record::{
    Affected, Awaiting, Course, FileRecord, Kept, Ledger, Pending, RECORD_SCHEMA, Record,
};
use super::sentinel;
use super::store::Claim;
use super::transition::{Expect, Step, carry_out, sweep};
use super::tree::Content;
use crate::systemd::Systemctl;

/// The papers that a generation was made from; kept with it.
#[derive(Debug, Clone, Copy)]
pub struct Papers<'a> {
    /// The manifest's text.
    pub manifest: &'a str,
    /// The lock's text.
    pub lock: Option<&'a str>,
    /// Grants that were given back because their want broke the service.
    pub provisional: &'a [String],
}

/// What to do with files of ours that were edited since they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edits {
    /// Refuse to replace them.
    Refuse,
    /// Replace them. Their content is kept in the store.
    Replace,
}

/// A generation whose files are written, and that nobody has vouched for yet. Until it is kept, it counts
/// as cut off: whoever comes next takes it back.
#[derive(Debug)]
#[must_use = "keep it or take it back"]
pub struct Deployment<'a> {
    claim: &'a Claim,
    record: Record,
}

impl Claim {
    /// Writes a change as a new generation: every file or none. Nothing is reloaded or restarted.
    pub fn write(
        &self,
        change: &Change,
        papers: &Papers<'_>,
        units: Vec<Affected>,
        edits: Edits,
    ) -> Result<Deployment<'_>, DeployError> {
        if let (Edits::Refuse, Some(path)) = (edits, change.edited.first()) {
            return Err(DeployError::Edited { path: path.clone() });
        }
        let ledger = self.ledger()?;
        if ledger.pending.is_some() {
            let unit = self.unit.to_string();
            return Err(DeployError::Interrupted { unit });
        }
        let history = History::read(self.folder(), ledger.current)?;
        let (record, copies) = self.compose(history.next(), ledger.current, change, papers, units);
        self.folder().write_generation(&record, &copies)?;
        let generation = record.generation;
        let pending = Ledger {
            pending: Some(Pending::Apply { generation }),
            ..ledger.clone()
        };
        let written = self
            .write_ledger(&pending)
            .and_then(|()| carry_out(&self.tree, &change.steps, Expect::Before));
        match written {
            Ok(()) => {
                self.tree.remove_empty(&history.directories());
                Ok(Deployment {
                    claim: self,
                    record,
                })
            }
            // It says itself what is not as it was, and the ledger keeps the way back.
            Err(error @ DeployError::HalfWritten { .. }) => Err(error),
            Err(error) => {
                // On a full disk this may fail too. Then the next to come restores what is there already.
                if self.write_ledger(&ledger).is_ok() {
                    self.folder().forget(generation);
                }
                Err(error)
            }
        }
    }

    fn compose(
        &self,
        generation: u64,
        parent: u64,
        change: &Change,
        papers: &Papers<'_>,
        units: Vec<Affected>,
    ) -> (Record, Vec<(String, Vec<u8>)>) {
        let mut copies = vec![("manifest.toml".to_owned(), papers.manifest.into())];
        copies.extend(
            papers
                .lock
                .map(|lock| ("manifest.lock".to_owned(), lock.into())),
        );
        let mut files = Vec::new();
        for (number, step) in change.steps.iter().enumerate() {
            let mut keep = |content: &Content, copy: String| match content {
                Content::Absent => Kept::Absent,
                Content::File { bytes, mode } => {
                    copies.push((copy.clone(), bytes.clone()));
                    Kept::File {
                        copy,
                        mode: *mode,
                        sha256: sha256(bytes),
                    }
                }
            };
            files.push(FileRecord {
                path: step.path.clone(),
                before: keep(&step.before, format!("{number}.before")),
                after: keep(&step.after, format!("{number}.after")),
            });
        }
        let record = Record {
            schema: RECORD_SCHEMA.to_owned(),
            unit: self.unit.to_string(),
            generation,
            parent,
            at: now(),
            manifest_sha256: sha256(papers.manifest.as_bytes()),
            provisional: papers.provisional.to_vec(),
            directories: change.directories.clone(),
            units,
            files,
        };
        (record, copies)
    }

    /// Takes back an apply that was cut off, or finishes a rollback that was. Says what it did.
    pub fn recover(
        &self,
        systemctl: &Systemctl,
        settling: &Settling<'_>,
    ) -> Result<Option<Pending>, DeployError> {
        let Some(pending) = self.ledger()?.pending else {
            return Ok(None);
        };
        // A file that is already as it shall be is not touched below, but may have a second name still.
        for generation in self.folder().generations()? {
            let record = self.folder().record(generation)?;
            sweep(&self.tree, record.files.iter().map(|file| &file.path))?;
        }
        match pending {
            Pending::Apply { generation } => {
                let record = self.folder().record(generation)?;
                let deployment = Deployment {
                    claim: self,
                    record,
                };
                deployment.undo(systemctl, settling)?;
            }
            Pending::Rollback { to } => {
                self.rollback(Some(to))?
                    .carry_out(systemctl, settling, Edits::Replace)?;
            }
        }
        Ok(Some(pending))
    }
}

impl Deployment<'_> {
    /// Its number.
    pub fn generation(&self) -> u64 {
        self.record.generation
    }

    /// The units it concerns.
    pub fn units(&self) -> &[Affected] {
        &self.record.units
    }

    /// Whether any of them runs because of it, or ran once.
    pub fn runs(&self) -> bool {
        let mut units = self.record.units.iter();
        units.any(|affected| affected.course != Course::Leave)
    }

    /// Arms the rollback that comes unless someone confirms in time. To be done before anything is
    /// restarted: the way to the machine may be among what breaks.
    pub fn arm(
        &self,
        systemctl: &Systemctl,
        within: std::time::Duration,
    ) -> Result<Awaiting, DeployError> {
        let generation = self.generation();
        sentinel::arm(self.claim, systemctl, generation, within)?;
        Ok(Awaiting {
            generation,
            until: now().saturating_add(within.as_secs()),
        })
    }

    /// Has the manager read the files, restarts what runs, and watches it until it counts as working.
    pub fn activate(
        &self,
        systemctl: &Systemctl,
        settling: &Settling<'_>,
    ) -> Result<(), DeployError> {
        let mut steps = self.undoing()?;
        steps.iter_mut().for_each(Step::turn);
        let brought = Brought::by(&steps);
        activation::activate(systemctl, &self.record.units, &brought, settling)
    }

    /// Keeps it: it is the current generation now. When that cannot be written down, it has to be undone.
    pub fn keep(&self, awaiting: Option<Awaiting>) -> Result<(), DeployError> {
        self.claim.write_ledger(&Ledger {
            current: self.record.generation,
            awaiting,
            ..Ledger::default()
        })
    }

    /// Takes it back: every file as it was, and what ran runs again as it did.
    ///
    /// With [`DeployError::NotRestored`] the files are as they were, and only the unit is not.
    pub fn undo(self, systemctl: &Systemctl, settling: &Settling<'_>) -> Result<(), DeployError> {
        let claim = self.claim;
        let steps = self.undoing()?;
        let brought = Brought::by(&steps);
        activation::retire(systemctl, &brought);
        carry_out(&claim.tree, &steps, Expect::Anything)?;
        claim.tree.remove_empty(&self.record.directories);
        let restored = activation::restore(systemctl, &self.record.units, &brought, settling);
        let ledger = Ledger {
            pending: None,
            ..claim.ledger()?
        };
        // On a full disk this may fail. Then it counts as cut off, and the next to come undoes it again,
        // which changes nothing.
        if claim.write_ledger(&ledger).is_ok() {
            // It never worked, so nobody shall come back to it.
            claim.folder().forget(self.record.generation);
        }
        // Last: a switch that fires meanwhile waits for the claim, and then finds nothing to do.
        let disarmed = sentinel::disarm(claim, systemctl);
        restored?;
        disarmed
    }

    /// The steps back.
    fn undoing(&self) -> Result<Vec<Step>, DeployError> {
        let folder = self.claim.folder();
        let generation = self.record.generation;
        let files = self.record.files.iter();
        files
            .map(|file| {
                Ok(Step {
                    path: file.path.clone(),
                    before: folder.content(generation, &file.after)?,
                    after: folder.content(generation, &file.before)?,
                })
            })
            .collect()
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
