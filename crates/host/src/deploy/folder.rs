//! One unit's directory in the store.

use std::os::fd::OwnedFd;
use std::path::Path;

use ringfence_policy::lock::sha256;
use ringfence_policy::path::AbsPath;
use ringfence_unit::name::UnitName;
use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::DeployError;
use super::record::{Kept, LEDGER_SCHEMA, Ledger, RECORD_SCHEMA, Record};
use super::store::UNITS;
use super::tree::{Content, Tree, create, replace};

const LEDGER: &str = "ledger.json";
const RECORD: &str = "record.json";

/// The directory of one unit.
#[derive(Debug)]
pub struct Folder {
    pub(super) handle: OwnedFd,
    path: String,
    unit: UnitName,
}

impl Folder {
    fn path_of(unit: &UnitName) -> Result<AbsPath, DeployError> {
        fixed(&format!("{UNITS}/{unit}/{LEDGER}"))
    }

    pub(super) fn open(tree: &Tree, unit: &UnitName) -> Result<Option<Self>, DeployError> {
        let path = Self::path_of(unit)?;
        let spot = tree.spot(&path)?;
        Ok(spot.map(|spot| Self::new(tree, spot.directory, unit)))
    }

    pub(super) fn make(tree: &Tree, unit: &UnitName) -> Result<Self, DeployError> {
        let path = Self::path_of(unit)?;
        let (spot, _) = tree.make_spot(&path)?;
        // What a service may do, and what it was configured with, is for root alone.
        let private = Mode::from_raw_mode(0o700);
        let folder = Self::new(tree, spot.directory, unit);
        rustix::fs::fchmod(&folder.handle, private)
            .map_err(|error| folder.cannot_write("", error.into()))?;
        Ok(folder)
    }

    fn new(tree: &Tree, handle: OwnedFd, unit: &UnitName) -> Self {
        let path = fixed(&format!("{UNITS}/{unit}")).map(|path| tree.shown(&path));
        Self {
            handle,
            path: path.unwrap_or_default(),
            unit: unit.clone(),
        }
    }

    /// Whether a process holds the unit. To ask takes nothing from it.
    pub(super) fn is_held(&self) -> bool {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let lock = rustix::fs::openat(&self.handle, "lock", flags, Mode::empty());
        lock.is_ok_and(|lock| {
            flock(&lock, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK)
        })
    }

    pub(super) fn ledger(&self) -> Result<Ledger, DeployError> {
        let Some(bytes) = self.read(LEDGER)? else {
            return Ok(Ledger::default());
        };
        let ledger: Ledger = self.parse(LEDGER, &bytes)?;
        self.of_schema(LEDGER, &ledger.schema, LEDGER_SCHEMA)?;
        Ok(ledger)
    }

    pub(super) fn write_ledger(&self, ledger: &Ledger) -> Result<(), DeployError> {
        let bytes = self.render(LEDGER, ledger)?;
        replace(&self.handle, LEDGER, &bytes, 0o600)
            .map_err(|source| self.cannot_write(LEDGER, source))
    }

    /// The record of a generation.
    pub(super) fn record(&self, generation: u64) -> Result<Record, DeployError> {
        let name = format!("{generation}/{RECORD}");
        let Some(bytes) = self.read(&name)? else {
            return Err(DeployError::NoGeneration {
                unit: self.unit.to_string(),
                generation,
            });
        };
        let record: Record = self.parse(&name, &bytes)?;
        self.of_schema(&name, &record.schema, RECORD_SCHEMA)?;
        if record.generation != generation || record.parent >= generation {
            return Err(self.broken(&name, "it is not of this generation"));
        }
        Ok(record)
    }

