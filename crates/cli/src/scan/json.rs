//! A scan for programs.

use ringfence_unit::lint::{Finding, Harm};
use ringfence_unit::name::UnitName;
use serde::Serialize;

use super::Scanned;
use crate::survey::Judged;

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    systemd: u32,
    model: String,
    root: Option<String>,
    services: Vec<OfService<'a>>,
    masked: Vec<&'a str>,
    not_loaded: Vec<NotLoaded<'a>>,
}

#[derive(Serialize)]
struct OfService<'a> {
    unit: &'a str,
    template: bool,
    exposure: f64,
    level: String,
    badness_sum: u32,
    weight_sum: u32,
    exploited: &'a str,
    reads: &'a str,
    exhausts: &'a str,
    /// The rows that are bad, by the names that `systemd-analyze security --json` has for them.
    open: Vec<&'static str>,
    files: &'a [String],
    findings: Vec<OfFinding<'a>>,
}

#[derive(Serialize)]
struct OfFinding<'a> {
    rule: &'static str,
    harm: &'static str,
    file: &'a str,
    line: usize,
    column: usize,
    message: &'a str,
    help: &'a str,
}

#[derive(Serialize)]
struct NotLoaded<'a> {
    unit: &'a str,
    why: String,
}

/// The scan with the schema `ringfence.scan/1`.
pub fn json(scanned: &Scanned<'_>) -> impl Serialize {
    Report {
        schema: "ringfence.scan/1",
        systemd: scanned.verdict.profile.version(),
        model: scanned.verdict.model.to_string(),
        root: scanned.root.map(|root| root.display().to_string()),
        services: scanned.ranked.iter().map(of_service).collect(),
        masked: scanned
            .services
            .masked
            .iter()
            .map(UnitName::as_str)
            .collect(),
        not_loaded: scanned
            .services
            .broken
            .iter()
            .map(|(name, error)| NotLoaded {
                unit: name.as_str(),
                why: format!("cannot {error}"),
            })
            .collect(),
    }
}

fn of_service<'a>(judged: &'a Judged<'_>) -> OfService<'a> {
    let assessment = &judged.assessment;
    let bad = assessment
        .marks
        .iter()
        .filter(|mark| mark.badness > Some(0));
    OfService {
        unit: judged.name.as_str(),
        template: judged.name.is_template(),
        exposure: f64::from(assessment.exposure().tenths()) / 10.0,
        level: assessment.level().to_string(),
        badness_sum: assessment.marks.badness(),
        weight_sum: assessment.marks.weights(),
        exploited: &judged.reach.exploited,
        reads: &judged.reach.read,
        exhausts: &judged.reach.exhaust,
        open: bad.map(|mark| mark.row.field).collect(),
        files: &judged.files,
        findings: judged
            .findings
            .iter()
            .map(|finding| of_finding(judged, finding))
            .collect(),
    }
}

fn of_finding<'a>(judged: &'a Judged<'_>, finding: &'a Finding) -> OfFinding<'a> {
    OfFinding {
        rule: finding.rule.id(),
        harm: match finding.rule.harm() {
            Harm::Breaks => "breaks",
            Harm::Unconfined => "unconfined",
            Harm::Void => "void",
        },
        file: judged.file_of(finding),
        line: finding.at.line,
        column: finding.at.column,
        message: &finding.message,
        help: &finding.help,
    }
}
