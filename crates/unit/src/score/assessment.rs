//! The verdict on a unit.

use super::exposure::{Exposure, Level};
use super::finding::Ignored;
use super::implied::settle;
use super::profile::{Model, Profile};
use super::read::{Read, read};
use super::refusal::Refusal;
use super::remedy::{Improvement, improvements};
use super::rules::broken;
use super::service::Service;
use super::table::{ROWS, Row};
use crate::load::Unit;

/// The verdict on a unit.
#[derive(Debug, Clone)]
pub struct Assessment<'a> {
    unit: &'a Unit,
    profile: Profile,
    model: Model,
    /// What the unit sets, without what that implies.
    service: Service,
    /// The marks, one for each row.
    pub marks: Marks,
    /// Why the service manager would not load the unit. It has marks all the same: they are for what it
    /// would be if that were mended.
    pub refusal: Option<Refusal>,
    /// What it says that nobody hears.
    pub ignored: Vec<Ignored>,
}

/// How bad each row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks([Option<u32>; ROWS.len()]);

/// One row with its mark.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    /// The row.
    pub row: &'static Row,
    /// How bad it is, up to its range; `None` where it does not apply.
    pub badness: Option<u32>,
    /// What it adds to the exposure by itself, rounded up.
    pub exposure: Exposure,
}

/// Scores a service as this release of systemd would.
pub fn assess<'a>(unit: &'a Unit, profile: &Profile, model: Model) -> Assessment<'a> {
    let Read {
        service,
        refusal,
        ignored,
    } = read(unit, profile);
    let settled = settled(&service, unit, profile);
    let rule = || broken(&settled, profile).map(Refusal::Rule);
    Assessment {
        unit,
        profile: *profile,
        model,
        marks: Marks::of(&settled, profile, model),
        refusal: refusal.or_else(rule),
        ignored,
        service,
    }
}

/// The service with what its settings imply.
pub(super) fn settled(service: &Service, unit: &Unit, profile: &Profile) -> Service {
    let mut settled = service.clone();
    settle(&mut settled, unit.name.prefix(), profile);
    settled
}

impl Assessment<'_> {
    /// The verdict in one figure.
    pub fn exposure(&self) -> Exposure {
        self.marks.exposure()
    }

    /// The verdict in one word.
    pub fn level(&self) -> Level {
        self.exposure().level()
    }

    /// What would make rows better, the most valuable first.
    pub fn improvements(&self) -> Vec<Improvement> {
        improvements(
            self.unit,
            &self.service,
            &self.marks,
            &self.profile,
            self.model,
        )
    }
}

impl Marks {
    pub(super) fn of(service: &Service, profile: &Profile, model: Model) -> Self {
        Self(std::array::from_fn(|place| {
            ROWS.get(place)?.badness(service, profile, model)
        }))
    }

    /// Each row with its mark, in order.
    pub fn iter(&self) -> impl Iterator<Item = Mark> {
        let weights = self.weights();
        ROWS.iter().zip(self.0).map(move |(row, badness)| Mark {
            row,
            badness,
            exposure: Exposure::of_row(badness.unwrap_or(0) * row.weight, row.range, weights),
        })
    }

    /// The sum of what is bad, each row by its weight.
    pub fn badness(&self) -> u32 {
        let rows = ROWS.iter().zip(self.0);
        rows.filter_map(|(row, badness)| Some((badness? * row.weight).div_ceil(row.range)))
            .sum()
    }

    /// The sum of the weights of the rows that apply.
    pub fn weights(&self) -> u32 {
        let rows = ROWS.iter().zip(self.0);
        rows.filter_map(|(row, badness)| badness.map(|_| row.weight))
            .sum()
    }

    /// What is bad of what applies.
    pub fn exposure(&self) -> Exposure {
        Exposure::of(self.badness(), self.weights())
    }
}
