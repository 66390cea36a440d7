//! The facts of a run while it lasts, in bounded memory.
//!
//! Folding may only widen what a fact says and is visible in it (`beneath` for a directory with very many
//! names, or for a tree in which very many were looked at or listed; address `0.0.0.0` or `[::]` for
//! any host, port 0 for any port). What could be kept in neither form is counted as lost. A service that
//! runs for a month with names that are always new needs no more memory than one that runs for a minute.

mod endpoints;
mod tree;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ringfence_policy::path::AbsPath;
use ringfence_policy::trace::{Address, Fact, Loss, Outcome, Phase, Sighting, Touch, Trace};

use endpoints::Endpoints;
use tree::{Kind, Limits, Tree};

/// Circumstances with the program as an index.
pub type Seen = BTreeSet<(Phase, u32)>;

/// Names per directory, touch and outcome before the directory speaks for them.
const NAMES_PER_DIRECTORY: usize = 256;
/// Names below a directory, at any depth, before it speaks for all that are looked at or listed: who walks
/// that many walks the whole tree. Other touches are told apart however many there are.
const NAMES_OF_A_WALK: usize = 512;
/// Nodes of all path trees before directories must speak for fewer names.
const NODES: usize = 40_000;
/// Facts of one kind that cannot be folded.
const PER_KIND: usize = 4096;
/// Programs told apart.
const PROGRAMS: usize = 1024;
/// Sentences in [`Loss::why`].
const SENTENCES: usize = 64;

/// Facts, sightings and losses of one run.
#[derive(Debug)]
pub struct Ledger {
    trees: BTreeMap<(Touch, Outcome), Tree>,
    cap: usize,
    endpoints: Endpoints,
    others: HashMap<Fact, Seen>,
    per_kind: HashMap<std::mem::Discriminant<Fact>, usize>,
    programs: Vec<AbsPath>,
    program_of: HashMap<AbsPath, u32>,
    loss: Loss,
}

