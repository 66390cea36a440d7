//! Going back.

use std::path::Path;

use ringfence_policy::lock::sha256;
use ringfence_policy::secret::Name;

use super::SecretError;
use super::config::Config;
use super::record::Records;
use super::vault::Vault;

/// What going back left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Secrets that changed since they were taken out. Their files stay: nobody else may have them.
    pub stayed: Vec<Name>,
}

impl Vault {
    /// Puts the original in the place of the template, byte for byte, and removes the files of its secrets.
    ///
    /// A template that was edited since is only replaced if `edits_are_lost`.
    pub fn restore(&self, path: &Path, edits_are_lost: bool) -> Result<Restored, SecretError> {
        let not_kept = || SecretError::NotKept {
            path: path.to_owned(),
        };
        let own = self.originals_of(path);
        if !own.exists() {
            return Err(not_kept());
        }
        let records = Records::make(self.originals(), &own)?;
        let (number, record) = records.last()?.ok_or_else(not_kept)?;
        let config = Config::open(path)?;
        let now = config.text().as_bytes();
        // Whoever was stopped in the middle left the original where it was.
        if now != record.original {
            if !record.is_template(now) && !edits_are_lost {
                return Err(SecretError::Edited {
                    path: path.to_owned(),
                });
            }
            config.replace(&record.original, &record.looks)?;
        }
        let secrets = self.secrets()?;
        let mut restored = Restored::default();
        for (name, digest) in &record.secrets_sha256 {
            match secrets.read(name.as_str())? {
                Some(content) if sha256(&content) != *digest => restored.stayed.push(name.clone()),
                _ => secrets.remove(name.as_str())?,
            }
        }
        secrets.sync()?;
        records.remove(number)?;
        Ok(restored)
    }
}
