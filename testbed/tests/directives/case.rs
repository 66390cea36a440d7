//! The cases, as `cases.toml` has them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A directive and what it is to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Lines of the service section under test.
    pub unit: Vec<String>,
    /// The user of both runs, if it is not root.
    #[serde(rename = "as")]
    pub user: Option<String>,
    /// What is tried.
    pub probe: String,
    #[serde(default)]
    shows: Vec<String>,
    #[serde(default)]
    keeps: Vec<String>,
    #[serde(default)]
    differs: bool,
}

/// Whether the answers are as the directive promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// It did what it says, and the bare unit was not so already.
    Kept,
    /// It did not get in the way of what it has to leave.
    Left,
    /// The bare unit was so already: nothing can be said.
    Moot,
    /// Nothing of it is to be seen.
    Broken,
}

/// All cases by name.
pub fn cases() -> BTreeMap<String, Case> {
    toml::from_str(include_str!("cases.toml")).expect("cases.toml is well-formed")
}

impl Case {
    /// Judges what the probe said in the bare unit and in the confined one.
    pub fn judge(&self, bare: &str, confined: &str) -> Promise {
        if self.differs {
            let fine = |answer: &str| answer.starts_with("OK ");
            let differ = fine(bare) && fine(confined) && bare != confined;
            return if differ {
                Promise::Kept
            } else {
                Promise::Broken
            };
        }
        if !self.keeps.is_empty() {
            let left = !confined.is_empty() && has_one_of(confined, &self.keeps);
            return if left { Promise::Left } else { Promise::Broken };
        }
        match (
            has_one_of(bare, &self.shows),
            has_one_of(confined, &self.shows),
        ) {
            (false, true) => Promise::Kept,
            (true, true) => Promise::Moot,
            (_, false) => Promise::Broken,
        }
    }
}

/// Whether an answer has the words of one of these phrases, in a row.
fn has_one_of(answer: &str, phrases: &[String]) -> bool {
    let words: Vec<_> = answer.split_whitespace().collect();
    phrases.iter().any(|phrase| {
        let wanted: Vec<_> = phrase.split_whitespace().collect();
        wanted.is_empty() || words.windows(wanted.len()).any(|some| some == wanted)
    })
}

/// Mistakes in the cases themselves.
pub fn mistakes() -> Vec<String> {
    let promises = |case: &Case| {
        [!case.shows.is_empty(), !case.keeps.is_empty(), case.differs]
            .into_iter()
            .filter(|&yes| yes)
            .count()
    };
    cases()
        .iter()
        .filter(|(_, case)| promises(case) != 1 || case.unit.is_empty())
        .map(|(name, _)| format!("{name} has to promise one thing"))
        .collect()
}
