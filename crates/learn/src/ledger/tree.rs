//! Paths as a tree in which a directory with too many children speaks for all of them.

use std::collections::BTreeMap;

use ringfence_policy::path::AbsPath;
use ringfence_policy::trace::{Object, Permission};

use super::Seen;

/// What is kept of a path besides its place in the tree.
pub type Kind = (Object, Permission);

/// The paths of one touch and one outcome.
#[derive(Debug, Default)]
pub struct Tree {
    root: Node,
    nodes: usize,
}

#[derive(Debug, Default)]
struct Node {
    children: BTreeMap<Box<[u8]>, Node>,
    own: BTreeMap<Kind, Seen>,
    beneath: BTreeMap<Kind, Seen>,
}

impl Node {
    fn folded(&self) -> bool {
        !self.beneath.is_empty()
    }

    /// Moves everything below into `beneath`; returns how many nodes went.
    fn fold_here(&mut self) -> usize {
        let children = std::mem::take(&mut self.children);
        let mut gone = 0;
        for mut child in children.into_values() {
            gone += 1 + child.fold_here();
            for (kind, seen) in child.own.into_iter().chain(child.beneath) {
                self.beneath.entry(kind).or_default().extend(seen);
            }
        }
        gone
    }

    fn fold(&mut self, cap: usize, depth: usize) -> usize {
        // Folding the root itself would say "anywhere", which is no fact about a service.
        if depth > 0 && self.children.len() > cap {
            return self.fold_here();
        }
        self.children
            .values_mut()
            .map(|child| child.fold(cap, depth + 1))
            .sum()
    }

    fn for_each(&self, path: &AbsPath, tell: &mut impl FnMut(AbsPath, Kind, bool, &Seen)) {
        for (kind, seen) in &self.own {
            tell(path.clone(), *kind, false, seen);
        }
        for (kind, seen) in &self.beneath {
            tell(path.clone(), *kind, true, seen);
        }
        for (name, child) in &self.children {
            child.for_each(&path.join(name), tell);
        }
    }

    fn for_each_seen(&mut self, change: &mut impl FnMut(&mut Seen)) {
        self.own.values_mut().for_each(&mut *change);
        self.beneath.values_mut().for_each(&mut *change);
        for child in self.children.values_mut() {
            child.for_each_seen(change);
        }
    }
}

impl Tree {
    /// Adds a path; says whether anything about it is new.
    pub fn insert(
        &mut self,
        path: &AbsPath,
        kind: Kind,
        beneath: bool,
        when: (ringfence_policy::trace::Phase, u32),
        cap: usize,
    ) -> bool {
        let mut node = &mut self.root;
        let mut depth = 0;
        for name in path.components() {
            if node.folded() {
                return node.beneath.entry(kind).or_default().insert(when);
            }
            if !node.children.contains_key(name) {
                if depth > 0 && node.children.len() >= cap {
                    self.nodes -= node.fold_here();
                    return node.beneath.entry(kind).or_default().insert(when);
                }
                self.nodes += 1;
            }
            node = node.children.entry(name.into()).or_default();
            depth += 1;
        }
        if beneath && depth > 0 {
            self.nodes -= node.fold_here();
            return node.beneath.entry(kind).or_default().insert(when);
        }
        node.own.entry(kind).or_default().insert(when)
    }

    /// Folds every directory with more than `cap` children.
    pub fn fold(&mut self, cap: usize) {
        self.nodes -= self.root.fold(cap, 0);
    }

    /// How many paths and directories the tree holds.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// Visits every fact.
    pub fn for_each(&self, tell: &mut impl FnMut(AbsPath, Kind, bool, &Seen)) {
        self.root.for_each(&AbsPath::root(), tell);
    }

    /// Changes the sightings of every fact.
    pub fn for_each_seen(&mut self, change: &mut impl FnMut(&mut Seen)) {
        self.root.for_each_seen(change);
    }
}
