//! From the policies of several authors to the one that holds: `(vendor v learned v admin - drop) ^ ceiling`.

use crate::grant::{Bundle, Grant};
use crate::policy::Policy;

/// A grant cannot be taken away, because a wider one stays that cannot be split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("drop `{dropped}`: `{by}` still allows it, or a part of it")]
pub struct StillAllowed {
    /// What was to be dropped.
    pub dropped: Grant,
    /// What stays.
    pub by: Grant,
}

/// A grant that a site never gives, and what gives it all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("grant `{by}`: this site never grants `{never}`")]
pub struct Violation {
    /// What is never given.
    pub never: Grant,
    /// What gives it, or a part of it.
    pub by: Grant,
}

/// The policy that holds: what any layer grants, without what is dropped, and nothing above the ceiling.
///
/// The layers (vendor, learned, admin) join, so their order means nothing.
pub fn effective<'a>(
    layers: impl IntoIterator<Item = &'a Policy>,
    drop: &[Grant],
    ceiling: Option<&Policy>,
) -> Result<Policy, StillAllowed> {
    let joined = layers
        .into_iter()
        .fold(Policy::default(), |sum, layer| sum.join(layer));
    let kept = drop
        .iter()
        .try_fold(joined, |policy, grant| without(&policy, grant))?;
    Ok(match ceiling {
        Some(ceiling) => kept.meet(ceiling),
        None => kept,
    })
}

/// The policy after it stopped allowing `dropped`.
///
/// A bundle is taken apart where only some of its members go; the base bundle is not, it is part of every
/// policy. A grant that `dropped` covers only in part cannot be said any more, which is an error: a policy
/// has no exceptions.
pub fn without(policy: &Policy, dropped: &Grant) -> Result<Policy, StillAllowed> {
    let mut kept = Policy::default();
    for grant in policy.grants().flat_map(|grant| parts(grant, dropped)) {
        if is_amount(dropped) {
            if !grant.covers(dropped) {
                kept.insert(grant.clone());
            }
        } else if dropped.covers(grant) {
        } else if grant.meet(dropped).is_empty() {
            kept.insert(grant.clone());
        } else {
            return Err(StillAllowed {
                dropped: dropped.clone(),
                by: grant.clone(),
            });
        }
    }
    Ok(kept)
}

/// What of `policy` a site never grants. Nothing overrides this; the result must be empty.
pub fn violations(policy: &Policy, never: &[Grant]) -> Vec<Violation> {
    let gives = |grant: &Grant, never: &Grant| {
        if is_amount(never) {
            grant.covers(never)
        } else {
            !grant.meet(never).is_empty()
        }
    };
    never
        .iter()
        .flat_map(|never| {
            policy
                .grants()
                .filter(move |grant| gives(grant, never))
                .map(|grant| Violation {
                    never: never.clone(),
                    by: grant.clone(),
                })
        })
        .collect()
}

/// Users and resources are more or less, not sets: any two of them have something in common, so taking
/// one away means not reaching it.
fn is_amount(grant: &Grant) -> bool {
    matches!(grant, Grant::User(_) | Grant::Resource(..))
}

fn parts<'a>(grant: &'a Grant, dropped: &Grant) -> &'a [Grant] {
    match grant {
        Grant::Use(bundle)
            if *bundle != Bundle::BASE
                && !dropped.covers(grant)
                && !grant.meet(dropped).is_empty() =>
        {
            bundle.grants()
        }
        _ => std::slice::from_ref(grant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(grants: &[&str]) -> Policy {
        grants.iter().map(|text| grant(text)).collect()
    }

    fn grant(text: &str) -> Grant {
        text.parse().unwrap()
    }

    #[test]
    fn layers_join_drop_takes_away_and_the_ceiling_bounds() {
        let vendor = policy(&["files.write /var/lib/x", "net.connect tcp:any:443"]);
        let admin = policy(&["files.read /srv", "net.bind tcp:80"]);
        let ceiling = policy(&["files.read /", "net.bind tcp:1-1023"]);
        let found = effective(
            [&vendor, &admin],
            &[grant("net.connect tcp:any:any")],
            Some(&ceiling),
        );
        let expected = policy(&[
            "files.read /var/lib/x",
            "files.read /srv",
            "net.bind tcp:80",
        ]);
        assert_eq!(found, Ok(expected));
    }

    #[test]
    fn what_a_wider_grant_still_allows_cannot_be_dropped() {
        let error = without(
            &policy(&["files.read /etc"]),
            &grant("files.read /etc/ssl/private"),
        );
        assert_eq!(
            error.unwrap_err().to_string(),
            "drop `files.read /etc/ssl/private`: `files.read /etc` still allows it, or a part of it"
        );
        assert!(without(&Policy::base(), &grant("files.device /dev/full rw")).is_err());
    }

    #[test]
    fn a_bundle_is_taken_apart_to_drop_a_member() {
        let dropped = grant("files.read /etc/machine-id");
        let kept = without(&policy(&["files.use nameservice"]), &dropped).unwrap();
        assert!(!kept.allows(&dropped));
        assert!(kept.allows(&grant("files.read /etc/hosts")));
    }

    #[test]
    fn dropping_a_user_or_an_amount_leaves_narrower_ones_alone() {
        let own = policy(&["service.user redis", "resources.tasks_max 16"]);
        assert_eq!(without(&own, &grant("service.user root")), Ok(own.clone()));
        assert_eq!(
            without(&own, &grant("resources.tasks_max 32")),
            Ok(own.clone())
        );
        assert_eq!(
            without(&own, &grant("resources.tasks_max 8")),
            Ok(policy(&["service.user redis"]))
        );
    }

    #[test]
    fn never_is_violated_by_a_part_a_whole_and_a_bundle() {
        let never = [
            grant("files.read /etc/shadow"),
            grant("service.user root"),
            grant("peer.unix /run/nscd"),
        ];
        let found = |grants: &[&str]| violations(&policy(grants), &never).len();
        assert_eq!(found(&["files.read /etc", "service.user root"]), 2);
        assert_eq!(found(&["files.write /etc/shadow/x"]), 1);
        assert_eq!(found(&["files.use nameservice"]), 1);
        assert_eq!(found(&["service.user redis", "files.read /etc/passwd"]), 0);
    }
}
