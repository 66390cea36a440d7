//! The store: what was applied to which unit, and what was there before.
//!
//! One directory for each unit, below /var/lib/ringfence/units: a `lock` that one process holds at a
//! time, a `ledger.json`, and a directory for each generation. A generation's directory is complete
//! before the ledger names it, and is never changed afterwards.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ringfence_unit::name::UnitName;
use rustix::fs::{Dir, FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;

use super::DeployError;
use super::folder::{Folder, fixed};
use super::record::Ledger;
use super::tree::Tree;

/// Below the root.
pub(super) const UNITS: &str = "/var/lib/ringfence/units";

/// The store of one host.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// One unit's part of the store, held against every other process.
#[derive(Debug)]
pub struct Claim {
    pub(super) tree: Tree,
    pub(super) unit: UnitName,
    folder: Folder,
    lock: OwnedFd,
}

impl Drop for Claim {
    /// A child between fork and exec has the lock's descriptor too, so to close ours would not do.
    fn drop(&mut self) {
        let _ = flock(&self.lock, FlockOperation::Unlock);
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::below("/")
    }
}

impl Store {
    /// The store and the files of a host whose root directory this is.
    pub fn below(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Takes hold of a unit, or says that someone else has it.
    pub fn claim(&self, unit: &UnitName) -> Result<Claim, DeployError> {
        self.claim_within(unit, Duration::ZERO)
    }

    /// Takes hold of a unit as soon as it is free, within this time.
    pub fn claim_within(&self, unit: &UnitName, patience: Duration) -> Result<Claim, DeployError> {
        let tree = Tree::open(&self.root)?;
        let folder = Folder::make(&tree, unit)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let private = Mode::from_raw_mode(0o600);
        let lock = rustix::fs::openat(&folder.handle, "lock", flags, private)
            .map_err(|error| folder.cannot_write("lock", error.into()))?;
        let deadline = Instant::now() + patience;
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < deadline => {
                    // There is no lock with a deadline, and an alarm would be the whole process's.
                    std::thread::sleep(Duration::from_millis(100));
                }
                Err(Errno::WOULDBLOCK) => {
                    let unit = unit.to_string();
                    return Err(DeployError::Busy { unit });
                }
                Err(error) => return Err(folder.cannot_write("lock", error.into())),
            }
        }
        Ok(Claim {
            tree,
            unit: unit.clone(),
            folder,
            lock,
        })
    }

    /// The units that something was ever applied to.
    pub fn units(&self) -> Result<Vec<UnitName>, DeployError> {
        let tree = Tree::open(&self.root)?;
        let units = fixed(UNITS)?;
        let Some(spot) = tree.spot(&units)? else {
            return Ok(Vec::new());
        };
        let cannot = |error: Errno| DeployError::Read {
            path: tree.shown(&units),
            source: error.into(),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = match rustix::fs::openat(&spot.directory, &spot.name, flags, Mode::empty())
        {
            Err(Errno::NOENT) => return Ok(Vec::new()),
            result => result.map_err(cannot)?,
        };
        let mut names: Vec<UnitName> = Vec::new();
        for entry in Dir::new(directory).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            names.extend(
                entry
                    .file_name()
                    .to_str()
                    .ok()
                    .and_then(|name| UnitName::parse(name).ok()),
            );
        }
        names.sort();
        Ok(names)
    }

    /// Reads a unit's part without holding it; `None` when there is none.
    pub(super) fn look(&self, unit: &UnitName) -> Result<Option<(Tree, Folder)>, DeployError> {
        let tree = Tree::open(&self.root)?;
        let folder = Folder::open(&tree, unit)?;
        Ok(folder.map(|folder| (tree, folder)))
    }
}

impl Claim {
    /// The unit.
    pub fn unit(&self) -> &UnitName {
        &self.unit
    }

    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Where the unit's deployments stand.
    pub fn ledger(&self) -> Result<Ledger, DeployError> {
        self.folder.ledger()
    }

    pub(super) fn write_ledger(&self, ledger: &Ledger) -> Result<(), DeployError> {
        self.folder.write_ledger(ledger)
    }
}
