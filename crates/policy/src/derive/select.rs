//! The working set of a derivation: what is needed, what was widened, what is in doubt.

use std::collections::{BTreeMap, BTreeSet};

use super::fold::{Limits, fold, own_installation};
use super::verdict::{Verdict, judge};
use super::{bundle, network, temporary};
use crate::denial::is_met;
use crate::grant::{DeviceAccess, FileAccess, Grant, Privilege};
use crate::path::AbsPath;
use crate::pattern::PathPattern;
use crate::place::{self, Proc};
use crate::policy::Policy;
use crate::trace::{Fact, Object, Outcome, Phase, Touch, Trace};

/// More single files of `/proc` than this become the privilege to read them all.
const PROC_FILES: usize = 3;

/// A fact that is no reason for the grants it would need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Doubt {
    pub needs: Vec<Grant>,
    pub outcome: Outcome,
    /// A directory was looked at, and not into: it is enough that it is there.
    pub only_looked: bool,
}

/// What a derivation works on.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub needs: BTreeSet<Grant>,
    /// Each widened grant with what was seen.
    pub widened: Vec<(Grant, Vec<Grant>)>,
    doubts: BTreeSet<Doubt>,
    /// Whether it opened files by handle, past every path.
    opens_by_handle: bool,
    /// Names that the service itself made or removed.
    made: BTreeSet<AbsPath>,
    /// Names among these that lie directly in a directory that others share.
    pub exposed: BTreeSet<AbsPath>,
    /// Directories it has for itself.
    private: BTreeSet<AbsPath>,
    /// Files that it read first while it served: a client asked for them.
    asked_for: BTreeSet<AbsPath>,
}

impl Selection {
    /// What the facts of the service need, nothing folded yet.
    pub fn of(trace: &Trace) -> Self {
        let mut selection = Self::default();
        let started_as_user = trace.runs().all(|run| run.uid != 0);
        for (fact, seen) in trace.service_facts() {
            if let Fact::File {
                path,
                touch: Touch::Read,
                object: Object::Regular,
                outcome: Outcome::Done,
                beneath: false,
                ..
            } = fact
                && seen.iter().all(|sighting| sighting.phase == Phase::Steady)
            {
                selection.asked_for.insert(path.clone());
            }
            if let Fact::File {
                path,
                touch: Touch::Create | Touch::Remove | Touch::Rename,
                outcome: Outcome::Done,
                beneath: false,
                ..
            } = fact
            {
                let parent = path.parent();
                if parent.is_some_and(|at| place::is_shared(&at) && !place::is_volatile(&at)) {
                    selection.exposed.insert(path.clone());
                }
                selection.made.insert(path.clone());
            }
            // From root it is a change of groups alone, which the capabilities tell. From another user only
            // a set-user-ID program leads there.
            if started_as_user && matches!(fact, Fact::Become { uid: 0, .. }) {
                let gained = Grant::Privilege(Privilege::NewPrivileges);
                selection.needs.insert(gained);
            }
            if let Fact::Capability { call, .. } = fact
                && call.as_str() == "open_by_handle_at"
            {
                selection.opens_by_handle = true;
            }
            match judge(fact) {
                Verdict::Nothing => {}
                Verdict::Needs(needs) => selection.needs.extend(needs),
                Verdict::Doubt(needs, _) => {
                    selection.doubts.insert(Doubt {
                        needs,
                        outcome: outcome(fact),
                        only_looked: only_looked(fact),
                    });
                }
            }
        }
        selection.drop_implied_capability();
        selection.give_private_directories();
        selection
    }

    /// `CAP_DAC_READ_SEARCH` is asked first when a file is read, but `CAP_DAC_OVERRIDE` is enough. Together
    /// they would also open any file by its handle.
    fn drop_implied_capability(&mut self) {
        let named = |name: &str| name.parse().ok().map(Grant::Capability);
        if let (Some(wide), Some(narrow)) =
            (named("CAP_DAC_OVERRIDE"), named("CAP_DAC_READ_SEARCH"))
            && self.needs.contains(&wide)
            && !self.opens_by_handle
        {
            self.needs.remove(&narrow);
        }
    }

