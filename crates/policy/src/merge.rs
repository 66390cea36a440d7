//! One manifest for what two allow: for services learned on several hosts or in several ways.
//!
//! Grants join as policies do. Settings that cannot both hold are a conflict for a person to decide, never
//! a silent choice.

use std::collections::BTreeMap;

use crate::grant::{Grant, Resource, User};
use crate::lock::{Evidence, Lock};
use crate::manifest::{Entry, Listen, Manifest, Service};
use crate::policy::Policy;

/// Why two manifests or locks cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A setting has two values.
    #[error("merge {setting}: one says {one}, the other {other}")]
    Conflict {
        /// The setting, as the manifest names it.
        setting: String,
        /// One value.
        one: String,
        /// The other.
        other: String,
    },
}

fn conflict(setting: &str, one: String, other: String) -> MergeError {
    MergeError::Conflict {
        setting: setting.to_owned(),
        one,
        other,
    }
}

fn same<T: PartialEq + Clone + std::fmt::Debug>(
    setting: &str,
    one: &T,
    other: &T,
) -> Result<T, MergeError> {
    if one == other {
        Ok(one.clone())
    } else {
        Err(conflict(setting, format!("{one:?}"), format!("{other:?}")))
    }
}

fn either<T: PartialEq + Clone + std::fmt::Debug>(
    setting: &str,
    one: Option<&T>,
    other: Option<&T>,
) -> Result<Option<T>, MergeError> {
    match (one, other) {
        (Some(one), Some(other)) => same(setting, one, other).map(Some),
        (value, None) | (None, value) => Ok(value.cloned()),
    }
}

/// The least manifest that allows what either allows.
///
/// A limit stays only if both have one, since no limit allows more; a `drop` stays only if both drop it.
pub fn merge(one: &Manifest, other: &Manifest) -> Result<Manifest, MergeError> {
    let mut merged = Manifest::new(service(&one.service, &other.service)?);
    merged.entries = entries(one, other);
    merged.learned_syscalls = one.learned_syscalls || other.learned_syscalls;
    merged.listens = listens(&one.listens, &other.listens)?;
    for secret in one.secrets.iter().chain(&other.secrets) {
        match merged.secrets.iter().find(|own| own.name == secret.name) {
            Some(own) => {
                same(&format!("secret {}", own.name), own, secret)?;
            }
            None => merged.secrets.push(secret.clone()),
        }
    }
    merged.extends.clone_from(&one.extends);
    let further = other
        .extends
        .iter()
        .filter(|name| !one.extends.contains(name));
    merged.extends.extend(further.cloned());
    merged.drop = one
        .drop
        .iter()
        .filter(|grant| other.drop.contains(grant))
        .cloned()
        .collect();
    merged.check = either("[check]", one.check.as_ref(), other.check.as_ref())?;
    merged.require_exact = [one.require_exact.as_slice(), &other.require_exact].concat();
    merged.normalize();
    Ok(merged)
}

fn service(one: &Service, other: &Service) -> Result<Service, MergeError> {
    let (user, user_why) = match (&one.user, &other.user) {
        (a, b) if a.covers(b) => (a.clone(), one.user_why.clone().or(other.user_why.clone())),
        (a, b) if b.covers(a) => (b.clone(), other.user_why.clone()),
        (a, b) => return Err(conflict("service.user", a.to_string(), b.to_string())),
    };
    Ok(Service {
        name: same("service.name", &one.name, &other.name)?,
        exec: same("service.exec", &one.exec, &other.exec)?,
        kind: same("service.type", &one.kind, &other.kind)?,
        timer: either("service.timer", one.timer.as_ref(), other.timer.as_ref())?,
        user_why: user_why.filter(|_| user != User::Dynamic),
        user,
        directory: either(
            "service.directory",
            one.directory.as_ref(),
            other.directory.as_ref(),
        )?,
        environment: [one.environment.as_slice(), &other.environment].concat(),
    })
}

fn entries(one: &Manifest, other: &Manifest) -> Vec<Entry> {
    let limits = |manifest: &Manifest, resource: Resource| {
        manifest
            .entries
            .iter()
            .any(|entry| matches!(entry.grant, Grant::Resource(own, _) if own == resource))
    };
    let all: Vec<_> = one.entries.iter().chain(&other.entries).collect();
    let policy: Policy = all
        .iter()
        .map(|entry| entry.grant.clone())
        .filter(|grant| match grant {
            Grant::Resource(resource, _) => limits(one, *resource) && limits(other, *resource),
            _ => true,
        })
        .collect();
    policy
        .grants()
        .map(|grant| Entry {
            grant: grant.clone(),
            why: all
                .iter()
                .filter(|entry| entry.grant == *grant)
                .find_map(|entry| entry.why.clone()),
        })
        .collect()
}

