//! Settings that take one of a few words.

use crate::score::profile::Profile;
use crate::word::boolean;

/// A setting that takes one of a few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    DevicePolicy,
    ExitType,
    KeyringMode,
    KillMode,
    NotifyAccess,
    PrivatePids,
    PrivateTmp,
    PrivateUsers,
    ProcSubset,
    ProtectControlGroups,
    ProtectHome,
    ProtectHostname,
    ProtectProc,
    ProtectSystem,
    Restart,
    SuccessAction,
    Type,
}

impl Choice {
    const COUNT: usize = Self::Type as usize + 1;

    fn words(self) -> &'static [Word] {
        WORDS.get(self as usize).map_or(&[], |(_, words)| words)
    }

    fn takes_booleans(self) -> bool {
        matches!(
            self,
            Self::PrivatePids
                | Self::PrivateTmp
                | Self::PrivateUsers
                | Self::ProtectControlGroups
                | Self::ProtectHome
                | Self::ProtectHostname
                | Self::ProtectSystem
        )
    }

    /// The word that the value stands for, if the profile knows it.
    pub fn read(self, value: &str, profile: &Profile) -> Option<&'static str> {
        let words = self.words();
        if let (true, Some(on)) = (self.takes_booleans(), boolean(value)) {
            return Some(words.get(usize::from(on))?.text);
        }
        let known = words.iter().filter(|word| profile.since(word.since));
        let mut spelled = known.map(|word| word.text).filter(|word| !word.is_empty());
        spelled.find(|word| *word == value)
    }

    /// How bad the score takes the word to be.
    pub fn badness(self, word: &str) -> u32 {
        let known = self.words().iter().find(|known| known.text == word);
        known.map_or(0, |word| word.badness)
    }
}

/// The words of each, in the order of the enumeration; first the one that holds when nothing sets it. Of a
/// setting that also takes booleans the first is false and the second true.
const WORDS: [(Choice, &[Word]); Choice::COUNT] = [
    (
        Choice::DevicePolicy,
        &[bad("auto", 10), good("closed"), good("strict")],
    ),
    (Choice::ExitType, &[good("main"), good("cgroup")]),
    // What other kinds of units have when nothing sets it is `shared`.
    (
        Choice::KeyringMode,
        &[good("private"), bad("inherit", 1), bad("shared", 1)],
    ),
    (
        Choice::KillMode,
        &[
            good("control-group"),
            good("process"),
            good("mixed"),
            good("none"),
        ],
    ),
    (
        Choice::NotifyAccess,
        &[good("none"), good("main"), good("exec"), bad("all", 1)],
    ),
    (Choice::PrivatePids, &[good("no"), good("yes")]),
    (
        Choice::PrivateTmp,
        &[
            bad("no", 1),
            since(257, "connected"),
            since(257, "disconnected"),
        ],
    ),
    (
        Choice::PrivateUsers,
        &[
            bad("no", 1),
            since(257, "self"),
            since(257, "identity"),
            since(258, "full"),
            since(260, "managed"),
        ],
    ),
    (Choice::ProcSubset, &[bad("all", 1), good("pid")]),
    (
        Choice::ProtectControlGroups,
        &[
            bad("no", 1),
            good("yes"),
            since(257, "private"),
            since(257, "strict"),
        ],
    ),
    (
        Choice::ProtectHome,
        &[
            bad("no", 10),
            good("yes"),
            bad("read-only", 5),
            bad("tmpfs", 1),
        ],
    ),
    (
        Choice::ProtectHostname,
        &[bad("no", 1), good("yes"), since(258, "private")],
    ),
    (
        Choice::ProtectProc,
        &[
            bad("default", 3),
            bad("noaccess", 1),
            good("invisible"),
            good("ptraceable"),
        ],
    ),
    (
        Choice::ProtectSystem,
        &[bad("no", 10), bad("yes", 5), bad("full", 3), good("strict")],
    ),
    (
        Choice::Restart,
        &[
            good("no"),
            good("on-success"),
            good("on-failure"),
            good("on-abnormal"),
            good("on-watchdog"),
            good("on-abort"),
            good("always"),
        ],
    ),
    (
        Choice::SuccessAction,
        &[
            good("none"),
            good("exit"),
            good("exit-force"),
            good("reboot"),
            good("reboot-force"),
            good("reboot-immediate"),
            good("poweroff"),
            good("poweroff-force"),
            good("poweroff-immediate"),
            since(254, "soft-reboot"),
            since(254, "soft-reboot-force"),
            since(254, "kexec"),
            since(254, "kexec-force"),
            since(254, "halt"),
            since(254, "halt-force"),
            since(254, "halt-immediate"),
        ],
    ),
    // The first stands for no type at all: it is settled when everything is read.
    (
        Choice::Type,
        &[
            good(""),
            good("simple"),
            good("forking"),
            good("oneshot"),
            good("dbus"),
            good("notify"),
            good("idle"),
            good("exec"),
            since(253, "notify-reload"),
        ],
    ),
];

/// A word of a choice.
#[derive(Debug, Clone, Copy)]
struct Word {
    text: &'static str,
    badness: u32,
    since: u32,
}

const fn bad(word: &'static str, badness: u32) -> Word {
    Word {
        text: word,
        badness,
        since: 0,
    }
}

const fn good(word: &'static str) -> Word {
    bad(word, 0)
}

const fn since(version: u32, word: &'static str) -> Word {
    Word {
        since: version,
        ..good(word)
    }
}

/// What was chosen of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choices([&'static str; Choice::COUNT]);

impl Default for Choices {
    fn default() -> Self {
        Self(WORDS.map(|(_, words)| words.first().map_or("", |word| word.text)))
    }
}

impl Choices {
    /// The word chosen.
    pub fn of(&self, choice: Choice) -> &'static str {
        self.0.get(choice as usize).copied().unwrap_or_default()
    }

    /// Chooses a word.
    pub fn set(&mut self, choice: Choice, word: &'static str) {
        if let Some(slot) = self.0.get_mut(choice as usize) {
            *slot = word;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_stand_in_the_order_of_the_choices() {
        for (place, (choice, words)) in WORDS.iter().enumerate() {
            assert_eq!(*choice as usize, place);
            assert!(words.len() > 1, "{choice:?}");
        }
    }

    #[test]
    fn booleans_and_words_stand_for_words() {
        let read =
            |choice: Choice, value, version| choice.read(value, &Profile::of(version).unwrap());
        assert_eq!(read(Choice::PrivateTmp, "ON", 252), Some("connected"));
        assert_eq!(read(Choice::PrivateTmp, "disconnected", 252), None);
        assert_eq!(
            read(Choice::PrivateTmp, "disconnected", 257),
            Some("disconnected")
        );
        assert_eq!(
            read(Choice::ProtectSystem, "Strict", 252),
            None,
            "case counts"
        );
        assert_eq!(
            read(Choice::NotifyAccess, "yes", 252),
            None,
            "no booleans here"
        );
        assert_eq!(read(Choice::Type, "", 252), None);
    }
}
