//! What `harden --unit` has to say, as text and as JSON.

use std::fmt::Write as _;

use ringfence_compile::coverage::Coverage;
use ringfence_policy::grant::Grant;
use serde::Serialize;

use super::give_back::{Paper, Refused};
use super::standing::{Figures, Standing};
use crate::output::{Output, Tone};
use crate::report::proved;

/// Everything there is to say about a hardened unit.
#[derive(Debug)]
pub struct Hardened<'a> {
    /// The unit.
    pub unit: &'a str,
    /// The version of systemd that its exposure is that of.
    pub systemd: u32,
    /// The policy, as it is or would be in force.
    pub paper: Paper,
    /// The files that were written.
    pub files: Vec<String>,
    /// How exactly each grant is enforced.
    pub coverage: Coverage,
    /// What could not be watched, and the like.
    pub notes: Vec<String>,
    /// What became of it.
    pub end: End,
    /// The unit as it was found, and as it is now.
    pub standing: Option<(Standing, Standing)>,
    /// Whether it is rolled back unless someone confirms it.
    pub confirm: bool,
}

/// What became of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Nothing was changed.
    Shown,
    /// It is in force, with these grants given back.
    Enforced(Vec<String>),
    /// The unit is as it was, because of this; these grants were given back in vain.
    TakenBack(Refused, Vec<String>),
}

impl End {
    /// In force, with these grants given back.
    pub fn enforced(given_back: &[Grant]) -> Self {
        Self::Enforced(given_back.iter().map(ToString::to_string).collect())
    }

    /// Taken back, also with these grants.
    pub fn taken_back(refused: Refused, in_vain: &[Grant]) -> Self {
        Self::TakenBack(refused, in_vain.iter().map(ToString::to_string).collect())
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Enforced(_) => "enforced",
            Self::TakenBack(..) => "taken-back",
        }
    }
}

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    unit: &'a str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    manifest: &'a str,
    files: &'a [String],
    provisional: &'a [String],
    coverage: &'a Coverage,
    #[serde(skip_serializing_if = "Option::is_none")]
    exposure: Option<Pair<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attacks: Option<Pair<Figures>>,
    unexercised: &'a [String],
    notes: &'a [String],
}

#[derive(Serialize)]
struct Pair<T> {
    systemd: u32,
    before: T,
    after: T,
}

impl Hardened<'_> {
    /// In JSON, with the schema `ringfence.harden-unit/1`.
    pub fn json(&self) -> impl Serialize {
        let (why, provisional) = match &self.end {
            End::Shown => (None, &[][..]),
            End::Enforced(given) => (None, given.as_slice()),
            End::TakenBack(trouble, in_vain) => (Some(trouble.why.as_str()), in_vain.as_slice()),
        };
        Json {
            schema: "ringfence.harden-unit/1",
            unit: self.unit,
            verdict: self.end.word(),
            why,
            manifest: &self.paper.text,
            files: &self.files,
            provisional,
            coverage: &self.coverage,
            exposure: self.standing.as_ref().map(|(before, after)| Pair {
                systemd: self.systemd,
                before: before.exposure.to_string(),
                after: after.exposure.to_string(),
            }),
            attacks: self.standing.as_ref().map(|(before, after)| Pair {
                systemd: self.systemd,
                before: before.figures(),
                after: after.figures(),
            }),
            unexercised: self.unexercised(),
            notes: &self.notes,
        }
    }

    /// For people.
    pub fn plain(&self, output: &Output) -> String {
        let mut text = String::new();
        for file in &self.files {
            let _ = writeln!(text, "wrote          {file}");
        }
        text.push('\n');
        for line in self.paper.text.lines() {
            let _ = writeln!(text, "{}", format!("    {line}").trim_end());
        }
        text.push('\n');
        text.push_str(&self.ending(output));
        if let Some((before, after)) = &self.standing {
            let _ = writeln!(
                text,
                "exposure       {} -> {} (as systemd {} has it)",
                before.exposure, after.exposure, self.systemd
            );
            let _ = writeln!(
                text,
                "attacks        {} reached something -> {}\n",
                before.attacks.reached().count(),
                after.attacks.reached().count()
            );
            text.push_str(&proved(&after.attacks, output));
        }
        text.push_str(&self.limits(output));
        text
    }

    fn unexercised(&self) -> &[String] {
        let lock = self.paper.lock.as_ref();
        lock.map_or(&[], |lock| &lock.unexercised)
    }

    fn ending(&self, output: &Output) -> String {
        let row = |tone, word: &str, what: &str| {
            let gap = " ".repeat(15_usize.saturating_sub(word.len()));
            format!("{}{gap}{what}\n", output.tone(tone, word))
        };
        match &self.end {
            End::Shown => String::new(),
            End::Enforced(given) => {
                let mut text = row(
                    Tone::Good,
                    "enforced",
                    &format!("{} works with it", self.unit),
                );
                for grant in given {
                    let what = format!("{grant}: given back, it does not work without; review it");
                    text.push_str(&row(Tone::Unsure, "provisional", &what));
                }
                if self.confirm {
                    let what = format!(
                        "it is rolled back unless `ringfence confirm {}` comes in time",
                        self.unit
                    );
                    text.push_str(&row(Tone::Unsure, "unconfirmed", &what));
                }
                text
            }
            End::TakenBack(trouble, in_vain) => {
                let what = format!("{}: {}", self.unit, trouble.why);
                let mut text = row(Tone::Bad, "taken back", &what);
                for grant in in_vain {
                    text.push_str(&row(Tone::Unsure, "in vain", &format!("with {grant}")));
                }
                text
            }
        }
    }

    /// Where the policy is known to be wider or narrower than it should be.
    fn limits(&self, output: &Output) -> String {
        let mut text = String::new();
        let mut rows = |word: &str, lines: &mut dyn Iterator<Item = String>| {
            for line in lines {
                let gap = " ".repeat(15_usize.saturating_sub(word.len()));
                let _ = writeln!(text, "{}{gap}{line}", output.tone(Tone::Unsure, word));
            }
        };
        let inexact = self.coverage.inexact().map(|row| {
            format!(
                "{} {}: {}",
                row.status.word(),
                row.subject,
                row.status.why()
            )
        });
        rows("not exact", &mut inexact.into_iter());
        rows("not exercised", &mut self.unexercised().iter().cloned());
        rows("note", &mut self.notes.iter().cloned());
        if text.is_empty() {
            text
        } else {
            format!("\n{text}")
        }
    }
}
