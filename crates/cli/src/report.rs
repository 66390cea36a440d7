//! What `harden` found, as text and as JSON.

use std::fmt::Write as _;

use ringfence_policy::derive::Derived;
use ringfence_prove::Report;
use serde::Serialize;

use crate::output::{Output, Tone};

/// Everything `harden` has to say.
#[derive(Debug)]
pub struct Hardened<'a> {
    /// The counts of the trace, as text.
    pub learned: String,
    /// The manifest and its lock.
    pub derived: &'a Derived,
    /// The files that were written.
    pub files: Vec<String>,
    /// What became of files that were there before.
    pub kept: Vec<String>,
    /// The workload, as it was typed.
    pub workload: Option<&'a str>,
    /// What came of the second, confined run.
    pub confined: Confined,
    /// What this host cannot enforce.
    pub notes: &'a [String],
    /// The attacks; `None` when the service does not work confined.
    pub proof: Option<&'a Report>,
}

/// What came of the confined run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Confined {
    /// It works.
    Passed,
    /// It does not.
    Failed {
        /// Why.
        why: String,
        /// Grants that would have allowed what was refused.
        missing: Vec<String>,
    },
}

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    service: &'a str,
    files: &'a [String],
    manifest: String,
    workload: Option<&'a str>,
    confined: &'a Confined,
    widened: Vec<Widened>,
    tried: Vec<String>,
    unexercised: &'a [String],
    notes: &'a [String],
    proof: Option<&'a Report>,
}

#[derive(Serialize)]
struct Widened {
    grant: String,
    instead_of: Vec<String>,
}

impl Hardened<'_> {
    /// The report in JSON, with the schema `ringfence.harden/1`.
    pub fn json(&self) -> impl Serialize {
        let lock = &self.derived.lock;
        Json {
            schema: "ringfence.harden/1",
            service: &self.derived.manifest.service.name,
            files: &self.files,
            manifest: self.derived.manifest.render(),
            workload: self.workload,
            confined: &self.confined,
            widened: lock
                .widened
                .iter()
                .map(|wide| Widened {
                    grant: wide.grant.to_string(),
                    instead_of: wide.instead_of.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            tried: lock
                .tried
                .iter()
                .map(|tried| tried.grant.to_string())
                .collect(),
            unexercised: &lock.unexercised,
            notes: self.notes,
            proof: self.proof,
        }
    }

    /// The report for people.
    pub fn plain(&self, output: &Output) -> String {
        let mut text = self.learned.clone();
        for line in &self.kept {
            let _ = writeln!(text, "kept           {line}");
        }
        let _ = writeln!(text, "policy         {}\n", self.files.join(", "));
        for line in self.derived.manifest.render().lines() {
            let _ = writeln!(
                text,
                "{}",
                if line.is_empty() {
                    String::new()
                } else {
                    format!("    {line}")
                }
            );
        }
        text.push('\n');
        text.push_str(&self.works(output));
        if let Some(proof) = self.proof {
            let _ = write!(text, "\n{}", proved(proof, output));
        }
        text.push_str(&self.limits(output));
        text
    }

    fn works(&self, output: &Output) -> String {
        let what = self.workload.map_or_else(
            || "it ran confined".to_owned(),
            |workload| format!("confined, `{workload}`"),
        );
        match &self.confined {
            Confined::Passed => format!("{}         {what}\n", output.tone(Tone::Good, "passed")),
            Confined::Failed { why, missing } => {
                let mut text = format!(
                    "{}         {what}: {why}\n",
                    output.tone(Tone::Bad, "failed")
                );
                for grant in missing {
                    let _ = writeln!(text, "missing        {grant}");
                }
                text
            }
        }
    }

    /// What the policy is too wide or too narrow for, as far as that is known.
    fn limits(&self, output: &Output) -> String {
        let lock = &self.derived.lock;
        let mut text = String::new();
        let mut rows = |word: &str, lines: Vec<String>| {
            for line in lines {
                let _ = writeln!(
                    text,
                    "{}{}{line}",
                    output.tone(Tone::Unsure, word),
                    " ".repeat(15_usize.saturating_sub(word.len()))
                );
            }
        };
        rows(
            "widened",
            lock.widened
                .iter()
                .map(|wide| {
                    let seen: Vec<_> = wide.instead_of.iter().map(ToString::to_string).collect();
                    format!("{} instead of {}", wide.grant, few(&seen))
                })
                .collect(),
        );
        let tried: Vec<_> = lock
            .tried
            .iter()
            .map(|tried| tried.grant.to_string())
            .collect();
        if !tried.is_empty() {
            rows(
                "tried in vain",
                vec![format!("{}: not granted", few(&tried))],
            );
        }
        rows("not exercised", lock.unexercised.clone());
        rows("not enforced", self.notes.to_vec());
        if text.is_empty() {
            text
        } else {
            format!("\n{text}")
        }
    }
}

/// The first of a list, and how many more there are.
fn few(items: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<_> = items.iter().take(SHOWN).map(String::as_str).collect();
    match items.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A report of attacks for people: its verdicts in color. The words stay what they are.
pub fn proved(proof: &Report, output: &Output) -> String {
    let mut text = String::new();
    for line in proof.plain(output.verbose).lines() {
        let word = line.split(' ').next().unwrap_or_default();
        let tone = match word {
            "reached" if line.contains("no grant allows it") => Tone::Bad,
            "reached" | "unproven" => Tone::Unsure,
            "stopped" => Tone::Good,
            _ => {
                let _ = writeln!(text, "{line}");
                continue;
            }
        };
        let rest = line.strip_prefix(word).unwrap_or_default();
        let _ = writeln!(text, "{}{rest}", output.tone(tone, word));
    }
    text
}
