//! Scores as JSON, with names and totals, which those of `systemd-analyze security` lack.

use ringfence_unit::score::{Assessment, Exposure};
use serde::Serialize;

use super::{Scored, Verdict};

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    /// The release of systemd whose verdict it is.
    systemd: u32,
    model: String,
    units: Vec<OfUnit<'a>>,
}

#[derive(Serialize)]
struct OfUnit<'a> {
    unit: &'a str,
    /// The unit's files: the main one and the drop-ins.
    files: Vec<String>,
    /// What is wrong with it, if it cannot be read or systemd would not load it.
    trouble: Option<String>,
    /// Nothing where it cannot be read.
    #[serde(flatten)]
    score: Option<OfAssessment>,
}

#[derive(Serialize)]
struct OfAssessment {
    exposure: f64,
    level: String,
    badness_sum: u32,
    weight_sum: u32,
    rows: Vec<OfRow>,
    improvements: Vec<OfImprovement>,
    ignored: Vec<OfIgnored>,
}

#[derive(Serialize)]
struct OfRow {
    id: &'static str,
    field: &'static str,
    weight: u32,
    range: u32,
    /// Nothing where the row does not apply.
    badness: Option<u32>,
    exposure: f64,
    /// What the service may do, where it is bad.
    may: Option<&'static str>,
}

#[derive(Serialize)]
struct OfImprovement {
    field: &'static str,
    lines: Vec<&'static str>,
    /// How bad the row is then.
    badness: u32,
    /// What the unit has then.
    exposure: f64,
    /// By how much it falls, before it is rounded.
    fall: f64,
}

#[derive(Serialize)]
struct OfIgnored {
    file: usize,
    line: usize,
    column: usize,
    setting: String,
    text: String,
}

/// The scores with the schema `ringfence.score/1`.
pub fn json<'a>(scored: &[Scored<'a>], verdict: Verdict) -> impl Serialize + 'a {
    Report {
        schema: "ringfence.score/1",
        systemd: verdict.profile.version(),
        model: verdict.model.to_string(),
        units: scored
            .iter()
            .map(|scored| of_unit(scored, verdict))
            .collect(),
    }
}

fn of_unit<'a>(scored: &Scored<'a>, verdict: Verdict) -> OfUnit<'a> {
    let files = scored.unit.map_or(&[][..], |unit| &unit.files);
    OfUnit {
        unit: scored.name,
        files: files
            .iter()
            .map(|file| file.path.display().to_string())
            .collect(),
        trouble: scored.trouble(verdict),
        score: scored.assessment.as_ref().ok().map(of_assessment),
    }
}

fn of_assessment(assessment: &Assessment<'_>) -> OfAssessment {
    let rows = assessment.marks.iter().map(|mark| OfRow {
        id: mark.row.id,
        field: mark.row.field,
        weight: mark.row.weight,
        range: mark.row.range,
        badness: mark.badness,
        exposure: decimal(mark.exposure),
        may: mark
            .badness
            .filter(|badness| *badness > 0)
            .map(|_| mark.row.open),
    });
    let improvements = assessment
        .improvements()
        .into_iter()
        .map(|better| OfImprovement {
            field: better.row.field,
            lines: better.lines.lines().collect(),
            badness: better.badness,
            exposure: decimal(better.exposure),
            fall: better.fall,
        });
    let ignored = assessment.ignored.iter().map(|ignored| OfIgnored {
        file: ignored.file,
        line: ignored.at.line,
        column: ignored.at.column,
        setting: ignored.key.clone(),
        text: ignored.text.clone(),
    });
    OfAssessment {
        exposure: decimal(assessment.exposure()),
        level: assessment.level().to_string(),
        badness_sum: assessment.marks.badness(),
        weight_sum: assessment.marks.weights(),
        rows: rows.collect(),
        improvements: improvements.collect(),
        ignored: ignored.collect(),
    }
}

fn decimal(exposure: Exposure) -> f64 {
    f64::from(exposure.tenths()) / 10.0
}
