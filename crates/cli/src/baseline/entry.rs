//! One entry: a row of the score or a finding, with how much of it there is.

use ringfence_unit::lint::Rule;
use ringfence_unit::score::table::{ROWS, Row};

/// What stands before the name of a finding's rule.
const FINDING: &str = "finding:";

/// What an entry is about.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// A row of the score.
    Row(&'static Row),
    /// The findings of a rule.
    Finding(Rule),
}

impl Subject {
    /// The subject of this name.
    pub fn of(name: &str) -> Option<Self> {
        if let Some(rule) = name.strip_prefix(FINDING) {
            let rule = Rule::ALL.into_iter().find(|own| own.id() == rule);
            return rule.map(Self::Finding);
        }
        let row = ROWS.iter().find(|row| row.field == name);
        row.map(Self::Row)
    }

    /// Whether an entry says how much. One that does not counts 1.
    fn is_graded(self) -> bool {
        match self {
            Self::Row(row) => row.range > 1,
            Self::Finding(_) => false,
        }
    }
}

/// An entry as text: `PrivateTmp`, `ProtectSystem=5`, `finding:mixed-list=2`.
pub fn write(name: &str, amount: u32) -> String {
    let graded = Subject::of(name).is_some_and(Subject::is_graded);
    if amount == 1 && !graded {
        name.to_owned()
    } else {
        format!("{name}={amount}")
    }
}

/// Reads an entry; `None` for one that is about nothing.
pub fn read(text: &str) -> Option<(String, u32)> {
    let (name, amount) = match text.split_once('=') {
        Some((name, amount)) => (name, amount.parse().ok().filter(|amount| *amount > 0)?),
        None => (text, 1),
    };
    let subject = Subject::of(name)?;
    let fits = match subject {
        Subject::Row(row) => amount <= row.range && (!subject.is_graded() || text.contains('=')),
        Subject::Finding(_) => true,
    };
    fits.then(|| (name.to_owned(), amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_as_it_was_written() {
        for text in [
            "PrivateTmp",
            "ProtectSystem=5",
            "finding:mixed-list",
            "finding:mixed-list=2",
        ] {
            let (name, amount) = read(text).unwrap();
            assert_eq!(write(&name, amount), text);
        }
        let odd = "CapabilityBoundingSet_CAP_NET_BIND_SERVICE_BROADCAST_RAW)";
        assert_eq!(read(odd), Some((odd.to_owned(), 1)));
    }

    #[test]
    fn what_is_about_nothing_or_too_much_is_no_entry() {
        for text in [
            "",
            "PrivateTemp",
            "PrivateTmp=2",
            "ProtectSystem",
            "ProtectSystem=11",
            "PrivateTmp=0",
            "finding:x",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
