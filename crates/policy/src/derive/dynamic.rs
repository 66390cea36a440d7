//! The directories of a service whose user exists only while it runs.
//!
//! systemd keeps them where nobody else can follow a number that was given out again: `StateDirectory=x` is
//! `/var/lib/private/x`, and the `/var/lib/x` that the service names is a link. What was used there was used
//! because the unit has such a directory, so that is what is granted, and not a path of the moment.

use std::collections::BTreeMap;

use super::select::Selection;
use crate::grant::{DirectoryKind, Grant};
use crate::path::AbsPath;
use crate::policy::Policy;

const KINDS: [DirectoryKind; 3] = [
    DirectoryKind::State,
    DirectoryKind::Cache,
    DirectoryKind::Logs,
];

/// Grants the directories in place of what was used in them.
pub(super) fn give_directories(selection: &mut Selection) {
    let mut used: BTreeMap<Grant, Vec<Grant>> = BTreeMap::new();
    for need in &selection.needs {
        if let Grant::File(_, pattern) = need
            && let Some(directory) = directory(&pattern.literal_prefix())
        {
            used.entry(directory).or_default().push(need.clone());
        }
    }
    for (directory, seen) in used {
        selection.widen(directory, seen);
    }
}

/// The directory of its own that a path lies in.
fn directory(path: &AbsPath) -> Option<Grant> {
    KINDS.into_iter().find_map(|kind| {
        let top: AbsPath = format!("{}/private", kind.parent()).parse().ok()?;
        let depth = top.components().count();
        let name = path
            .is_within(&top)
            .then(|| path.components().nth(depth))??;
        let name = std::str::from_utf8(name).ok()?.to_owned();
        Some(Grant::Directory(kind, name))
    })
}

/// Whether a link is the name of one of these directories, which the service manager makes.
pub(super) fn is_made_link(path: &AbsPath, policy: &Policy) -> bool {
    policy.grants().any(|grant| match grant {
        Grant::Directory(kind, name) => path.to_string() == format!("{}/{name}", kind.parent()),
        _ => false,
    })
}
