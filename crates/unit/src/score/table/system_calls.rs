//! The system-call groups of systemd, and which calls an architecture has.
//!
//! Both come as text that generate.py wrote, and are read when the first SystemCallFilter= asks.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use crate::score::profile::Profile;

const GROUPS: &str = include_str!("groups.txt");
const NATIVES: &str = include_str!("natives.txt");

/// Enough for every name in the tables.
const WORDS: usize = 12;

/// A system call: its place among those of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Call(usize);

/// A set of system calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Calls([u64; WORDS]);

impl Calls {
    /// What a word of SystemCallFilter= stands for: a call, or a group with the groups in it.
    pub fn named(word: &str, profile: &Profile) -> Option<Self> {
        let table = Table::shared();
        if word.starts_with('@') {
            table.group(word, profile)
        } else {
            table.call(word).map(|call| Self::default().with(call))
        }
    }

    /// The calls of the group that the profile's architecture has itself.
    pub fn native(group: &str, profile: &Profile) -> Self {
        let table = Table::shared();
        let natives = table.natives.get(profile.architecture);
        let there = natives.into_iter().flatten();
        let there = there.filter(|member| member.is_there(profile.libseccomp));
        let own = table.all(there, profile);
        own.and(&table.group(group, profile).unwrap_or_default())
    }

    fn with(mut self, Call(place): Call) -> Self {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
        self
    }

    /// The calls of either.
    pub fn or(&self, other: &Self) -> Self {
        self.merge(other, |own, other| own | other)
    }

    /// The calls of both.
    pub fn and(&self, other: &Self) -> Self {
        self.merge(other, |own, other| own & other)
    }

    /// The calls of this but not of the other.
    pub fn without(&self, other: &Self) -> Self {
        self.merge(other, |own, other| own & !other)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn merge(&self, other: &Self, join: impl Fn(u64, u64) -> u64) -> Self {
        let mut merged = *self;
        for (word, other) in merged.0.iter_mut().zip(&other.0) {
            *word = join(*word, *other);
        }
        merged
    }
}

/// A word in a line of the tables, and the versions that have it.
#[derive(Debug, Clone, Copy)]
struct Member {
    what: What,
    since: u32,
    until: u32,
}

/// What a word stands for.
#[derive(Debug, Clone, Copy)]
enum What {
    Call(Call),
    Group(&'static str),
}

impl Member {
    /// Reads `name`, `name>=V`, `name<V` or both. A call that is new gets the next place.
    fn read(word: &'static str, calls: &mut HashMap<&'static str, Call>) -> Self {
        let (word, until) = split(word, '<', u32::MAX);
        let (name, since) = split(word, '>', 0);
        let what = if name.starts_with('@') {
            What::Group(name)
        } else {
            let next = Call(calls.len());
            What::Call(*calls.entry(name).or_insert(next))
        };
        Self { what, since, until }
    }

    fn is_there(&self, version: u32) -> bool {
        (self.since..self.until).contains(&version)
    }
}

fn split(word: &'static str, mark: char, otherwise: u32) -> (&'static str, u32) {
    word.split_once(mark)
        .map_or((word, otherwise), |(before, after)| (before, number(after)))
}

/// 262 is 262 and 2.6.1 is 20601. The rest of a `>=` may stand before it.
fn number(version: &str) -> u32 {
    let parts = version.trim_start_matches('=').split('.');
    let parts = parts.map(|part| part.parse().unwrap_or(0));
    parts.fold(0, |number: u32, part: u32| number * 100 + part)
}

type Lists = BTreeMap<&'static str, Vec<Member>>;

#[derive(Debug)]
struct Table {
    calls: HashMap<&'static str, Call>,
    groups: Lists,
    natives: Lists,
}

impl Table {
    fn shared() -> &'static Self {
        static TABLE: OnceLock<Table> = OnceLock::new();
        TABLE.get_or_init(Self::read)
    }

    fn read() -> Self {
        let mut calls = HashMap::with_capacity(WORDS * 64);
        Self {
            groups: lists(GROUPS, &mut calls),
            natives: lists(NATIVES, &mut calls),
            calls,
        }
    }

    fn call(&self, name: &str) -> Option<Call> {
        self.calls.get(name).copied()
    }

    fn group(&self, name: &str, profile: &Profile) -> Option<Calls> {
        let members = self.groups.get(name)?.iter();
        let there = members.filter(|member| member.is_there(profile.version()));
        let all = self.all(there, profile);
        (!all.is_empty()).then_some(all)
    }

    fn all<'a>(&self, members: impl Iterator<Item = &'a Member>, profile: &Profile) -> Calls {
        members.fold(Calls::default(), |all, member| match member.what {
            What::Call(call) => all.with(call),
            What::Group(name) => all.or(&self.group(name, profile).unwrap_or_default()),
        })
    }
}

/// Lines of a key and words; a line that begins with a space goes on with the one before.
fn lists(text: &'static str, calls: &mut HashMap<&'static str, Call>) -> Lists {
    let mut lists = Lists::new();
    let mut key = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_ascii_whitespace();
        if !line.starts_with(' ') {
            key = words.next().unwrap_or_default();
        }
        let list = lists.entry(key).or_default();
        list.extend(words.map(|word| Member::read(word, calls)));
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(version: u32) -> Profile {
        Profile::of(version).unwrap().on("x86_64")
    }

    #[test]
    fn every_name_has_a_place_in_a_set() {
        assert!(Table::shared().calls.len() <= WORDS * 64);
    }

    #[test]
    fn no_group_contains_itself() {
        for name in Table::shared().groups.keys() {
            for version in Profile::versions() {
                let _ = Table::shared().group(name, &profile(version));
            }
        }
    }

    #[test]
    fn a_group_has_the_calls_of_the_groups_in_it() {
        let inner = Calls::named("@clock", &profile(252)).unwrap();
        let outer = Calls::named("@privileged", &profile(252)).unwrap();
        assert!(inner.without(&outer).is_empty());
        assert!(!outer.without(&inner).is_empty());
    }

    #[test]
    fn a_group_changes_with_the_version() {
        let call = Calls::named("open_tree", &profile(252)).unwrap();
        let mount = |version| Calls::named("@mount", &profile(version)).unwrap();
        assert!(call.without(&mount(257)).is_empty());
        assert!(call.and(&mount(259)).is_empty());
        assert!(Calls::named("@sandbox", &profile(252)).is_none());
        assert!(Calls::named("@sandbox", &profile(257)).is_some());
    }

    #[test]
    fn calls_of_other_architectures_are_not_native() {
        let old = Calls::named("vm86old", &profile(252)).unwrap();
        assert!(
            old.and(&Calls::native("@cpu-emulation", &profile(252)))
                .is_empty()
        );
        let ldt = Calls::named("modify_ldt", &profile(252)).unwrap();
        assert!(
            !ldt.and(&Calls::native("@cpu-emulation", &profile(252)))
                .is_empty()
        );
    }
}