impl Ledger {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            trees: BTreeMap::new(),
            cap: NAMES_PER_DIRECTORY,
            endpoints: Endpoints::default(),
            others: HashMap::new(),
            per_kind: HashMap::new(),
            programs: Vec::new(),
            program_of: HashMap::new(),
            loss: Loss::default(),
        }
    }

    /// The index of a program.
    pub fn program(&mut self, path: &AbsPath) -> u32 {
        if let Some(index) = self.program_of.get(path) {
            return *index;
        }
        // Past the limit, a program goes by its directory, and past twice the limit by the root.
        let path = match self.programs.len() {
            0..PROGRAMS => path.clone(),
            count => {
                self.lose(
                    0,
                    0,
                    "too many programs to tell apart: some are named by their directory",
                );
                match path.parent() {
                    Some(parent) if count < 2 * PROGRAMS => parent,
                    _ => AbsPath::root(),
                }
            }
        };
        let next = u32::try_from(self.programs.len()).unwrap_or(u32::MAX);
        let index = *self.program_of.entry(path.clone()).or_insert(next);
        if index == next {
            self.programs.push(path);
        }
        index
    }

    /// The path of a program.
    pub fn program_path(&self, index: u32) -> AbsPath {
        self.programs
            .get(index as usize)
            .cloned()
            .unwrap_or_else(AbsPath::root)
    }

    /// Adds a fact; says whether anything about it is new.
    pub fn record(&mut self, fact: Fact, phase: Phase, program: u32) -> bool {
        let when = (phase, program);
        match fact {
            Fact::File {
                path,
                touch,
                object,
                permission,
                outcome,
                beneath,
            } => {
                let tree = self.trees.entry((touch, outcome)).or_default();
                let limits = Limits {
                    names: self.cap,
                    below: match touch {
                        Touch::Probe | Touch::List => NAMES_OF_A_WALK,
                        _ => usize::MAX,
                    },
                };
                let new = tree.insert(&path, (object, permission), beneath, when, limits);
                if new {
                    self.shrink();
                }
                new
            }
            fact => {
                let (fact, folded) = self.endpoints.fold(fact);
                if folded {
                    self.note("so many addresses were used that some are written as `any`");
                }
                if let Some(seen) = self.others.get_mut(&fact) {
                    return seen.insert(when);
                }
                let count = self
                    .per_kind
                    .entry(std::mem::discriminant(&fact))
                    .or_default();
                if *count >= PER_KIND {
                    self.lose(1, 0, "too many different facts of one kind");
                    return false;
                }
                *count += 1;
                self.others.insert(fact, Seen::from([when]));
                true
            }
        }
    }

    /// What was done beneath the directory that speaks for this path; `None` when none does.
    pub fn beneath(&self, touch: Touch, path: &[u8]) -> Option<&BTreeMap<Kind, Seen>> {
        self.trees.get(&(touch, Outcome::Done))?.beneath(path)
    }

    /// Lets directories speak for fewer names until the trees are small enough.
    fn shrink(&mut self) {
        while self.nodes() > NODES && self.cap > 0 {
            self.cap /= 4;
            for tree in self.trees.values_mut() {
                tree.fold(self.cap);
            }
        }
    }

    fn nodes(&self) -> usize {
        self.trees.values().map(Tree::nodes).sum()
    }

    /// How many facts there are, for tests of the bound.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.nodes() + self.others.len()
    }

    /// Counts events and processes that got away, with a sentence for a person.
    pub fn lose(&mut self, events: u64, processes: u64, why: &str) {
        self.loss.events = self.loss.events.saturating_add(events);
        self.loss.processes = self.loss.processes.saturating_add(processes);
        self.note(why);
    }

    /// A sentence about what the trace cannot show.
    pub fn note(&mut self, why: &str) {
        if self.loss.why.len() < SENTENCES && !self.loss.why.iter().any(|known| known == why) {
            self.loss.why.push(why.to_owned());
        }
    }

    /// What was lost so far.
    pub fn loss(&self) -> &Loss {
        &self.loss
    }

    /// Says of everything so far that a wrapper did it.
    pub fn was_wrapper(&mut self) {
        let relabel = |seen: &mut Seen| {
            *seen = seen.iter().map(|(_, by)| (Phase::Wrapper, *by)).collect();
        };
        self.others.values_mut().for_each(relabel);
        for tree in self.trees.values_mut() {
            tree.for_each_seen(&mut |seen| relabel(seen));
        }
    }

    /// Tells of a socket under the name that it was given after it was bound.
    pub fn rename_socket(&mut self, from: &Address, to: &Address) {
        let old: Vec<Fact> = self
            .others
            .keys()
            .filter(|fact| {
                matches!(
                    fact,
                    Fact::Bind { address, .. } | Fact::Listen { address, .. } | Fact::Served { address, .. }
                        if address == from
                )
            })
            .cloned()
            .collect();
        for mut fact in old {
            let Some(seen) = self.others.remove(&fact) else {
                continue;
            };
            if let Fact::Bind { address, .. }
            | Fact::Listen { address, .. }
            | Fact::Served { address, .. } = &mut fact
            {
                address.clone_from(to);
            }
            self.others.entry(fact).or_default().extend(seen);
        }
    }

    /// The facts as a trace, without runs and peaks.
    pub fn to_trace(&self) -> Trace {
        let mut trace = Trace::new();
        let mut put = |fact: Fact, seen: &Seen| {
            for (phase, by) in seen {
                let by = self.program_path(*by);
                trace.record(fact.clone(), Sighting { phase: *phase, by });
            }
        };
        for (fact, seen) in &self.others {
            put(fact.clone(), seen);
        }
        for ((touch, outcome), tree) in &self.trees {
            tree.for_each(&mut |path, (object, permission), beneath, seen| {
                let fact = Fact::File {
                    path,
                    touch: *touch,
                    object,
                    permission,
                    outcome: *outcome,
                    beneath,
                };
                put(fact, seen);
            });
        }
        trace
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_policy::trace::{Object, Permission};

    fn created(path: &str) -> Fact {
        Fact::File {
            path: path.parse().unwrap(),
            touch: Touch::Create,
            object: Object::Regular,
            permission: Permission::Owner,
            outcome: Outcome::Done,
            beneath: false,
        }
    }

    #[test]
    fn a_hundred_thousand_names_in_one_directory_become_one_fact() {
        let mut ledger = Ledger::new();
        for number in 0..100_000 {
            ledger.record(created(&format!("/srv/spool/{number}")), Phase::Start, 0);
        }
        assert!(ledger.len() <= NAMES_PER_DIRECTORY + 4);
        let trace = ledger.to_trace();
        let facts: Vec<_> = trace.facts().collect();
        assert!(matches!(
            facts.as_slice(),
            [(Fact::File { path, beneath: true, .. }, _)] if path.to_string() == "/srv/spool"
        ));
    }

    #[test]
    fn names_spread_over_many_directories_are_bounded_too() {
        let mut ledger = Ledger::new();
        for a in 0..100 {
            for b in 0..100 {
                for c in 0..20 {
                    ledger.record(created(&format!("/srv/{a}/{b}/{c}")), Phase::Start, 0);
                }
            }
        }
        assert!(ledger.len() <= NODES, "{}", ledger.len());
        assert_eq!(*ledger.loss(), Loss::default());
    }

    #[test]
    fn a_folded_directory_speaks_for_every_name_that_was_seen() {
        let mut ledger = Ledger::new();
        let paths: Vec<String> = (0..600)
            .map(|n| format!("/var/lib/x/{}/{n}", n % 3))
            .collect();
        for path in &paths {
            ledger.record(created(path), Phase::Steady, 0);
        }
        let trace = ledger.to_trace();
        for path in paths {
            let path: AbsPath = path.parse().unwrap();
            assert!(trace.facts().any(|(fact, _)| match fact {
                Fact::File {
                    path: top,
                    beneath: true,
                    ..
                } => path.is_within(top),
                Fact::File { path: own, .. } => *own == path,
                _ => false,
            }));
        }
    }

    #[test]
    fn a_walk_over_many_small_directories_is_told_by_the_directory_it_began_in() {
        let listed = |path: &str| Fact::File {
            path: path.parse().unwrap(),
            touch: Touch::List,
            object: Object::Directory,
            permission: Permission::Others,
            outcome: Outcome::Done,
            beneath: false,
        };
        let mut ledger = Ledger::new();
        ledger.record(listed("/srv/other"), Phase::Start, 0);
        for number in 0..5000 {
            let path = format!("/srv/top/{}/{}/{number}", number % 7, number % 50);
            ledger.record(listed(&path), Phase::Start, 0);
            ledger.record(created(&path), Phase::Start, 0);
        }
        let trace = ledger.to_trace();
        let lists: Vec<_> = trace
            .facts()
            .filter_map(|(fact, _)| match fact {
                Fact::File {
                    touch: Touch::List,
                    path,
                    beneath,
                    ..
                } => Some((path.to_string(), *beneath)),
                _ => None,
            })
            .collect();
        assert!(lists.contains(&("/srv/other".to_owned(), false)));
        assert!(lists.contains(&("/srv/top".to_owned(), true)), "{lists:?}");
        assert_eq!(trace.facts().count(), 5000 + lists.len());
        let beneath = ledger.beneath(Touch::List, b"/srv/top/never/seen").unwrap();
        assert!(beneath.contains_key(&(Object::Directory, Permission::Others)));
        assert!(ledger.beneath(Touch::List, b"/srv/other/x").is_none());
    }

    #[test]
    fn a_socket_is_told_by_the_name_that_it_was_given_last() {
        use ringfence_policy::trace::SocketKind;
        let listen = |address: &Address| Fact::Listen {
            address: address.clone(),
            socket: SocketKind::Stream,
        };
        let name = |text: &str| Address::Unix(text.parse().unwrap());
        let (from, to) = (name("/run/x.17.tmp"), name("/run/x"));
        let mut ledger = Ledger::new();
        ledger.record(listen(&from), Phase::Start, 0);
        ledger.rename_socket(&from, &to);
        let trace = ledger.to_trace();
        let facts: Vec<_> = trace.facts().map(|(fact, _)| fact.clone()).collect();
        assert_eq!(facts, [listen(&to)]);
    }

    #[test]
    fn what_a_wrapper_did_is_told_apart_from_what_the_service_does() {
        let mut ledger = Ledger::new();
        let shell = ledger.program(&"/bin/sh".parse().unwrap());
        let service = ledger.program(&"/bin/service".parse().unwrap());
        ledger.record(created("/a"), Phase::Start, shell);
        ledger.was_wrapper();
        ledger.record(created("/b"), Phase::Start, service);
        let trace = ledger.to_trace();
        assert_eq!(trace.service_facts().count(), 1);
        assert_eq!(trace.facts().count(), 2);
    }
}
