//! The system-call groups of systemd, and which calls an architecture has.
//!
//! Both come as text that generate.py wrote, and are read when the first SystemCallFilter= asks.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::score::profile::Profile;

const GROUPS: &str = include_str!("groups.txt");
const NATIVES: &str = include_str!("natives.txt");

/// Enough for every name in the tables.
const WORDS: usize = 12;

/// A system call: its place among the names of the table.
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
        let mut own = Self::default();
        for member in natives.into_iter().flatten() {
            if member.is_there(profile.libseccomp)
                && let Some(call) = table.call(member.name)
            {
                own = own.with(call);
            }
        }
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

/// A name in a line of the tables, and the versions that have it.
#[derive(Debug, Clone, Copy)]
struct Member {
    name: &'static str,
    since: u32,
    until: u32,
}

impl Member {
    /// Reads `name`, `name>=V`, `name<V` or both.
    fn read(word: &'static str) -> Self {
        let (word, until) = split(word, "<", u32::MAX);
        let (name, since) = split(word, ">=", 0);
        Self { name, since, until }
    }

    fn is_there(&self, version: u32) -> bool {
        (self.since..self.until).contains(&version)
    }
}

fn split(word: &'static str, mark: &str, otherwise: u32) -> (&'static str, u32) {
    word.split_once(mark)
        .map_or((word, otherwise), |(before, after)| (before, number(after)))
}

/// 262 is 262 and 2.6.1 is 20601.
fn number(version: &str) -> u32 {
    let parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    parts.fold(0, |number: u32, part: u32| number * 100 + part)
}

#[derive(Debug)]
struct Table {
    /// Sorted.
    names: Vec<&'static str>,
    groups: BTreeMap<&'static str, Vec<Member>>,
    natives: BTreeMap<&'static str, Vec<Member>>,
}

impl Table {
    fn shared() -> &'static Self {
        static TABLE: OnceLock<Table> = OnceLock::new();
        TABLE.get_or_init(Self::read)
    }

    fn read() -> Self {
        let (groups, natives) = (lists(GROUPS), lists(NATIVES));
        let members = groups.values().flatten().map(|member| member.name);
        let mut names: Vec<_> = members.filter(|name| !name.starts_with('@')).collect();
        names.sort_unstable();
        names.dedup();
        Self {
            names,
            groups,
            natives,
        }
    }

    fn call(&self, name: &str) -> Option<Call> {
        self.names.binary_search(&name).ok().map(Call)
    }

    fn group(&self, name: &str, profile: &Profile) -> Option<Calls> {
        let members = self.groups.get(name)?;
        let there = members.iter().filter(|m| m.is_there(profile.version()));
        let calls = there.filter_map(|member| match self.call(member.name) {
            Some(call) => Some(Calls::default().with(call)),
            None => self.group(member.name, profile),
        });
        let all = calls.fold(Calls::default(), |all, calls| all.or(&calls));
        (!all.is_empty()).then_some(all)
    }
}

/// Lines of a key and words; a line that begins with a space goes on with the one before.
fn lists(text: &'static str) -> BTreeMap<&'static str, Vec<Member>> {
    let mut lists = BTreeMap::new();
    let mut key = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_ascii_whitespace();
        if !line.starts_with(' ') {
            key = words.next().unwrap_or_default();
        }
        let list: &mut Vec<Member> = lists.entry(key).or_default();
        list.extend(words.map(Member::read));
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
        assert!(Table::shared().names.len() <= WORDS * 64);
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
