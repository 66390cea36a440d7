//! Paths as a tree in which a directory with too much in it speaks for all of it.

use std::collections::BTreeMap;

use ringfence_policy::path::AbsPath;
use ringfence_policy::trace::{Object, Permission, Phase};

use super::Seen;

/// What is kept of a path besides its place in the tree.
pub type Kind = (Object, Permission);

/// How much a directory may hold before it speaks for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Names in the directory itself.
    pub names: usize,
    /// Names in it and in all directories below; what is folded then has at least half as many.
    pub below: usize,
}

/// The paths of one touch and one outcome.
#[derive(Debug, Default)]
pub struct Tree {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    children: BTreeMap<Box<[u8]>, Node>,
    own: BTreeMap<Kind, Seen>,
    beneath: BTreeMap<Kind, Seen>,
    /// How many nodes there are below.
    size: usize,
}

/// What is put into a tree.
struct Leaf {
    kind: Kind,
    beneath: bool,
    when: (Phase, u32),
}

impl Node {
    /// Puts a leaf in, and says whether it is new.
    fn insert(
        &mut self,
        names: &mut dyn Iterator<Item = &[u8]>,
        leaf: &Leaf,
        depth: usize,
        limits: Limits,
    ) -> bool {
        if self.folded() {
            return self.speak(leaf);
        }
        let Some(name) = names.next() else {
            if leaf.beneath && depth > 0 {
                self.fold_here();
                return self.speak(leaf);
            }
            return self.own.entry(leaf.kind).or_default().insert(leaf.when);
        };
        let before = match self.children.get(name) {
            Some(child) => 1 + child.size,
            // Folding the root itself would say "anywhere", which is no fact about a service.
            None if depth > 0 && self.children.len() >= limits.names => {
                self.fold_here();
                return self.speak(leaf);
            }
            None => 0,
        };
        let child = self.children.entry(name.into()).or_default();
        let new = child.insert(names, leaf, depth + 1, limits);
        self.size = self.size + 1 + child.size - before;
        if depth > 0 && self.size > limits.below {
            self.fold_where_most_is(limits.below / 2);
        }
        new
    }

    /// Has a folded directory say it of everything beneath.
    fn speak(&mut self, leaf: &Leaf) -> bool {
        self.beneath.entry(leaf.kind).or_default().insert(leaf.when)
    }

    fn folded(&self) -> bool {
        !self.beneath.is_empty()
    }

    /// Folds this directory, or one below that holds at least so much by itself: a walk that began further
    /// down says nothing of the neighbors of its top.
    fn fold_where_most_is(&mut self, enough: usize) {
        let fullest = self.children.values_mut().max_by_key(|child| child.size);
        match fullest {
            Some(child) if child.size >= enough => {
                let before = child.size;
                child.fold_where_most_is(enough);
                self.size = self.size + child.size - before;
            }
            _ => self.fold_here(),
        }
    }

    /// Moves everything below into `beneath`.
    fn fold_here(&mut self) {
        self.size = 0;
        for mut child in std::mem::take(&mut self.children).into_values() {
            child.fold_here();
            for (kind, seen) in child.own.into_iter().chain(child.beneath) {
                self.beneath.entry(kind).or_default().extend(seen);
            }
        }
    }

    fn fold(&mut self, names: usize, depth: usize) {
        if depth > 0 && self.children.len() > names {
            self.fold_here();
            return;
        }
        self.size = 0;
        for child in self.children.values_mut() {
            child.fold(names, depth + 1);
            self.size += 1 + child.size;
        }
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
        when: (Phase, u32),
        limits: Limits,
    ) -> bool {
        let leaf = Leaf {
            kind,
            beneath,
            when,
        };
        self.root.insert(&mut path.components(), &leaf, 0, limits)
    }

    /// What the directory says that speaks for this path; `None` when none does.
    pub fn beneath(&self, path: &[u8]) -> Option<&BTreeMap<Kind, Seen>> {
        let names = path.split(|byte| *byte == b'/');
        let mut node = &self.root;
        for name in names.filter(|name| !name.is_empty()) {
            if node.folded() {
                break;
            }
            node = node.children.get(name)?;
        }
        node.folded().then_some(&node.beneath)
    }

    /// Folds every directory with more than so many names.
    pub fn fold(&mut self, names: usize) {
        self.root.fold(names, 0);
    }

    /// How many paths and directories the tree holds.
    pub fn nodes(&self) -> usize {
        self.root.size
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
