//! Reading a manifest: all mistakes at once, each with its place.
//!
//! `check` holds the text against the table of keys, `rules` looks at keys together, and only a text
//! without a mistake reaches `build`.

mod build;
mod check;
mod rules;

use toml::de::DeTable;

use self::check::Checker;
use super::error::{ManifestError, ManifestErrors};
use super::problem::Problem;
use super::{Ceiling, Manifest};

/// What a text is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The manifest of a service.
    Service,
    /// Grants that other manifests extend: `[service]` may be missing.
    Part,
    /// The site's ceiling: a part with `never` and `@any`.
    Ceiling,
}

impl Manifest {
    /// Reads the manifest of a service.
    pub fn parse(text: &str) -> Result<Self, ManifestErrors> {
        Self::read(text, Role::Service)
    }

    /// Reads a manifest that others extend. It needs no `[service]`; what of it is missing is empty, and
    /// a missing user is the dynamic one, which adds nothing to any other.
    pub fn parse_part(text: &str) -> Result<Self, ManifestErrors> {
        Self::read(text, Role::Part)
    }

    fn read(text: &str, role: Role) -> Result<Self, ManifestErrors> {
        Ok(build::manifest(&checked(text, role)?))
    }
}

impl Ceiling {
    /// Reads a site's ceiling: what a manifest may say but for `[service]`, of which it holds the users
    /// alone; the top-level list `never`; and the word `@any` in `syscalls`. A file with `never` alone
    /// bounds nothing else.
    pub fn parse(text: &str) -> Result<Self, ManifestErrors> {
        Ok(build::ceiling(&checked(text, Role::Ceiling)?))
    }
}

/// The document, when nothing is wrong with it.
pub(crate) fn checked(text: &str, role: Role) -> Result<DeTable<'_>, ManifestErrors> {
    let (document, syntax) = DeTable::parse_recoverable(text);
    let document = document.into_inner();
    let mut errors: Vec<ManifestError> = syntax
        .iter()
        .map(|error| {
            let span = error.span().unwrap_or(0..0);
            ManifestError::new(text, span, Problem::new(error.message()))
        })
        .collect();
    // What was recovered of a broken text has holes, so what is missing from it proves nothing.
    let mut checker = Checker::new(text, role, errors.is_empty());
    checker.document(&document);
    if errors.is_empty() {
        checker.rules(&document);
    }
    errors.extend(checker.errors);
    ManifestErrors::check(text, errors)?;
    Ok(document)
}
