//! Grants that are given back to a service that failed without them, until a person has looked at them.

use super::{Lock, sha256};
use crate::grant::Grant;
use crate::manifest::{Entry, Manifest};

/// The reason that stands in the manifest beside a grant that was given back.
const WHY: &str =
    "provisional: the service failed without it after it was enforced; keep or drop it";

impl Lock {
    /// Adds a grant to the manifest as a provisional one. The lock stays the lock of that manifest.
    ///
    /// A person who keeps the grant gives it a reason of their own, or none; the next `policy derive` or
    /// [`Lock::settle`] forgets that it was provisional.
    pub fn give_back(&mut self, manifest: &mut Manifest, grant: Grant) {
        manifest.entries.push(Entry {
            grant: grant.clone(),
            why: Some(WHY.to_owned()),
        });
        manifest.normalize();
        self.provisional.push(grant);
        self.provisional.sort();
        self.provisional.dedup();
        self.manifest_sha256 = sha256(manifest.render().as_bytes());
    }

    /// Drops from the provisional grants those that the manifest no longer marks as such, because a person
    /// removed them or gave them a reason.
    pub fn settle(&mut self, manifest: &Manifest) {
        self.provisional.retain(|grant| {
            manifest
                .grants()
                .any(|(own, why)| own == *grant && why == Some(WHY))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arbitrary;
    use proptest::prelude::*;

    fn manifest() -> Manifest {
        let text =
            "ringfence = 1\n[service]\nname = \"x\"\nexec = [\"/usr/bin/x\"]\nuser = \"dynamic\"\n";
        Manifest::parse(text).unwrap()
    }

    proptest! {
        #![proptest_config(arbitrary::cases(200))]

        #[test]
        fn what_is_given_back_is_granted_marked_and_survives_the_file(lock in arbitrary::lock()) {
            let (mut manifest, mut lock) = (manifest(), lock);
            let grant: Grant = "files.read /srv/late".parse().unwrap();
            lock.give_back(&mut manifest, grant.clone());
            prop_assert!(lock.is_for(&manifest.render()));
            let again = Manifest::parse(&manifest.render()).unwrap();
            prop_assert!(again.grants().any(|(own, why)| own == grant && why == Some(WHY)));
            prop_assert!(lock.provisional.contains(&grant));
        }
    }

    #[test]
    fn a_grant_that_a_person_has_looked_at_is_no_longer_provisional() {
        let mut manifest = manifest();
        let mut lock = Lock::parse(
            "ringfence_lock = 1\nmanifest_sha256 = \"\"\narch = \"x86_64\"\nexec = \"/usr/bin/x\"\nexec_sha256 = \"\"\n",
        )
        .unwrap();
        lock.give_back(&mut manifest, "files.read /srv/late".parse().unwrap());
        lock.give_back(&mut manifest, "files.read /srv/later".parse().unwrap());
        lock.settle(&manifest);
        assert_eq!(lock.provisional.len(), 2);
        for entry in &mut manifest.entries {
            if entry.grant == "files.read /srv/late".parse().unwrap() {
                entry.why = Some("the nightly import".to_owned());
            }
        }
        lock.settle(&manifest);
        assert_eq!(lock.provisional, ["files.read /srv/later".parse().unwrap()]);
    }
}
