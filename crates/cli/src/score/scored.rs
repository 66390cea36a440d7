//! A unit with its score.

use ringfence_unit::load::Unit;
use ringfence_unit::score::{Assessment, Model, Profile, assess};

use super::{Found, Lost};

/// Whose verdict is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Verdict {
    /// The release of systemd.
    pub profile: Profile,
    /// Its words about the file, or about the loaded unit.
    pub model: Model,
}

impl Verdict {
    /// Says whose it is.
    pub fn by(self) -> String {
        match self.model {
            Model::Offline => format!("as {} says of the file alone", self.profile),
            Model::Manager => format!("as {} says of the loaded unit", self.profile),
        }
    }
}

/// A unit with its score.
#[derive(Debug)]
pub struct Scored<'a> {
    /// The name of the file, or of the unit.
    pub name: &'a str,
    /// The unit.
    pub unit: Option<&'a Unit>,
    /// Its score, or why there is none.
    pub assessment: Result<Assessment<'a>, &'a Lost>,
}

impl<'a> Scored<'a> {
    /// Scores what was found.
    pub fn of(found: &'a Found, verdict: Verdict) -> Self {
        let unit = found.unit.as_ref();
        Self {
            name: &found.name,
            unit: unit.ok(),
            assessment: unit.map(|unit| assess(unit, &verdict.profile, verdict.model)),
        }
    }

    /// What is wrong with the unit, if it cannot be read or systemd would not load it.
    pub fn trouble(&self, verdict: Verdict) -> Option<String> {
        match &self.assessment {
            Ok(assessment) => assessment
                .refusal
                .as_ref()
                .map(|refusal| format!("{} would refuse it: {refusal}", verdict.profile)),
            Err(lost) => Some(format!("it has no score: cannot {lost}")),
        }
    }
}