    /// Directories for the service alone in place of writing to those that every service may write to.
    fn give_private_directories(&mut self) {
        let volatile: Vec<_> = self
            .needs
            .iter()
            .filter_map(|need| literal(need, FileAccess::Write))
            .filter(place::is_volatile)
            .collect();
        for directory in volatile {
            self.needs
                .remove(&Grant::file(FileAccess::Write, &directory));
            self.needs.insert(Grant::Private((&directory).into()));
        }
        let base = Policy::base();
        self.private = self
            .needs
            .iter()
            .chain(base.expanded())
            .filter_map(|need| match need {
                Grant::Private(path) => path.as_literal(),
                _ => None,
            })
            .collect();
        let needs = std::mem::take(&mut self.needs);
        self.needs = needs
            .into_iter()
            .filter(|need| match need {
                Grant::File(_, path) => path
                    .as_literal()
                    .is_none_or(|path| !self.is_made_in_private(&path)),
                _ => true,
            })
            .collect();
    }

    fn is_private(&self, path: &AbsPath) -> bool {
        path.ancestors().any(|above| self.private.contains(&above))
    }

    fn is_made(&self, path: &AbsPath) -> bool {
        path.ancestors().any(|above| self.made.contains(&above))
    }

    /// Whether `path` is the service's own in a directory of its own. A file that was there before the
    /// service came, in `/tmp` for example, is the host's and has to be granted.
    fn is_made_in_private(&self, path: &AbsPath) -> bool {
        self.is_private(path) && self.is_made(path)
    }

    /// Whether this fact was about something of the host's that is granted, and not about something that
    /// the service made.
    pub fn is_for_the_host(&self, fact: &Fact) -> bool {
        let Fact::File { path, touch, .. } = fact else {
            return false;
        };
        if !matches!(judge(fact), Verdict::Needs(_)) || path.as_bytes().starts_with(b"/dev/pts") {
            return false;
        }
        let names_change = matches!(touch, Touch::Create | Touch::Remove | Touch::Rename);
        match path.parent() {
            Some(parent) if names_change => !self.is_private(&parent) && !self.is_made(&parent),
            _ => !self.is_made(path),
        }
    }

    /// Replaces what was seen by a grant that covers all of it.
    pub fn widen(&mut self, grant: Grant, seen: Vec<Grant>) {
        for need in &seen {
            self.needs.remove(need);
        }
        self.needs.insert(grant.clone());
        self.widened.push((grant, seen));
    }

    /// Folds everything, cheapest first.
    pub fn fold(&mut self, program: &AbsPath, own_names: &BTreeSet<Vec<u8>>, limits: Limits) {
        self.drop_base();
        self.join_devices();
        bundle::choose(self);
        self.fold_logs();
        self.fold_generated_names();
        self.fold_own_state(own_names);
        self.fold_access(FileAccess::Write, limits);
        self.drop_covered();
        self.fold_installation(program);
        self.fold_asked_for();
        self.fold_own_directories(own_names);
        self.fold_access(FileAccess::Read, limits);
        self.fold_proc();
        network::fold(self);
        self.drop_covered();
    }

    fn drop_base(&mut self) {
        let base = Policy::base();
        self.needs.retain(|need| !base.allows(need));
    }

    /// Drops what another need covers. [`Policy`] does the same, but compares each grant with each other;
    /// a trace may hold thousands of plain paths, and for them it is enough to look at the paths above.
    pub(super) fn drop_covered(&mut self) {
        let mut plain: BTreeMap<AbsPath, BTreeSet<FileAccess>> = BTreeMap::new();
        let mut rest = Policy::default();
        for need in std::mem::take(&mut self.needs) {
            match need {
                Grant::File(access, pattern) if pattern.as_literal().is_some() => {
                    plain
                        .entry(pattern.literal_prefix())
                        .or_default()
                        .insert(access);
                }
                other => rest.insert(other),
            }
        }
        let has = |path: &AbsPath, wide: FileAccess| {
            plain.get(path).is_some_and(|own| own.contains(&wide))
        };
        let from_above = |path: &AbsPath, access: FileAccess| {
            let wider = |wide: &FileAccess| wide.covers(access);
            path.ancestors().any(|above| {
                FileAccess::ALL
                    .into_iter()
                    .filter(wider)
                    .any(|wide| has(&above, wide) && (above != *path || wide != access))
            })
        };
        let kept = rest.grants().filter(|grant| match grant {
            Grant::File(access, pattern) => {
                let top = pattern.literal_prefix();
                !from_above(&top, *access) && !has(&top, *access)
            }
            _ => true,
        });
        self.needs = kept.cloned().collect();
        for (path, accesses) in &plain {
            for access in accesses {
                let need = Grant::file(*access, path);
                if !from_above(path, *access) && !rest.allows(&need) {
                    self.needs.insert(need);
                }
            }
        }
    }

