//! Secrets that leave a unit's configuration while it is hardened.
//!
//! The configuration becomes a template only together with the policy that has it rendered: between the two the
//! service could not start. So both are put in force together, and taken back together.

use std::path::{Path, PathBuf};

use ringfence_host::secret::{Config, Vault};
use ringfence_policy::manifest::{Manifest, Secret, SecretForm};
use ringfence_policy::path::AbsPath;

use crate::error::{Failure, OrFail};
use crate::output::Output;
use crate::verb::secrets_extract::{absolute, extraction};
use crate::verb::secrets_restore::failure;

/// Configuration files whose secrets are to leave them.
#[derive(Debug, Default)]
pub struct Secrets {
    vault: Vault,
    files: Vec<PathBuf>,
    /// How many of the files are templates now.
    moved: usize,
}

impl Secrets {
    /// Those of these files. One in which nothing looks like a secret is an error: somebody thought it had one.
    pub fn of(files: &[PathBuf], output: &Output) -> Result<Self, Failure> {
        let mut secrets = Self::default();
        for file in files {
            let path = absolute(file)?;
            let config = Config::open(&path).map_err(|error| failure(&error))?;
            let found = extraction(&secrets.vault, &config, None)?;
            if found.pieces().is_empty() {
                return Err(Failure::usage(format!(
                    "find a secret in {}: nothing looks like one",
                    path.display()
                ))
                .help("`ringfence secrets extract --dry-run` shows what it looks for"));
            }
            output.say(&found.diff(&path.display().to_string()));
            secrets.files.push(path);
        }
        Ok(secrets)
    }

    /// Says in a manifest where each secret is, and which templates it goes into.
    pub fn enter(&self, manifest: &mut Manifest) -> Result<(), Failure> {
        for path in &self.files {
            let config = Config::open(path).map_err(|error| failure(&error))?;
            for kept in extraction(&self.vault, &config, None)?.kept() {
                manifest.secrets.push(Secret {
                    name: kept.name.to_string(),
                    from: Some(absolute_path(&self.vault.file(&kept.name))?),
                    form: SecretForm::Template,
                    files: vec![absolute_path(path)?],
                    why: None,
                });
            }
        }
        Ok(())
    }

    /// Makes templates of the files. When one cannot be, none is.
    pub fn move_out(&mut self) -> Result<(), Failure> {
        while let Some(path) = self.files.get(self.moved) {
            if let Err(error) = self.move_out_of(path) {
                self.put_back()?;
                return Err(error);
            }
            self.moved += 1;
        }
        Ok(())
    }

    fn move_out_of(&self, path: &Path) -> Result<(), Failure> {
        let config = Config::open(path).map_err(|error| failure(&error))?;
        let found = extraction(&self.vault, &config, None)?;
        self.vault
            .extract(&config, &found)
            .map_err(|error| failure(&error))
    }

    /// Makes the files what they were.
    pub fn put_back(&mut self) -> Result<(), Failure> {
        while let Some(last) = self.moved.checked_sub(1) {
            if let Some(path) = self.files.get(last) {
                self.vault
                    .restore(path, false)
                    .map_err(|error| failure(&error))?;
            }
            self.moved = last;
        }
        Ok(())
    }
}

fn absolute_path(path: &Path) -> Result<AbsPath, Failure> {
    use std::os::unix::ffi::OsStrExt as _;
    AbsPath::from_bytes(path.as_os_str().as_bytes()).or_usage(|| format!("use {}", path.display()))
}
