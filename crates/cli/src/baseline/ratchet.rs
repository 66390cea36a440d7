//! What services have, against what they may have.

use std::collections::{BTreeMap, BTreeSet};

use super::Baseline;
use crate::survey::Open;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The service.
    pub service: String,
    /// The row or finding.
    pub entry: String,
    /// How much of it there is.
    pub is: u32,
    /// How much of it there may be.
    pub may: u32,
    /// In which way they differ.
    pub kind: Kind,
}

/// In which way a service differs from the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It has more than it had.
    Grown,
    /// It is not listed, and has more than new services may have.
    New,
    /// It has less than it had.
    Shrunk,
    /// It is listed and is not there any more.
    Gone,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Grown => "grown",
            Self::New => "new",
            Self::Shrunk => "shrunk",
            Self::Gone => "gone",
        }
    }

    /// Whether it is what a baseline is there to prevent.
    pub fn is_growth(self) -> bool {
        matches!(self, Self::Grown | Self::New)
    }
}

/// The comparison of services with a baseline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ratchet {
    /// The differences, by service.
    pub changes: Vec<Change>,
}

impl Ratchet {
    /// Compares. Of a service in `unknown` nothing is known, so it is not gone either.
    pub fn compare(
        baseline: &Baseline,
        services: &BTreeMap<String, Open>,
        unknown: &BTreeSet<String>,
    ) -> Self {
        let mut changes = Vec::new();
        for (service, open) in services {
            let (allowed, more) = match baseline.services.get(service) {
                Some(allowed) => (allowed, Kind::Grown),
                None => (&baseline.new, Kind::New),
            };
            let entries: BTreeSet<_> = open.keys().chain(allowed.keys()).collect();
            for entry in entries {
                let amount = |of: &Open| of.get(entry).copied().unwrap_or(0);
                let (is, may) = (amount(open), amount(allowed));
                let kind = match (is > may, more) {
                    (true, kind) => kind,
                    (false, Kind::Grown) if is < may => Kind::Shrunk,
                    _ => continue,
                };
                changes.push(change(service, entry, is, may, kind));
            }
        }
        for service in baseline.services.keys() {
            if !services.contains_key(service) && !unknown.contains(service) {
                changes.push(change(service, "", 0, 0, Kind::Gone));
            }
        }
        Self { changes }
    }

    /// Whether a privilege grew.
    pub fn grew(&self) -> bool {
        self.changes.iter().any(|change| change.kind.is_growth())
    }

    /// Whether the baseline says more than services have, or does not list one that it could.
    pub fn is_loose(&self) -> bool {
        self.changes.iter().any(|change| !change.kind.is_growth())
    }
}

fn change(service: &str, entry: &str, is: u32, may: u32, kind: Kind) -> Change {
    Change {
        service: service.to_owned(),
        entry: entry.to_owned(),
        is,
        may,
        kind,
    }
}

impl Baseline {
    /// Takes out what services no longer have, adds new ones that keep to what new ones may have, and takes
    /// over all that those have that are accepted.
    #[must_use]
    pub fn tightened(
        &self,
        services: &BTreeMap<String, Open>,
        unknown: &BTreeSet<String>,
        accepted: &BTreeSet<String>,
    ) -> Self {
        let mut tightened = self.clone();
        let stays = |name: &String| services.contains_key(name) || unknown.contains(name);
        tightened.services.retain(|name, _| stays(name));
        for (name, open) in services {
            if accepted.contains(name) {
                tightened.services.insert(name.clone(), open.clone());
                continue;
            }
            match tightened.services.get_mut(name) {
                Some(allowed) => *allowed = least(allowed, open),
                None if least(&self.new, open) == *open => {
                    tightened.services.insert(name.clone(), open.clone());
                }
                None => {}
            }
        }
        tightened
    }
}

/// The lesser of both, entry by entry.
fn least(one: &Open, other: &Open) -> Open {
    let both = one.iter().filter_map(|(entry, amount)| {
        let least = *amount.min(other.get(entry)?);
        Some((entry.clone(), least))
    });
    both.collect()
}

#[cfg(test)]
mod tests {
    use ringfence_unit::score::Model;

    use super::*;

    fn open(list: &[(&str, u32)]) -> Open {
        list.iter()
            .map(|(name, amount)| ((*name).to_owned(), *amount))
            .collect()
    }

    fn baseline(services: &[(&str, &[(&str, u32)])]) -> Baseline {
        Baseline {
            systemd: 257,
            model: Model::Manager,
            new: open(&[("PrivateNetwork", 1)]),
            services: of(services),
        }
    }

    fn of(services: &[(&str, &[(&str, u32)])]) -> BTreeMap<String, Open> {
        services
            .iter()
            .map(|(name, list)| ((*name).to_owned(), open(list)))
            .collect()
    }

    fn kinds(baseline: &Baseline, services: &BTreeMap<String, Open>) -> Vec<(String, Kind)> {
        let changes = Ratchet::compare(baseline, services, &BTreeSet::new()).changes;
        changes
            .into_iter()
            .map(|change| (format!("{} {}", change.service, change.entry), change.kind))
            .collect()
    }

    #[test]
    fn one_entry_does_not_make_up_for_another() {
        let baseline = baseline(&[("a.service", &[("PrivateTmp", 1), ("ProtectSystem", 5)])]);
        let now = of(&[("a.service", &[("PrivateDevices", 1), ("ProtectSystem", 10)])]);
        assert_eq!(
            kinds(&baseline, &now),
            [
                ("a.service PrivateDevices".to_owned(), Kind::Grown),
                ("a.service PrivateTmp".to_owned(), Kind::Shrunk),
                ("a.service ProtectSystem".to_owned(), Kind::Grown),
            ]
        );
    }

    #[test]
    fn a_new_service_may_have_what_new_ones_may_and_one_that_is_listed_only_its_own() {
        let baseline = baseline(&[("old.service", &[])]);
        let now = of(&[
            ("old.service", &[("PrivateNetwork", 1)]),
            ("good.service", &[("PrivateNetwork", 1)]),
            ("bad.service", &[("PrivateTmp", 1)]),
        ]);
        assert_eq!(
            kinds(&baseline, &now),
            [
                ("bad.service PrivateTmp".to_owned(), Kind::New),
                ("old.service PrivateNetwork".to_owned(), Kind::Grown),
            ]
        );
        let tightened = baseline.tightened(&now, &BTreeSet::new(), &BTreeSet::new());
        assert_eq!(
            tightened.services,
            of(&[
                ("old.service", &[]),
                ("good.service", &[("PrivateNetwork", 1)])
            ])
        );
    }

    #[test]
    fn a_tightened_baseline_never_allows_more_unless_it_is_accepted() {
        let before = baseline(&[
            ("a.service", &[("PrivateTmp", 1)]),
            ("gone.service", &[]),
            ("odd.service", &[("PrivateTmp", 1)]),
        ]);
        let now = of(&[("a.service", &[("PrivateTmp", 1), ("PrivateDevices", 1)])]);
        let unknown = BTreeSet::from(["odd.service".to_owned()]);
        let tightened = before.tightened(&now, &unknown, &BTreeSet::new());
        assert_eq!(
            tightened.services,
            of(&[
                ("a.service", &[("PrivateTmp", 1)]),
                ("odd.service", &[("PrivateTmp", 1)])
            ])
        );
        let accepted = before.tightened(&now, &unknown, &BTreeSet::from(["a.service".to_owned()]));
        assert!(!Ratchet::compare(&accepted, &now, &unknown).grew());
        assert!(Ratchet::compare(&tightened, &now, &unknown).grew());
    }
}