    /// Reading and writing one device is one grant.
    fn join_devices(&mut self) {
        let read: Vec<_> = self
            .needs
            .iter()
            .filter_map(|need| match need {
                Grant::Device(DeviceAccess::Read, path) => Some(path.clone()),
                _ => None,
            })
            .collect();
        for path in read {
            if self
                .needs
                .remove(&Grant::Device(DeviceAccess::Write, path.clone()))
            {
                self.needs
                    .insert(Grant::Device(DeviceAccess::ReadWrite, path));
            }
        }
        self.drop_covered();
    }

    pub(super) fn paths(&self, access: FileAccess) -> BTreeSet<AbsPath> {
        self.needs
            .iter()
            .filter_map(|need| literal(need, access))
            .collect()
    }

    /// A log is rotated by renaming it, and then the service makes a new one. A grant for the one file
    /// would go away with it, so the service's own directory below `/var/log` is granted for appending.
    fn fold_logs(&mut self) {
        let logs = AbsPath::root().join(b"var").join(b"log");
        for path in self.paths(FileAccess::Append) {
            let own = path.parent().filter(|parent| {
                *parent != logs && parent.is_within(&logs) && !place::is_shared(parent)
            });
            if let Some(directory) = own {
                let seen = vec![Grant::file(FileAccess::Append, &path)];
                self.widen(Grant::file(FileAccess::Append, &directory), seen);
            }
        }
    }

    fn fold_generated_names(&mut self) {
        for access in [FileAccess::Append, FileAccess::Write] {
            for (pattern, members) in temporary::patterns(&self.paths(access)) {
                let seen = members.iter().map(|path| Grant::file(access, path));
                self.widen(Grant::File(access, pattern), seen.collect());
            }
        }
    }

    fn fold_access(&mut self, access: FileAccess, limits: Limits) {
        for (top, from) in fold(&self.paths(access), limits) {
            if from.len() > 1 || !from.contains(&top) {
                let grant = Grant::file(access, &top);
                let was_needed = from.contains(&top);
                let seen: Vec<_> = from.iter().map(|path| Grant::file(access, path)).collect();
                if was_needed {
                    for need in &seen {
                        self.needs.remove(need);
                    }
                    self.needs.insert(grant);
                } else {
                    self.widen(grant, seen);
                }
            }
        }
    }

    /// What a program of its own prefix reads of its own installation is that installation.
    fn fold_installation(&mut self, program: &AbsPath) {
        let read = self.paths(FileAccess::Read);
        for directory in own_installation(program) {
            self.fold_read_to(&directory, &read, 1);
        }
        self.drop_covered();
    }

    /// What one client asked for is an example of what clients ask for: the next one wants another file. So
    /// the directory is granted, unless others share it or it holds secrets.
    fn fold_asked_for(&mut self) {
        let read = self.paths(FileAccess::Read);
        for path in self
            .asked_for
            .intersection(&read)
            .cloned()
            .collect::<Vec<_>>()
        {
            let directory = path.parent().filter(|parent| {
                let secret = place::is_secret(parent);
                !place::is_shared(parent) && !secret && place::in_proc(parent).is_none()
            });
            if let Some(directory) = directory {
                self.fold_read_to(&directory, &read, 1);
            }
        }
        self.drop_covered();
    }