    /// The numbers of the complete generations, lowest first.
    pub(super) fn generations(&self) -> Result<Vec<u64>, DeployError> {
        let cannot = |error: Errno| DeployError::Read {
            path: self.path.clone(),
            source: error.into(),
        };
        let mut numbers = Vec::new();
        for entry in Dir::read_from(&self.handle).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            numbers.extend(
                entry
                    .file_name()
                    .to_str()
                    .ok()
                    .and_then(|name| name.parse::<u64>().ok())
                    .filter(|number| *number > 0),
            );
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Writes a generation whole: its record and whatever copies it names.
    pub(super) fn write_generation(
        &self,
        record: &Record,
        copies: &[(String, Vec<u8>)],
    ) -> Result<(), DeployError> {
        let name = record.generation.to_string();
        let beside = format!(".{name}.new");
        let written = self.fill(&beside, record, copies).and_then(|()| {
            rustix::fs::renameat(&self.handle, &beside, &self.handle, &name)
                .and_then(|()| rustix::fs::fsync(&self.handle))
                .map_err(|error| self.cannot_write(&name, error.into()))
        });
        if written.is_err() {
            self.remove_directory(&beside);
        }
        written
    }

    fn fill(
        &self,
        name: &str,
        record: &Record,
        copies: &[(String, Vec<u8>)],
    ) -> Result<(), DeployError> {
        // The rest of a write that was cut off.
        self.remove_directory(name);
        let cannot = |error: Errno| self.cannot_write(name, error.into());
        rustix::fs::mkdirat(&self.handle, name, Mode::from_raw_mode(0o700)).map_err(cannot)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory =
            rustix::fs::openat(&self.handle, name, flags, Mode::empty()).map_err(cannot)?;
        let record = (RECORD.to_owned(), self.render(RECORD, record)?);
        for (copy, bytes) in copies.iter().chain(std::iter::once(&record)) {
            create(&directory, copy, bytes, 0o600)
                .map_err(|source| self.cannot_write(&format!("{name}/{copy}"), source))?;
        }
        rustix::fs::fsync(&directory).map_err(cannot)
    }

    /// Removes a generation that came to nothing. One that stays does no harm.
    pub(super) fn forget(&self, generation: u64) {
        self.remove_directory(&generation.to_string());
    }

    /// Removes a directory of plain files.
    fn remove_directory(&self, name: &str) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(directory) = rustix::fs::openat(&self.handle, name, flags, Mode::empty()) else {
            return;
        };
        if let Ok(entries) = Dir::read_from(&directory) {
            for entry in entries.flatten() {
                let _ = rustix::fs::unlinkat(&directory, entry.file_name(), AtFlags::empty());
            }
        }
        let _ = rustix::fs::unlinkat(&self.handle, name, AtFlags::REMOVEDIR);
    }

    /// A copy's content, checked against its digest.
    pub(super) fn content(&self, generation: u64, kept: &Kept) -> Result<Content, DeployError> {
        let Kept::File {
            copy,
            mode,
            sha256: digest,
        } = kept
        else {
            return Ok(Content::Absent);
        };
        if copy.contains('/') {
            return Err(self.broken(&format!("{generation}/{RECORD}"), "a copy lies elsewhere"));
        }
        let name = format!("{generation}/{copy}");
        let bytes = self
            .read(&name)?
            .ok_or_else(|| self.broken(&name, "it is gone"))?;
        if sha256(&bytes) != *digest {
            return Err(self.broken(&name, "it is not what was saved"));
        }
        Ok(Content::File { bytes, mode: *mode })
    }

    /// Keeps something beside a generation that did not fit into it: an edit that a rollback replaces.
    pub(super) fn keep(&self, name: &str, bytes: &[u8]) -> Result<String, DeployError> {
        replace(&self.handle, name, bytes, 0o600)
            .map_err(|source| self.cannot_write(name, source))?;
        Ok(format!("{}/{name}", self.path))
    }

    /// A file of a generation, such as its manifest; `None` when it has none.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, DeployError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let cannot = |source| DeployError::Read {
            path: format!("{}/{name}", self.path),
            source,
        };
        let file = match rustix::fs::openat(&self.handle, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            result => result.map_err(|error| cannot(error.into()))?,
        };
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::fs::File::from(file), &mut bytes).map_err(cannot)?;
        Ok(Some(bytes))
    }

    fn parse<T: DeserializeOwned>(&self, name: &str, bytes: &[u8]) -> Result<T, DeployError> {
        serde_json::from_slice(bytes).map_err(|error| self.broken(name, &error.to_string()))
    }

    fn render(&self, name: &str, value: &impl Serialize) -> Result<Vec<u8>, DeployError> {
        let mut bytes = serde_json::to_vec_pretty(value)
            .map_err(|error| self.broken(name, &error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn of_schema(&self, name: &str, found: &str, wanted: &str) -> Result<(), DeployError> {
        if found == wanted {
            return Ok(());
        }
        Err(self.broken(
            name,
            &format!("its schema is `{found}`, and this program reads `{wanted}`"),
        ))
    }

    fn broken(&self, name: &str, message: &str) -> DeployError {
        DeployError::Broken {
            path: format!("{}/{name}", self.path),
            message: message.to_owned(),
        }
    }

    pub(super) fn cannot_write(&self, name: &str, source: std::io::Error) -> DeployError {
        DeployError::Write {
            path: Path::new(&self.path).join(name).display().to_string(),
            source,
        }
    }
}

/// A path that is made of valid parts.
pub(super) fn fixed(text: &str) -> Result<AbsPath, DeployError> {
    AbsPath::from_bytes(text.as_bytes()).map_err(|error| DeployError::Unsafe {
        path: text.to_owned(),
        why: error.to_string(),
    })
}
