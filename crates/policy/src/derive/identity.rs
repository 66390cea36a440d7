//! Which user a service needs to be.

use std::collections::BTreeSet;

use super::DeriveError;
use super::select::Selection;
use crate::grant::{Grant, User};
use crate::path::AbsPath;
use crate::trace::{Fact, Outcome, Permission, Trace};

/// The ids that systemd gives out for `DynamicUser=`; see its documentation of users, groups, uids and gids.
const DYNAMIC: std::ops::RangeInclusive<u32> = 61184..=65519;

/// The identity, and why it is needed when that is not plain.
pub(super) fn identity(
    trace: &Trace,
    selection: &Selection,
) -> Result<(User, Option<String>), DeriveError> {
    let users: BTreeSet<_> = trace
        .runs()
        .map(|run| match (run.uid, &run.user) {
            (0, _) => User::Root,
            (_, Some(name)) => User::Named(name.clone()),
            (uid, None) if run.unit.is_some() && DYNAMIC.contains(&uid) => User::Dynamic,
            (uid, None) => User::Named(uid.to_string()),
        })
        .collect();
    let mut users = users.into_iter();
    match (users.next(), users.next()) {
        (Some(User::Root), None) => Ok(match reasons(trace, selection) {
            Some(why) => (User::Root, Some(why)),
            None => (User::Dynamic, None),
        }),
        (Some(user), None) => Ok((user, None)),
        (Some(first), Some(second)) => {
            Err(DeriveError::Users(first.to_string(), second.to_string()))
        }
        (None, _) => Err(DeriveError::NoRun),
    }
}

/// Why a service that was started as root must stay root; `None` when nothing it did needs that.
fn reasons(trace: &Trace, selection: &Selection) -> Option<String> {
    let mut parts = Vec::new();
    let names: BTreeSet<_> = selection
        .needs
        .iter()
        .filter_map(|need| match need {
            Grant::DropsTo(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    if !names.is_empty() {
        parts.push(format!("becomes {}", list(&names, names.len())));
    }
    let capabilities: BTreeSet<_> = selection
        .needs
        .iter()
        .filter_map(|need| match need {
            Grant::Capability(capability) => Some(capability.name()),
            _ => None,
        })
        .collect();
    if !capabilities.is_empty() {
        parts.push(format!("uses {}", list(&capabilities, 8)));
    }
    let owned = needs_root(trace, selection);
    if !owned.is_empty() {
        let owned: BTreeSet<_> = owned.iter().map(ToString::to_string).collect();
        let owned: BTreeSet<_> = owned.iter().map(String::as_str).collect();
        parts.push(format!("uses what only root may: {}", list(&owned, 2)));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The host's files that the service could use only because it was root.
///
/// What it made itself in this run it would own under any identity, and private directories are prepared
/// for whoever it is.
fn needs_root(trace: &Trace, selection: &Selection) -> BTreeSet<AbsPath> {
    trace
        .service_facts()
        .filter_map(|(fact, _)| match fact {
            Fact::File {
                path,
                permission: Permission::Owner | Permission::Group | Permission::Override,
                outcome: Outcome::Done,
                ..
            } if selection.is_for_the_host(fact) => Some(path.clone()),
            _ => None,
        })
        .collect()
}

/// The first `most` of them, and how many more there are.
fn list(names: &BTreeSet<&str>, most: usize) -> String {
    let shown: Vec<_> = names.iter().take(most).copied().collect();
    let more = names.len().saturating_sub(shown.len());
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}