    pub(super) fn fold_read_to(
        &mut self,
        directory: &AbsPath,
        read: &BTreeSet<AbsPath>,
        least: usize,
    ) {
        let own: Vec<_> = read
            .iter()
            .filter(|path| path.is_within(directory))
            .map(|path| Grant::file(FileAccess::Read, path))
            .collect();
        let whole = Grant::file(FileAccess::Read, directory);
        if own.len() >= least && !own.contains(&whole) {
            self.widen(whole, own);
        }
    }

    fn fold_proc(&mut self) {
        let seen: Vec<_> = self
            .paths(FileAccess::Read)
            .into_iter()
            .filter(|path| place::in_proc(path) == Some(Proc::System))
            .map(|path| Grant::file(FileAccess::Read, &path))
            .collect();
        if seen.len() > PROC_FILES {
            self.widen(Grant::Privilege(Privilege::ProcSys), seen);
        }
    }

    /// Grants what is only in doubt where it is harmless: reading the service's own configuration, which
    /// may be there tomorrow. Returns the rest.
    pub fn resolve_doubts(&mut self, own_names: &BTreeSet<Vec<u8>>) -> Vec<(Grant, Outcome)> {
        for need in self.doubts.iter().flat_map(|doubt| &doubt.needs) {
            if let Some(path) = literal(need, FileAccess::Read)
                && is_own_configuration(&path, own_names)
                && !place::is_sensitive(&path)
            {
                self.needs.insert(need.clone());
            }
        }
        self.drop_covered();
        let mut policy: Policy = self.needs.iter().cloned().collect();
        policy.insert(Grant::Use(crate::grant::Bundle::BASE));
        let in_view: BTreeSet<_> = policy
            .expanded()
            .filter_map(|grant| match grant {
                Grant::File(_, path) | Grant::Device(_, path) | Grant::Private(path) => {
                    Some(path.literal_prefix())
                }
                _ => None,
            })
            .collect();
        let leads_to_granted = |need: &Grant| {
            literal(need, FileAccess::Read)
                .is_some_and(|path| in_view.iter().any(|granted| granted.is_within(&path)))
        };
        let mut tried = Vec::new();
        for doubt in &self.doubts {
            for need in &doubt.needs {
                let visible = doubt.only_looked && leads_to_granted(need);
                if !visible && !is_met(&policy, need) {
                    tried.push((need.clone(), doubt.outcome));
                }
            }
        }
        tried.sort();
        tried.dedup();
        tried
    }
}

/// `/etc/NAME`, `/etc/NAME.conf`, `/etc/default/NAME` and what lies beneath.
fn is_own_configuration(path: &AbsPath, own_names: &BTreeSet<Vec<u8>>) -> bool {
    let names: Vec<_> = path.components().collect();
    let name = match names.as_slice() {
        [b"etc", b"default" | b"sysconfig", name, ..]
        | [b"usr", b"local", b"etc", name, ..]
        | [b"etc", name, ..] => *name,
        _ => return false,
    };
    own_names.iter().any(|own| {
        name.strip_prefix(own.as_slice())
            .is_some_and(|rest| matches!(rest, b"" | b".d" | b".conf" | b".cfg" | b".toml"))
    })
}

fn outcome(fact: &Fact) -> Outcome {
    match fact {
        Fact::File { outcome, .. } | Fact::Bind { outcome, .. } | Fact::Connect { outcome, .. } => {
            *outcome
        }
        _ => Outcome::Done,
    }
}

fn only_looked(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::File {
            touch: Touch::Probe,
            object: Object::Directory,
            outcome: Outcome::Done,
            beneath: false,
            ..
        }
    )
}

fn literal(need: &Grant, access: FileAccess) -> Option<AbsPath> {
    match need {
        Grant::File(own, path) if *own == access => PathPattern::as_literal(path),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_covered_is_dropped_as_a_policy_does(
            needs in proptest::collection::btree_set(
                "files\\.(read|append|write|exec) (/[ab]{1,2}\\*?){1,3}|files\\.use base|net\\.dns",
                0..12,
            )
        ) {
            let needs: BTreeSet<Grant> = needs.iter().map(|need| need.parse().unwrap()).collect();
            let policy: Policy = needs.iter().cloned().collect();
            let mut selection = Selection { needs, ..Selection::default() };
            selection.drop_covered();
            prop_assert!(policy.grants().eq(&selection.needs));
        }
    }
}
