//! CapabilityBoundingSet= and AmbientCapabilities=.

use ringfence_policy::grant::Capability;

use super::number::unsigned;
use crate::score::profile::Profile;
use crate::score::reader::{Reader, words};
use crate::word::Style;

/// A set of capabilities, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Capabilities(u64);

impl Capabilities {
    /// No capability: what AmbientCapabilities= is when nothing sets it.
    pub const NONE: Self = Self(0);

    /// Every capability that has a name.
    const NAMED: Self = Self((1 << Capability::NAMES.len()) - 1);

    /// What CapabilityBoundingSet= is when nothing sets it. Where a later line has led back to exactly this,
    /// the set counts as not set.
    pub fn all(profile: &Profile) -> Self {
        Self(if profile.since(259) {
            u64::MAX >> 1
        } else {
            u64::MAX
        })
    }

    /// The set of these names, without their `CAP_`. A name that is none is missing from it.
    pub const fn named(mut names: &[&str]) -> Self {
        let mut set = 0;
        while let [name, others @ ..] = names {
            let mut known = Capability::NAMES;
            let mut bit = 1;
            while let [candidate, rest @ ..] = known {
                if ends_in(candidate.as_bytes(), name.as_bytes()) {
                    set |= bit;
                }
                known = rest;
                bit <<= 1;
            }
            names = others;
        }
        Self(set)
    }

    /// Whether there is one in both.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Takes the others out.
    pub fn remove(&mut self, other: Self) {
        self.0 &= !other.0;
    }

    /// One line. A list that names no capability at all empties the set, or fills it if it begins with `~`.
    pub fn assign(&mut self, value: &str, unset: Self, reader: &mut Reader<'_>) {
        let inverted = value.strip_prefix('~');
        let listed = Self::read(inverted.unwrap_or(value), reader);
        let replace = listed == Self::NONE || *self == unset;
        let everything = if reader.profile.since(259) {
            Self::NAMED
        } else {
            Self(u64::MAX)
        };
        self.0 = match (replace, inverted) {
            (true, Some(_)) => everything.0 & !listed.0,
            (true, None) => listed.0,
            (false, Some(_)) => self.0 & !listed.0,
            (false, None) => self.0 | listed.0,
        };
    }

    /// Reads a list. Up to 253 one with unbalanced quotes ends at the word that has them; since then the
    /// rest is a word.
    fn read(list: &str, reader: &mut Reader<'_>) -> Self {
        let quoting = if reader.profile.since(254) {
            Style::RELAXED
        } else {
            Style::QUOTED
        };
        let mut set = 0;
        for word in words(list, quoting) {
            let Ok(word) = word else {
                reader.ignored(list);
                break;
            };
            match number(&word, reader.profile) {
                Some(number) => set |= 1 << number,
                None => reader.ignored(&word),
            }
        }
        Self(set)
    }
}

/// The number of a capability that is given by name or number.
fn number(word: &str, profile: &Profile) -> Option<u32> {
    let highest = if profile.since(257) { 62 } else { 63 };
    let digits = word.trim_start();
    if let Some(number) = unsigned(digits.strip_prefix('+').unwrap_or(digits), 0) {
        return u32::try_from(number)
            .ok()
            .filter(|number| *number <= highest);
    }
    let mut names = (0..).zip(Capability::NAMES.iter().copied());
    let found = names.find(|(_, name)| name.eq_ignore_ascii_case(word));
    found.map(|(number, _)| number)
}

/// Whether the first is `CAP_` and the second.
const fn ends_in(name: &[u8], end: &[u8]) -> bool {
    let [b'C', b'A', b'P', b'_', rest @ ..] = name else {
        return false;
    };
    let (mut left, mut right) = (rest, end);
    while let ([one, ones @ ..], [other, others @ ..]) = (left, right) {
        if *one != *other {
            return false;
        }
        (left, right) = (ones, others);
    }
    left.is_empty() && right.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_given_by_name_or_number() {
        let profile = Profile::of(252).unwrap();
        for (word, expected) in [("cap_Kill", 5), ("0x15", 21), ("63", 63), ("+5", 5)] {
            assert_eq!(number(word, &profile), Some(expected), "{word}");
        }
        for none in ["KILL", "CAP_BOGUS", "64", "-1", ""] {
            assert_eq!(number(none, &profile), None, "{none}");
        }
    }

    #[test]
    fn a_constant_set_has_the_bits_of_its_names() {
        assert_eq!(
            Capabilities::named(&["CHOWN", "BPF"]),
            Capabilities(1 | 1 << 39)
        );
        assert_eq!(
            Capabilities::named(&["CHOW", "CAP_BPF"]),
            Capabilities::NONE
        );
    }
}
