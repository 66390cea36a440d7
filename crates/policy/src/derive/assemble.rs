//! From the folded needs to the manifest and its lock.

use std::collections::BTreeSet;

use super::fold::Limits;
use super::select::Selection;
use super::{amounts, dynamic, evidence, identity, service};
use crate::grant::{FileAccess, Grant, SyscallName, User};
use crate::lock::{Lock, Tried, Widened, sha256};
use crate::manifest::{Entry, Listen, Manifest, Service};
use crate::path::AbsPath;
use crate::place;
use crate::policy::Policy;
use crate::risk::risk;
use crate::syscall::{equivalents, is_base};
use crate::trace::{Fact, Trace};
use crate::unexercised::unexercised;

/// How to derive.
#[derive(Debug, Clone)]
pub struct Options {
    /// The service's name; by default that of its program.
    pub name: Option<String>,
    /// More names than this in one directory are granted as the directory.
    pub siblings: usize,
    /// No more file entries of one access than this, as long as folding them is not too wide.
    pub entries: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: None,
            siblings: 8,
            entries: 12,
        }
    }
}

/// What a trace says a service needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// The intent, for people.
    pub manifest: Manifest,
    /// The detail, for machines.
    pub lock: Lock,
}

/// Why no manifest can be derived from a trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// There is no run, so nobody knows what was started.
    #[error("the trace holds no run of a service")]
    NoRun,
    /// The runs are of different programs.
    #[error("the trace holds runs of two programs, {0} and {1}; derive them apart")]
    Programs(AbsPath, AbsPath),
    /// The runs are of different builds of one program.
    #[error("the trace holds runs of two builds of {0}; learn the one that is installed again")]
    Builds(AbsPath),
    /// The runs are of different architectures.
    #[error("the trace holds runs on two kinds of machine, {0} and {1}; derive them apart")]
    Machines(String, String),
    /// The runs started as different users.
    #[error("the trace holds runs as two users, {0} and {1}; derive them apart")]
    Users(String, String),
}

/// Derives the manifest and the lock.
pub fn derive(trace: &Trace, options: &Options) -> Result<Derived, DeriveError> {
    let run = service::representative(trace)?;
    let command = service::command(trace, run);
    let name = options
        .name
        .clone()
        .unwrap_or_else(|| service::name(run, &command));
    let mut selection = Selection::of(trace);
    let (user, user_why) = identity::identity(trace, &selection)?;
    if run.unit.is_some() && user == User::Dynamic {
        dynamic::give_directories(&mut selection);
    }
    // The program itself may always run, even when the trace begins after its start.
    selection
        .needs
        .insert(Grant::file(FileAccess::Exec, &run.exec));
    let own_names = service::own_names(&name, run);
    let limits = Limits {
        siblings: options.siblings,
        entries: options.entries,
    };
    selection.fold(&run.exec, &own_names, limits);
    let tried = selection.resolve_doubts(&own_names);

    let syscalls = take_syscalls(&mut selection.needs);
    let serves = selection
        .needs
        .iter()
        .any(|need| matches!(need, Grant::Bind(_) | Grant::Listen(_)));
    let mut policy: Policy = selection.needs.iter().cloned().collect();
    amounts::limits(trace, serves).for_each(|limit| policy.insert(limit));

    let evidence = evidence::evidence(trace, &policy);
    let mut manifest = Manifest::new(Service {
        name,
        exec: command,
        kind: service::kind(trace, serves),
        timer: None,
        user,
        user_why,
        directory: service::directory(trace, run),
        environment: Vec::new(),
    });
    manifest.learned_syscalls = true;
    for grant in policy.grants() {
        let by = evidence.get(&grant.to_string()).map(|seen| &seen.by);
        let why = why(grant, by.map_or(&[], Vec::as_slice), &selection.exposed);
        match grant {
            Grant::Listen(address) => manifest.listens.push(Listen {
                why,
                ..Listen::from(address.clone())
            }),
            grant => manifest.entries.push(Entry {
                grant: grant.clone(),
                why,
            }),
        }
    }
    manifest.normalize();

    let lock = Lock {
        manifest_sha256: sha256(manifest.render().as_bytes()),
        arch: run.arch.clone(),
        exec: run.exec.clone(),
        exec_sha256: run.sha256.clone(),
        syscalls: syscalls.into_iter().collect(),
        code: foreign_code(trace),
        links: links(trace, &policy),
        evidence,
        widened: widened(&policy, &selection.widened),
        tried: tried
            .into_iter()
            .map(|(grant, outcome)| Tried { grant, outcome })
            .collect(),
        provisional: Vec::new(),
        unexercised: unexercised(trace),
    };
    Ok(Derived { manifest, lock })
}

