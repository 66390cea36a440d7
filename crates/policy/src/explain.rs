//! A manifest in sentences: what each grant allows, why it is there, and when it was used.
//!
//! Explains what is written. Whether a host enforces it is the business of `prove`.

use std::fmt;

use serde::Serialize;

use crate::lock::{Evidence, Lock};
use crate::manifest::Manifest;
use crate::risk::{Risk, risk};
use crate::trace::{Outcome, Phase};

/// A manifest, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The service.
    pub service: String,
    /// Each grant, the riskiest first.
    pub grants: Vec<Explained>,
    /// How many system calls beyond `@base` the lock names; `None` without a lock.
    pub system_calls: Option<usize>,
    /// What the service tried and was not granted.
    pub tried: Vec<Refused>,
    /// What it could do and did not while it was watched.
    pub unexercised: Vec<String>,
}

/// A grant, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The grant's text.
    pub grant: String,
    /// What it allows, as what the service can do with it, and how risky that is.
    #[serde(flatten)]
    pub risk: Risk,
    /// Why it was given, as the manifest says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When it was used; `None` when nobody saw it used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<String>,
    /// The grants it stands for, when it allows more than was seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instead_of: Vec<String>,
}

/// Something that was tried and not granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The grant it would need.
    pub grant: String,
    /// Why it was not given.
    pub because: String,
}

/// Explains a manifest, with its lock if there is one.
pub fn explain(manifest: &Manifest, lock: Option<&Lock>) -> Explanation {
    let mut grants: Vec<_> = manifest
        .grants()
        .map(|(grant, why)| {
            let text = grant.to_string();
            let evidence = lock.and_then(|lock| lock.evidence.get(&text));
            let widened = lock
                .into_iter()
                .flat_map(|lock| &lock.widened)
                .filter(|widened| widened.grant == grant)
                .flat_map(|widened| &widened.instead_of);
            Explained {
                risk: risk(&grant),
                why: why.map(ToOwned::to_owned),
                used: evidence.map(used),
                instead_of: widened.map(ToString::to_string).collect(),
                grant: text,
            }
        })
        .collect();
    grants.sort_by(|a, b| (b.risk.level.cmp(&a.risk.level)).then_with(|| a.grant.cmp(&b.grant)));
    let tried = lock.into_iter().flat_map(|lock| &lock.tried);
    Explanation {
        service: manifest.service.name.clone(),
        grants,
        system_calls: lock
            .filter(|_| manifest.learned_syscalls)
            .map(|lock| lock.syscalls.len()),
        tried: tried
            .map(|tried| Refused {
                grant: tried.grant.to_string(),
                because: because(tried.outcome).to_owned(),
            })
            .collect(),
        unexercised: lock.map_or_else(Vec::new, |lock| lock.unexercised.clone()),
    }
}

/// `only while starting, by /usr/sbin/nginx`.
fn used(evidence: &Evidence) -> String {
    let phases: Vec<_> = evidence
        .phases
        .iter()
        .map(|phase| match phase {
            Phase::Wrapper => "before its program ran",
            Phase::Start => "while starting",
            Phase::Steady => "while serving",
            Phase::Stop => "while stopping",
        })
        .collect();
    let only = if phases.len() == 1 { "only " } else { "" };
    let by: Vec<_> = evidence.by.iter().map(ToString::to_string).collect();
    format!("{only}{} by {}", phases.join(" and "), by.join(", "))
}

fn because(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "it was only looked at, or granting it would open more than was used",
        Outcome::Missing => "nothing was there",
        Outcome::Denied => "the system refused it",
        Outcome::Failed => "it failed",
    }
}

/// One paragraph a grant, then what else a person should know.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.grants {
            writeln!(f, "[{}] {}", line.risk.level, line.grant)?;
            writeln!(f, "    {}", line.risk.sentence)?;
            if let Some(why) = &line.why {
                writeln!(f, "    why: {why}")?;
            }
            if let Some(used) = &line.used {
                writeln!(f, "    used {used}")?;
            }
            if !line.instead_of.is_empty() {
                writeln!(f, "    widened from {}", line.instead_of.join(", "))?;
            }
        }
        if let Some(calls) = self.system_calls {
            writeln!(f, "{calls} system calls beyond @base, named in the lock")?;
        }
        for refused in &self.tried {
            writeln!(f, "not granted: {}: {}", refused.grant, refused.because)?;
        }
        self.unexercised
            .iter()
            .try_for_each(|gap| writeln!(f, "not seen: {gap}"))
    }
}