fn listens(one: &[Listen], other: &[Listen]) -> Result<Vec<Listen>, MergeError> {
    let mut merged: Vec<Listen> = one.to_vec();
    for listen in other {
        let Some(own) = merged.iter_mut().find(|own| own.address == listen.address) else {
            merged.push(listen.clone());
            continue;
        };
        let of = |key: &str| format!("listen {} {key}", listen.address);
        own.mode = either(&of("mode"), own.mode.as_ref(), listen.mode.as_ref())?;
        own.user = either(&of("user"), own.user.as_ref(), listen.user.as_ref())?;
        own.group = either(&of("group"), own.group.as_ref(), listen.group.as_ref())?;
        own.why = own.why.take().or_else(|| listen.why.clone());
        // An empty list says nothing about the clients, so it allows more than any list.
        if own.clients.is_empty() || listen.clients.is_empty() {
            own.clients.clear();
        } else {
            own.clients.extend(listen.clients.iter().cloned());
        }
    }
    Ok(merged)
}

/// The lock for the merged manifest, from the locks of both.
pub fn merge_locks(one: &Lock, other: &Lock, merged_sha256: String) -> Result<Lock, MergeError> {
    let mut lock = Lock {
        manifest_sha256: merged_sha256,
        arch: same("lock arch", &one.arch, &other.arch)?,
        exec: same("lock exec", &one.exec, &other.exec)?,
        exec_sha256: same("lock exec_sha256", &one.exec_sha256, &other.exec_sha256)?,
        syscalls: union(&one.syscalls, &other.syscalls),
        code: union(&one.code, &other.code),
        links: union(&one.links, &other.links),
        evidence: one.evidence.clone(),
        widened: union(&one.widened, &other.widened),
        tried: union(&one.tried, &other.tried),
        provisional: union(&one.provisional, &other.provisional),
        // What one run did not see another may have.
        unexercised: one
            .unexercised
            .iter()
            .filter(|gap| other.unexercised.contains(gap))
            .cloned()
            .collect(),
    };
    add_evidence(&mut lock.evidence, &other.evidence);
    Ok(lock)
}

fn union<T: Ord + Clone>(one: &[T], other: &[T]) -> Vec<T> {
    let mut all = [one, other].concat();
    all.sort();
    all.dedup();
    all
}

fn add_evidence(to: &mut BTreeMap<String, Evidence>, more: &BTreeMap<String, Evidence>) {
    for (grant, evidence) in more {
        let own = to.entry(grant.clone()).or_default();
        own.phases = union(&own.phases, &evidence.phases);
        own.by = union(&own.by, &evidence.by);
        own.facts = own.facts.max(evidence.facts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Kind;

    fn manifest(user: User, grants: &[&str]) -> Manifest {
        let mut manifest = Manifest::new(Service {
            name: "x".into(),
            exec: vec!["/usr/bin/x".into()],
            kind: Kind::Simple,
            timer: None,
            user_why: (user == User::Root).then(|| "it must".into()),
            user,
            directory: None,
            environment: Vec::new(),
        });
        manifest.entries = grants
            .iter()
            .map(|text| Entry::from(text.parse::<Grant>().unwrap()))
            .collect();
        manifest.normalize();
        manifest
    }

    fn texts(manifest: &Manifest) -> Vec<String> {
        manifest
            .entries
            .iter()
            .map(|entry| entry.grant.to_string())
            .collect()
    }

    #[test]
    fn grants_join_and_covered_ones_go() {
        let a = manifest(User::Dynamic, &["files.read /srv/a/b", "net.dns"]);
        let b = manifest(User::Dynamic, &["files.write /srv/a"]);
        let merged = merge(&a, &b).unwrap();
        assert_eq!(texts(&merged), ["files.write /srv/a", "net.dns"]);
        assert_eq!(merge(&b, &a).unwrap(), merged);
        assert_eq!(merge(&a, &a).unwrap(), a);
    }

    #[test]
    fn a_limit_that_only_one_has_goes() {
        let a = manifest(
            User::Dynamic,
            &["resources.memory_max 64M", "resources.tasks_max 16"],
        );
        let b = manifest(User::Dynamic, &["resources.memory_max 128M"]);
        assert_eq!(
            texts(&merge(&a, &b).unwrap()),
            ["resources.memory_max 128M"]
        );
    }

    #[test]
    fn the_wider_user_wins_and_strangers_conflict() {
        let root = manifest(User::Root, &[]);
        let dynamic = manifest(User::Dynamic, &[]);
        let named = |name: &str| manifest(User::Named(name.into()), &[]);
        let merged = merge(&dynamic, &root).unwrap().service;
        assert_eq!(
            (merged.user, merged.user_why),
            (User::Root, Some("it must".into()))
        );
        let error = merge(&named("ada"), &named("bob")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "merge service.user: one says ada, the other bob"
        );
    }

    #[test]
    fn two_commands_are_a_conflict() {
        let one = manifest(User::Dynamic, &[]);
        let mut other = one.clone();
        other.service.exec.push("--debug".into());
        assert!(merge(&one, &other).is_err());
    }
}
