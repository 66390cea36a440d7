//! Which facts stand behind each grant.

use std::collections::{BTreeMap, BTreeSet};

use super::verdict::{Verdict, judge};
use crate::denial::is_met;
use crate::grant::Grant;
use crate::lock::Evidence;
use crate::path::AbsPath;
use crate::policy::Policy;
use crate::trace::{Phase, Trace};

#[derive(Default)]
struct Seen {
    phases: BTreeSet<Phase>,
    by: BTreeSet<AbsPath>,
    facts: u64,
}

/// The evidence for each grant of `policy` that has any, by the grant's text.
pub(super) fn evidence(trace: &Trace, policy: &Policy) -> BTreeMap<String, Evidence> {
    let alone: Vec<(&Grant, Policy)> = policy
        .grants()
        .map(|grant| (grant, Policy::from_iter([grant.clone()])))
        .collect();
    let mut found: BTreeMap<&Grant, Seen> = BTreeMap::new();
    for (fact, sightings) in trace.service_facts() {
        let Verdict::Needs(needs) = judge(fact) else {
            continue;
        };
        let behind: BTreeSet<_> = needs
            .iter()
            .flat_map(|need| alone.iter().filter(|(_, policy)| is_met(policy, need)))
            .map(|(grant, _)| *grant)
            .collect();
        for grant in behind {
            let seen = found.entry(grant).or_default();
            seen.facts += 1;
            for sighting in sightings.iter().filter(|s| s.phase != Phase::Wrapper) {
                seen.phases.insert(sighting.phase);
                seen.by.insert(sighting.by.clone());
            }
        }
    }
    found
        .into_iter()
        .map(|(grant, seen)| {
            let evidence = Evidence {
                phases: seen.phases.into_iter().collect(),
                by: seen.by.into_iter().collect(),
                facts: seen.facts,
            };
            (grant.to_string(), evidence)
        })
        .collect()
}
