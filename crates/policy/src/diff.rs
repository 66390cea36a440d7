//! What a policy allows that another did not, ranked by risk.
//!
//! Grants are compared by what they cover, not by their text: a service that read one file of a directory
//! it may already read has not grown. A resource without a limit counts as unlimited, so taking a limit
//! away is growth although it removes a line.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::grant::{Amount, Grant, Resource};
use crate::policy::Policy;
use crate::risk::{Risk, risk};

/// The difference between two policies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// What only the new policy allows, the riskiest first.
    pub grown: Vec<Change>,
    /// What only the old policy allowed, the riskiest first.
    pub shrunk: Vec<Change>,
}

/// A grant that one policy has and the other does not cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The grant.
    #[serde(serialize_with = "as_text")]
    pub grant: Grant,
    /// What it is worth.
    #[serde(flatten)]
    pub risk: Risk,
    /// The grants of the other policy that this one includes: it was widened from, or narrowed to, them.
    #[serde(serialize_with = "as_texts", skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<Grant>,
}

fn as_text<S: Serializer>(grant: &Grant, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(grant)
}

fn as_texts<S: Serializer>(grants: &[Grant], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(grants.iter().map(ToString::to_string))
}

/// Compares two policies.
pub fn diff(old: &Policy, new: &Policy) -> Diff {
    let limited: BTreeSet<_> = limited(old).chain(limited(new)).collect();
    let (old, new) = (
        with_every_limit(old, &limited),
        with_every_limit(new, &limited),
    );
    Diff {
        grown: beyond(&new, &old),
        shrunk: beyond(&old, &new),
    }
}

fn limited(policy: &Policy) -> impl Iterator<Item = Resource> {
    policy.grants().filter_map(|grant| match grant {
        Grant::Resource(resource, _) => Some(*resource),
        _ => None,
    })
}

fn with_every_limit(policy: &Policy, resources: &BTreeSet<Resource>) -> Policy {
    let own: BTreeSet<_> = limited(policy).collect();
    let mut policy = policy.clone();
    for resource in resources.difference(&own) {
        policy.insert(Grant::Resource(*resource, Amount::Unlimited));
    }
    policy
}

/// The grants of `a` that `b` does not allow.
fn beyond(a: &Policy, b: &Policy) -> Vec<Change> {
    let mut changes: Vec<_> = a
        .grants()
        .filter(|grant| !b.allows(grant))
        .map(|grant| Change {
            grant: grant.clone(),
            risk: risk(grant),
            includes: b
                .grants()
                .filter(|own| grant.covers(own))
                .cloned()
                .collect(),
        })
        .collect();
    changes.sort_by(|x, y| {
        y.risk
            .level
            .cmp(&x.risk.level)
            .then_with(|| x.grant.cmp(&y.grant))
    });
    changes
}

impl Diff {
    /// Whether the new policy allows anything that the old one did not.
    pub fn grew(&self) -> bool {
        !self.grown.is_empty()
    }

    /// Whether both allow the same.
    pub fn is_empty(&self) -> bool {
        self.grown.is_empty() && self.shrunk.is_empty()
    }
}

/// One line a change: `+ [9] files.write /etc/x  can change ...`.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .grown
            .iter()
            .chain(&self.shrunk)
            .map(|change| change.grant.to_string().chars().count())
            .max()
            .unwrap_or(0);
        let signed = |changes, sign| std::iter::zip(changes, std::iter::repeat(sign));
        for (change, sign) in signed(&self.grown, '+').chain(signed(&self.shrunk, '-')) {
            let Risk { level, sentence } = &change.risk;
            let grant = change.grant.to_string();
            writeln!(f, "{sign} [{level}] {grant:width$}  {sentence}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(grants: &[&str]) -> Policy {
        grants.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn growth_is_ranked_by_risk() {
        let old = policy(&["files.read /etc/nginx"]);
        let new = policy(&[
            "files.read /etc/nginx",
            "net.connect tcp:any:443",
            "files.write /etc/nginx/acme",
        ]);
        let diff = diff(&old, &new);
        assert!(diff.grew());
        insta::assert_snapshot!(diff, @"
        + [9] files.write /etc/nginx/acme  can change /etc/nginx/acme: configuration outlives a restart
        + [6] net.connect tcp:443          can reach any machine and carry data out: tcp:443
        ");
    }

    #[test]
    fn what_was_covered_before_has_not_grown() {
        let old = policy(&["files.write /srv/a", "files.use nameservice"]);
        let new = policy(&["files.read /srv/a/b", "files.read /etc/passwd"]);
        let diff = diff(&old, &new);
        assert!(!diff.grew());
        assert_eq!(diff.shrunk.len(), 2);
        assert_eq!(diff.shrunk[0].includes.len(), 1);
    }

    #[test]
    fn taking_a_limit_away_is_growth() {
        let (limited, free) = (policy(&["resources.memory_max 64M"]), policy(&[]));
        assert!(diff(&limited, &free).grew());
        assert!(!diff(&free, &limited).grew());
        assert!(diff(&limited, &policy(&["resources.memory_max 128M"])).grew());
    }

    #[test]
    fn json_names_grant_level_and_sentence() {
        let diff = diff(
            &Policy::default(),
            &policy(&["process.capability CAP_SYS_ADMIN"]),
        );
        let json = serde_json::to_value(diff).unwrap();
        assert_eq!(
            json["grown"][0]["grant"],
            "process.capability CAP_SYS_ADMIN"
        );
        assert_eq!(json["grown"][0]["level"], 10);
    }
}
