//! Taking secrets out of a configuration file.

use ringfence_policy::lock::sha256;
use ringfence_policy::secret::{Extraction, Name};

use super::SecretError;
use super::config::Config;
use super::record::{Record, Records};
use super::vault::{Private, Vault};

impl Vault {
    /// The names of secrets that were taken out of this file before: placeholders with these names are ours.
    pub fn names_of(&self, config: &Config) -> Result<Vec<Name>, SecretError> {
        let own = self.originals_of(config.path());
        if !own.exists() {
            return Ok(Vec::new());
        }
        Records::make(self.originals(), &own)?.names()
    }

    /// Moves the secrets into files of their own and leaves the template, which looks like the file did: the
    /// same owner, mode and access list. When it fails, the file is as it was and no secret lies around.
    pub fn extract(&self, config: &Config, extraction: &Extraction<'_>) -> Result<(), SecretError> {
        let template = extraction.template();
        let kept = extraction.kept();
        let records = Records::make(self.originals(), &self.originals_of(config.path()))?;
        let digests = kept
            .iter()
            .map(|kept| (kept.name.clone(), sha256(kept.content.as_bytes())));
        let number = records.add(&Record {
            original: config.text().as_bytes().to_vec(),
            looks: config.looks().clone(),
            template_sha256: sha256(template.as_bytes()),
            secrets_sha256: digests.collect(),
        })?;
        let mut written = Vec::new();
        let moved = self.secrets().and_then(|secrets| {
            for kept in &kept {
                secrets.write(kept.name.as_str(), kept.content.as_bytes())?;
                written.push(&kept.name);
            }
            secrets.sync()?;
            config.replace(template.as_bytes(), config.looks())
        });
        if moved.is_err() {
            if let Ok(secrets) = self.secrets() {
                remove(&secrets, &written);
            }
            let _ = records.remove(number);
        }
        moved
    }
}

/// The failure that led here is what is told.
fn remove(secrets: &Private, names: &[&Name]) {
    for name in names {
        let _ = secrets.remove(name.as_str());
    }
}
