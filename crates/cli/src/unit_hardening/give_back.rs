//! Gives a failing service back what it misses, and no more.
//!
//! The policy that failed is widened by everything that a watched run without it used and it does not
//! allow. If the service works then, the grants are taken away again, half of them at a time, as long as it
//! works without them. What is left is what it needs.

use ringfence_policy::grant::Grant;
use ringfence_policy::lock::Lock;
use ringfence_policy::manifest::Manifest;

use crate::error::Failure;

/// A manifest with its lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// The manifest.
    pub manifest: Manifest,
    /// Its text, as its author has it.
    pub text: String,
    /// Its lock, if it has one. Without one nothing can be given back, for nobody would know later.
    pub lock: Option<Lock>,
}

impl Paper {
    /// With these grants given back.
    fn with(&self, grants: &[Grant]) -> Self {
        let mut paper = self.clone();
        if let (Some(lock), false) = (&mut paper.lock, grants.is_empty()) {
            for grant in grants {
                lock.give_back(&mut paper.manifest, grant.clone());
            }
            paper.text = paper.manifest.render();
        }
        paper
    }
}

/// Why a service does not work under a policy, and what was printed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// A fragment that says what went wrong.
    pub why: String,
    /// Whole lines.
    pub lines: String,
}

/// Puts policies in force.
pub trait Enforcer {
    /// Puts a policy in force and uses the service. When it does not work, everything is as it was before.
    fn enforce(&mut self, paper: &Paper) -> Result<Result<(), Refused>, Failure>;

    /// Watches the service without the policy while it is used, and says what it did that the policy does
    /// not allow.
    fn missing(&mut self, paper: &Paper) -> Result<Vec<Grant>, Failure>;
}

/// What became of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is in force, with these grants given back.
    Enforced {
        /// As it is in force.
        paper: Box<Paper>,
        /// What it was widened by, in canonical order.
        given_back: Vec<Grant>,
    },
    /// It is not in force: the service is as it was before.
    TakenBack {
        /// Why the policy as it was does not work.
        trouble: Refused,
        /// What was given back in vain.
        in_vain: Vec<Grant>,
    },
}

/// Puts a policy in force, with as little given back as it takes.
pub fn enforce(paper: Paper, enforcer: &mut dyn Enforcer) -> Result<Verdict, Failure> {
    let trouble = match enforcer.enforce(&paper)? {
        Ok(()) => {
            return Ok(Verdict::Enforced {
                paper: Box::new(paper),
                given_back: Vec::new(),
            });
        }
        Err(trouble) => trouble,
    };
    let mut missing = match &paper.lock {
        Some(_) => enforcer.missing(&paper)?,
        None => Vec::new(),
    };
    missing.sort();
    missing.dedup();
    if missing.is_empty() || enforcer.enforce(&paper.with(&missing))?.is_err() {
        return Ok(Verdict::TakenBack {
            trouble,
            in_vain: missing,
        });
    }
    let mut kept = missing.clone();
    if let [first, second, ..] = halves(&missing).as_slice() {
        reduce(&paper, &mut kept, first, enforcer)?;
        reduce(&paper, &mut kept, second, enforcer)?;
    }
    Ok(Verdict::Enforced {
        paper: Box::new(paper.with(&kept)),
        given_back: kept,
    })
}

/// Takes away what is not needed of `part`. What is in force afterwards is the policy with `kept`.
fn reduce(
    paper: &Paper,
    kept: &mut Vec<Grant>,
    part: &[Grant],
    enforcer: &mut dyn Enforcer,
) -> Result<(), Failure> {
    let without: Vec<Grant> = kept
        .iter()
        .filter(|grant| !part.contains(grant))
        .cloned()
        .collect();
    // That it does not work with nothing given back is known.
    if !without.is_empty() && enforcer.enforce(&paper.with(&without))?.is_ok() {
        *kept = without;
        return Ok(());
    }
    for half in halves(part) {
        reduce(paper, kept, half, enforcer)?;
    }
    Ok(())
}

/// Both halves; none of what cannot be halved.
fn halves(part: &[Grant]) -> Vec<&[Grant]> {
    if part.len() < 2 {
        return Vec::new();
    }
    let (first, second) = part.split_at(part.len() / 2);
    vec![first, second]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A service that works when it has what it needs.
    struct Service {
        needs: BTreeSet<Grant>,
        uses: Vec<Grant>,
        in_force: Option<Paper>,
        tries: usize,
    }

    impl Enforcer for Service {
        fn enforce(&mut self, paper: &Paper) -> Result<Result<(), Refused>, Failure> {
            self.tries += 1;
            let has: BTreeSet<_> = paper.manifest.grants().map(|(grant, _)| grant).collect();
            if self.needs.is_subset(&has) {
                self.in_force = Some(paper.clone());
                return Ok(Ok(()));
            }
            Ok(Err(Refused {
                why: "it does not answer".to_owned(),
                lines: String::new(),
            }))
        }

        fn missing(&mut self, _: &Paper) -> Result<Vec<Grant>, Failure> {
            Ok(self.uses.clone())
        }
    }

    fn file(name: &str) -> Grant {
        format!("files.read /srv/{name}").parse().unwrap()
    }

    fn paper() -> Paper {
        let text =
            "ringfence = 1\n[service]\nname = \"x\"\nexec = [\"/usr/bin/x\"]\nuser = \"dynamic\"\n";
        let lock = "ringfence_lock = 1\nmanifest_sha256 = \"\"\narch = \"x86_64\"\nexec = \"/usr/bin/x\"\n\
                    exec_sha256 = \"\"\n";
        Paper {
            manifest: Manifest::parse(text).unwrap(),
            text: text.to_owned(),
            lock: Some(Lock::parse(lock).unwrap()),
        }
    }

    fn run(needs: &[&str], uses: &[&str]) -> (Verdict, Service) {
        let mut service = Service {
            needs: needs.iter().map(|name| file(name)).collect(),
            uses: uses.iter().map(|name| file(name)).collect(),
            in_force: None,
            tries: 0,
        };
        let verdict = enforce(paper(), &mut service).unwrap();
        (verdict, service)
    }

    #[test]
    fn a_policy_that_works_is_enforced_as_it_is() {
        let (verdict, service) = run(&[], &["a"]);
        assert!(matches!(verdict, Verdict::Enforced { given_back, .. } if given_back.is_empty()));
        assert_eq!(service.tries, 1);
    }

    #[test]
    fn exactly_what_is_needed_is_given_back_and_in_force() {
        for needs in [vec!["d"], vec!["a", "e"], vec!["a", "b", "c", "d", "e"]] {
            let (verdict, service) = run(&needs, &["e", "a", "b", "c", "d"]);
            let Verdict::Enforced { paper, given_back } = verdict else {
                panic!("{verdict:?}");
            };
            let wanted: Vec<_> = needs.iter().map(|name| file(name)).collect();
            assert_eq!(given_back, wanted);
            assert_eq!(paper.lock.as_ref().unwrap().provisional, wanted);
            assert_eq!(service.in_force, Some(*paper));
        }
    }

    #[test]
    fn a_service_that_no_grant_helps_is_as_it_was() {
        let (verdict, service) = run(&["z"], &["a", "b"]);
        let Verdict::TakenBack { in_vain, .. } = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(in_vain, [file("a"), file("b")]);
        assert_eq!(service.in_force, None);
        let (verdict, service) = run(&["z"], &[]);
        assert!(matches!(verdict, Verdict::TakenBack { .. }));
        assert_eq!(service.tries, 1);
    }
}
