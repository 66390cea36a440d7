//! Why secrets could not be moved.

use std::io;
use std::path::PathBuf;

use ringfence_policy::secret::{Name, TemplateError};

/// What went wrong. Messages complete "cannot ..." and have no secret in them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// A file or directory cannot be read.
    #[error("read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A symbolic link is in the way: its target may be anyone's.
    #[error("use {}: it is a symbolic link, or behind one", path.display())]
    Link {
        /// What was asked for.
        path: PathBuf,
    },
    /// It is not a file with text.
    #[error("use {}: {why}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What it is.
        why: String,
    },
    /// The directory for secrets can be read by others.
    #[error("keep secrets in {}: it is not a directory for root alone", path.display())]
    Exposed {
        /// The directory.
        path: PathBuf,
    },
    /// Another process is at it.
    #[error("use {}: another ringfence is at it", path.display())]
    Busy {
        /// The directory.
        path: PathBuf,
    },
    /// The file is not what it was when it was read.
    #[error("replace {}: it changed a moment ago", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The template was edited since it was written; the original lacks what was edited.
    #[error("restore {}: it was edited since its secrets were taken out", path.display())]
    Edited {
        /// The file.
        path: PathBuf,
    },
    /// Nothing was taken out of that file.
    #[error("restore {}: no secrets were taken out of it", path.display())]
    NotKept {
        /// The file.
        path: PathBuf,
    },
    /// What was kept about a file cannot be understood.
    #[error("understand {}: {why}", path.display())]
    Record {
        /// The record.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The service manager did not say where something is.
    #[error("render a template: ${0} is not set")]
    NoDirectory(&'static str),
    /// A secret that the template names was not handed over.
    #[error("read credential {name}: {source}")]
    Credential {
        /// The name.
        name: Name,
        /// Why.
        source: io::Error,
    },
    /// The template and the secrets do not fit.
    #[error("render {}: {source}", path.display())]
    Template {
        /// The template.
        path: PathBuf,
        /// Why.
        source: TemplateError,
    },
}

impl SecretError {
    pub(super) fn read(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Read { path, source }
    }

    pub(super) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Write { path, source }
    }
}
