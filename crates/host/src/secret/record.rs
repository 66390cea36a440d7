//! What is kept of one time that secrets were taken out of a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ringfence_policy::lock::sha256;
use ringfence_policy::secret::Name;
use serde::{Deserialize, Serialize};

use super::SecretError;
use super::config::Looks;
use super::vault::Private;

const SCHEMA: &str = "ringfence.secrets/1";
const RECORD: &str = "record.json";
const ORIGINAL: &str = "original";

/// What is needed to go back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: String,
    owner: u32,
    group: u32,
    mode: u32,
    attributes: BTreeMap<String, Vec<u8>>,
    template_sha256: String,
    /// The secrets that were written, and what their files held.
    secrets_sha256: BTreeMap<String, String>,
}

/// A file as it was, and what was made of it.
#[derive(Debug)]
pub(super) struct Record {
    pub original: Vec<u8>,
    pub looks: Looks,
    pub template_sha256: String,
    pub secrets_sha256: BTreeMap<Name, String>,
}

/// The directories of all that was kept of one file.
#[derive(Debug)]
pub(super) struct Records {
    directory: Private,
}

impl Records {
    /// Opens them, made where they are missing, and keeps other processes away.
    pub fn make(originals: &Path, own: &Path) -> Result<Self, SecretError> {
        Private::make(originals)?;
        let directory = Private::make(own)?;
        directory.lock()?;
        Ok(Self { directory })
    }

    /// The last one, with its number.
    pub fn last(&self) -> Result<Option<(u32, Record)>, SecretError> {
        let Some(number) = self.directory.numbers()?.pop() else {
            return Ok(None);
        };
        Ok(Some((number, self.read(number)?)))
    }

    /// Every name that was given to a secret of this file.
    pub fn names(&self) -> Result<Vec<Name>, SecretError> {
        let mut names = Vec::new();
        for number in self.directory.numbers()? {
            names.extend(self.read(number)?.secrets_sha256.into_keys());
        }
        Ok(names)
    }

    /// Keeps one more, and gives it its number. It is there wholly or not at all.
    pub fn add(&self, record: &Record) -> Result<u32, SecretError> {
        let number = self.directory.numbers()?.pop().unwrap_or(0) + 1;
        let draft = self.directory.path.join("draft");
        discard(&draft)?;
        let folder = Private::make(&draft)?;
        let written = Written {
            schema: SCHEMA.to_owned(),
            owner: record.looks.owner,
            group: record.looks.group,
            mode: record.looks.mode,
            attributes: record.looks.attributes.iter().cloned().collect(),
            template_sha256: record.template_sha256.clone(),
            secrets_sha256: record
                .secrets_sha256
                .iter()
                .map(|(name, digest)| (name.to_string(), digest.clone()))
                .collect(),
        };
        let text = serde_json::to_vec_pretty(&written)
            .map_err(|error| SecretError::write(draft.join(RECORD))(error.into()))?;
        let kept = folder
            .write(ORIGINAL, &record.original)
            .and_then(|()| folder.write(RECORD, &text))
            .and_then(|()| folder.sync())
            .and_then(|()| {
                let path = self.folder(number);
                std::fs::rename(&draft, &path).map_err(SecretError::write(path))
            })
            .and_then(|()| self.directory.sync());
        if kept.is_err() {
            let _ = discard(&draft);
        }
        kept.map(|()| number)
    }

    /// Forgets one.
    pub fn remove(&self, number: u32) -> Result<(), SecretError> {
        discard(&self.folder(number))?;
        self.directory.sync()
    }

    fn read(&self, number: u32) -> Result<Record, SecretError> {
        let folder = Private::open(&self.folder(number))?;
        let wrong = |why: String| SecretError::Record {
            path: folder.path.join(RECORD),
            why,
        };
        let missing = || wrong("a part of it is missing".to_owned());
        let text = folder.read(RECORD)?.ok_or_else(missing)?;
        let written: Written =
            serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        if written.schema != SCHEMA {
            return Err(wrong(format!("it has the schema {}", written.schema)));
        }
        let secrets_sha256 = written
            .secrets_sha256
            .into_iter()
            .map(|(name, digest)| Ok((name.parse()?, digest)))
            .collect::<Result<_, ringfence_policy::secret::NameError>>()
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Record {
            original: folder.read(ORIGINAL)?.ok_or_else(missing)?,
            looks: Looks {
                owner: written.owner,
                group: written.group,
                mode: written.mode,
                attributes: written.attributes.into_iter().collect(),
            },
            template_sha256: written.template_sha256,
            secrets_sha256,
        })
    }

    fn folder(&self, number: u32) -> PathBuf {
        self.directory.path.join(number.to_string())
    }
}

impl Record {
    /// Whether a text is the template that was made then.
    pub fn is_template(&self, text: &[u8]) -> bool {
        sha256(text) == self.template_sha256
    }
}

/// Removes a directory of ours with all that is in it.
fn discard(path: &Path) -> Result<(), SecretError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(SecretError::write(path)(error))
        }
        _ => Ok(()),
    }
}
