//! A finite set of grants, kept in canonical form: sorted, and without a grant that another covers.

use std::collections::BTreeSet;

use crate::grant::{Bundle, Grant};

/// What a service may do. The empty policy allows nothing; [`Policy::base`] is what every service gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    grants: BTreeSet<Grant>,
}

impl Policy {
    /// What every service gets: its libraries to read, `/dev/null` and its like, a private `/tmp`.
    pub fn base() -> Self {
        Self::from_iter([Grant::Use(Bundle::BASE)])
    }

    /// The grants, in canonical order.
    pub fn grants(&self) -> impl DoubleEndedIterator<Item = &Grant> {
        self.grants.iter()
    }

    /// The grants with every bundle replaced by its members; no longer canonical.
    pub fn expanded(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter().flat_map(|grant| match grant {
            Grant::Use(bundle) => bundle.grants(),
            other => std::slice::from_ref(other),
        })
    }

    /// How many grants there are.
    pub fn len(&self) -> usize {
        self.grants.len()
    }

    /// Whether nothing is allowed.
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// Whether this allows what `grant` allows.
    pub fn allows(&self, grant: &Grant) -> bool {
        self.grants.contains(grant) || self.grants.iter().any(|own| own.covers(grant))
    }

    /// Adds a grant and drops what it covers.
    pub fn insert(&mut self, grant: Grant) {
        if !self.allows(&grant) {
            self.grants.retain(|own| !grant.covers(own));
            self.grants.insert(grant);
        }
    }

    /// Removes this very grant; says whether it was there.
    pub fn remove(&mut self, grant: &Grant) -> bool {
        self.grants.remove(grant)
    }

    /// Whether this allows everything `other` allows.
    pub fn covers(&self, other: &Self) -> bool {
        other.grants.iter().all(|grant| self.allows(grant))
    }

    /// The least policy that allows what either allows.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        self.grants.iter().chain(&other.grants).cloned().collect()
    }

    /// The greatest policy that allows only what both allow.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        self.grants
            .iter()
            .flat_map(|a| other.grants.iter().flat_map(|b| a.meet(b)))
            .collect()
    }
}

impl FromIterator<Grant> for Policy {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        let mut policy = Self::default();
        grants.into_iter().for_each(|grant| policy.insert(grant));
        policy
    }
}