/// Takes the calls out, and adds those that do the same.
fn take_syscalls(needs: &mut BTreeSet<Grant>) -> BTreeSet<SyscallName> {
    let mut calls = BTreeSet::new();
    needs.retain(|need| match need {
        Grant::Syscall(name) => {
            calls.extend(equivalents(name.as_str()));
            calls.insert(name.clone());
            false
        }
        _ => true,
    });
    calls.retain(|call| !is_base(call.as_str()));
    calls
}

/// Files mapped executable outside the directories that every service may take code from.
fn foreign_code(trace: &Trace) -> Vec<AbsPath> {
    let base = Policy::base();
    trace
        .service_facts()
        .filter_map(|(fact, _)| match fact {
            Fact::Code { path } if !base.allows(&Grant::file(FileAccess::Read, path)) => {
                Some(path.clone())
            }
            _ => None,
        })
        .collect()
}

/// Symbolic links that were followed and lie in no directory that is granted.
fn links(trace: &Trace, policy: &Policy) -> Vec<AbsPath> {
    let base = Policy::base();
    let is_shown = |path: &AbsPath| {
        let read = Grant::file(FileAccess::Read, path);
        place::in_proc(path).is_some() || policy.allows(&read) || base.allows(&read)
    };
    trace
        .service_facts()
        .filter_map(|(fact, _)| match fact {
            Fact::Link { path, .. } if !is_shown(path) && !dynamic::is_made_link(path, policy) => {
                Some(path.clone())
            }
            _ => None,
        })
        .collect()
}

/// The widenings that are still in the policy; a later, wider one takes the earlier over.
fn widened(policy: &Policy, steps: &[(Grant, Vec<Grant>)]) -> Vec<Widened> {
    let mut found: Vec<_> = policy
        .grants()
        .filter_map(|grant| {
            let mut seen: BTreeSet<_> = steps
                .iter()
                .filter(|(wider, _)| grant.covers(wider))
                .flat_map(|(_, seen)| seen.iter().cloned())
                .collect();
            let made: BTreeSet<_> = steps.iter().map(|(wider, _)| wider).collect();
            seen.retain(|need| !made.contains(need));
            (made.contains(grant) && !seen.is_empty()).then(|| Widened {
                grant: grant.clone(),
                instead_of: seen.into_iter().collect(),
            })
        })
        .collect();
    found.sort();
    found
}

/// From this level on a grant says who used it, because a person will ask.
const ASKED_ABOUT: u8 = 8;

fn why(grant: &Grant, by: &[AbsPath], exposed: &BTreeSet<AbsPath>) -> Option<String> {
    if let Grant::File(FileAccess::Write, pattern) = grant
        && let Some(path) = pattern.as_literal()
        && exposed.contains(&path)
        && let Some(parent) = path.parent()
    {
        return Some(format!(
            "made in {parent}, which others share: it has to exist before the start"
        ));
    }
    let programs: Vec<_> = by.iter().map(ToString::to_string).collect();
    (risk(grant).level >= ASKED_ABOUT && !programs.is_empty())
        .then(|| format!("used by {}", programs.join(", ")))
}
