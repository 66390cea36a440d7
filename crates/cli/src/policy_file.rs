//! A manifest as a file: read with its lock and what it extends, and what is wrong said with the place.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use ringfence_policy::lock::Lock;
use ringfence_policy::manifest::{Manifest, ManifestErrors, PolicyError};
use ringfence_policy::policy::Policy;

use crate::error::{Failure, OrFail};
use crate::output::Output;
use crate::store;

/// A manifest and its lock.
#[derive(Debug)]
pub struct PolicyFile {
    /// Where it was read.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What it says, with what it extends.
    pub manifest: Manifest,
    /// The lock beside it.
    pub lock: Option<Lock>,
}

impl PolicyFile {
    /// Reads a manifest, what it extends, and the lock beside it where there is one.
    pub fn read(path: &Path, output: &Output) -> Result<Self, Failure> {
        let text = store::read_text(path)?;
        let own = Manifest::parse(&text).map_err(|errors| wrong(path, &errors, output))?;
        let manifest = resolved(&own, path, output)?;
        Ok(Self {
            path: path.to_owned(),
            text,
            manifest,
            lock: read_lock(path, output)?,
        })
    }

    /// Whether the lock was made from another text of this manifest.
    pub fn lock_is_stale(&self) -> bool {
        self.lock
            .as_ref()
            .is_some_and(|lock| !lock.is_for(&self.text))
    }

    /// What the service may do, as far as the manifest says.
    pub fn policy(&self) -> Result<Policy, Failure> {
        self.manifest
            .policy(self.lock.as_ref())
            .map_err(|error| cannot_use(&self.path, error))
    }
}

/// The manifest with everything it extends: manifests beside it, by name.
fn resolved(own: &Manifest, path: &Path, output: &Output) -> Result<Manifest, Failure> {
    let failure = RefCell::new(None);
    let beside = |name: &str| {
        let part = path.with_file_name(format!("{name}.toml"));
        read_part(&part, output).unwrap_or_else(|error| {
            failure.borrow_mut().get_or_insert(error);
            None
        })
    };
    let resolved = own.resolve(&beside);
    match (failure.into_inner(), resolved) {
        (Some(failure), _) => Err(failure),
        (None, Ok(manifest)) => Ok(manifest),
        (None, Err(error)) => Err(cannot_use(path, error)),
    }
}

fn cannot_use(path: &Path, error: PolicyError) -> Failure {
    let help = error.help();
    Failure::usage(format!("use {}", path.display()))
        .because(error)
        .help(help)
}

/// A manifest that is extended; `None` when there is none.
fn read_part(path: &Path, output: &Output) -> Result<Option<Manifest>, Failure> {
    if !path
        .try_exists()
        .or_usage(|| format!("read {}", path.display()))?
    {
        return Ok(None);
    }
    let text = store::read_text(path)?;
    Manifest::parse_part(&text)
        .map(Some)
        .map_err(|errors| wrong(path, &errors, output))
}

/// The mistakes in a file, with their places.
pub fn wrong(path: &Path, errors: &ManifestErrors, output: &Output) -> Failure {
    Failure::rendered(errors.render(&path.display().to_string(), output.talk_color()))
}

/// Where the lock of a manifest lies.
pub fn lock_path(manifest: &Path) -> PathBuf {
    manifest.with_extension("lock")
}

/// The lock beside a manifest, where there is one.
pub fn read_lock(manifest: &Path, output: &Output) -> Result<Option<Lock>, Failure> {
    let path = lock_path(manifest);
    if !path
        .try_exists()
        .or_usage(|| format!("read {}", path.display()))?
    {
        return Ok(None);
    }
    let text = store::read_text(&path)?;
    Lock::parse(&text).map(Some).map_err(|errors| {
        wrong(&path, &errors, output).help(
            "a lock is generated: make it again with `ringfence policy derive TRACE --output MANIFEST`",
        )
    })
}
