//! A service with everything that is said about it.

use std::collections::BTreeMap;

use ringfence_compile::coverage::Status;
use ringfence_compile::systemd::{Target, worth};
use ringfence_unit::lint::{Finding, Rule, lint};
use ringfence_unit::load::Setting;
use ringfence_unit::name::UnitName;
use ringfence_unit::reach::Reach;
use ringfence_unit::score::{Assessment, Refusal, assess};
use ringfence_unit::text::Position;

use super::Service;
use crate::score::Verdict;

/// A service with its score, its findings and what it could do.
#[derive(Debug)]
pub struct Judged<'a> {
    /// Its name.
    pub name: &'a UnitName,
    /// Its files, the main one first.
    pub files: Vec<String>,
    /// Its score.
    pub assessment: Assessment<'a>,
    /// What the score does not show.
    pub findings: Vec<Finding>,
    /// What it could do.
    pub reach: Reach,
}

/// What a service may do that it should not: rows of the score that are bad, and findings, each with how bad
/// it is or how often it is there.
pub type Open = BTreeMap<String, u32>;

impl<'a> Judged<'a> {
    /// Judges a service. With a target, what this makes void is found too.
    pub fn of(service: &'a Service, verdict: Verdict, target: Option<&Target>) -> Self {
        let unit = &service.unit;
        let assessment = assess(unit, &verdict.profile, verdict.model);
        let mut findings = lint(unit, &assessment);
        if let Some(refusal) = &assessment.refusal {
            findings.insert(0, not_loaded(refusal, verdict));
        }
        if let Some(target) = target {
            findings.extend(void_on(service, target));
        }
        Self {
            name: &service.name,
            files: unit
                .files
                .iter()
                .map(|file| file.path.display().to_string())
                .collect(),
            reach: Reach::of(unit, &assessment),
            assessment,
            findings,
        }
    }

    /// The file that a finding is in.
    pub fn file_of(&self, finding: &Finding) -> &str {
        self.files.get(finding.file).map_or("", String::as_str)
    }

    /// What it may do that it should not. What only this host makes of it is left out: a baseline holds for
    /// every host.
    pub fn open(&self) -> Open {
        let bad = self.assessment.marks.iter().filter_map(|mark| {
            let badness = mark.badness.filter(|badness| *badness > 0)?;
            Some((mark.row.field.to_owned(), badness))
        });
        let mut open: Open = bad.collect();
        for finding in &self.findings {
            if finding.rule != Rule::VoidOnHost {
                *open.entry(format!("finding:{}", finding.rule)).or_default() += 1;
            }
        }
        open
    }
}

fn not_loaded(refusal: &Refusal, verdict: Verdict) -> Finding {
    let at = match refusal {
        Refusal::Line { at, .. } => *at,
        _ => Position { line: 1, column: 1 },
    };
    Finding {
        rule: Rule::NotLoaded,
        file: 0,
        at,
        message: format!("{} would not load it: {refusal}", verdict.profile),
        help: "mend the unit: it cannot be started as it is".to_owned(),
    }
}

/// The directives that the target accepts and ignores, each where it is set last.
fn void_on(service: &Service, target: &Target) -> Vec<Finding> {
    let unit = &service.unit;
    let is_last = |setting: &&Setting| {
        setting.section == "Service"
            && asks_for_something(&setting.value)
            && unit.last("Service", &setting.key) == Some(*setting)
    };
    let void = |setting: &Setting| {
        let (Status::Inert(why) | Status::Lost(why)) = worth(&setting.key, target)? else {
            return None;
        };
        Some(Finding::about(
            setting,
            Rule::VoidOnHost,
            why,
            "give the host what it takes, or count on something else",
        ))
    };
    unit.settings()
        .iter()
        .filter(is_last)
        .filter_map(void)
        .collect()
}

/// Whether a value is more than off, empty or without limit.
fn asks_for_something(value: &str) -> bool {
    let nothing = ["", "0", "no", "n", "false", "f", "off", "infinity"];
    !nothing.contains(&value.to_ascii_lowercase().as_str())
}
