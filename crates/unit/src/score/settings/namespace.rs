//! RestrictNamespaces=.

use crate::score::reader::{Reader, words};
use crate::word::Style;
use crate::word::boolean;

/// A kind of namespace. Linux also has `time`, which the setting takes and no row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namespace {
    Cgroup,
    Ipc,
    Mount,
    Network,
    Pid,
    Time,
    User,
    Uts,
}

const WORDS: [(&str, Namespace); 8] = [
    ("cgroup", Namespace::Cgroup),
    ("ipc", Namespace::Ipc),
    ("mnt", Namespace::Mount),
    ("net", Namespace::Network),
    ("pid", Namespace::Pid),
    ("time", Namespace::Time),
    ("user", Namespace::User),
    ("uts", Namespace::Uts),
];

const EVERY: u8 = u8::MAX;

/// The namespaces that the service may still make; `None` when nothing restricts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Namespaces(Option<u8>);

impl Namespaces {
    /// Whether the service may make one of this kind.
    pub fn allow(self, namespace: Namespace) -> bool {
        self.0.unwrap_or(EVERY) & (1 << namespace as u8) != 0
    }

    /// One line: empty, a boolean or a list. A list with a word that is no namespace is ignored as a whole.
    pub fn assign(&mut self, value: &str, reader: &mut Reader<'_>) {
        if value.is_empty() {
            self.0 = None;
            return;
        }
        if let Some(restrict) = boolean(value) {
            self.0 = Some(if restrict { 0 } else { EVERY });
            return;
        }
        let inverted = value.strip_prefix('~');
        let Some(listed) = read(inverted.unwrap_or(value)) else {
            reader.ignored(value);
            return;
        };
        self.0 = Some(match (self.0, inverted) {
            (None, None) => listed,
            (None, Some(_)) => !listed,
            (Some(before), None) => before | listed,
            (Some(before), Some(_)) => before & !listed,
        });
    }
}

fn read(list: &str) -> Option<u8> {
    let mut set = 0;
    for word in words(list, Style::PLAIN) {
        let word = word.ok()?;
        let (_, namespace) = WORDS.iter().find(|(known, _)| *known == word)?;
        set |= 1 << *namespace as u8;
    }
    Some(set)
}
