//! The differences for people: which service, which row, what to do.

use std::fmt::Write as _;

use super::entry::Subject;
use super::{Change, Kind, Ratchet};
use crate::output::{Output, Tone};
use crate::survey::{Judged, visible};
use crate::table::{Row, table};

/// How many entries of a new service are named before they are counted.
const NAMED: usize = 3;

/// The differences, those that grew first, and what to do about each of these.
pub fn plain(ratchet: &Ratchet, judged: &[Judged<'_>], output: &Output) -> String {
    let of = |kinds: &[Kind]| -> Vec<&Change> {
        let changes = ratchet.changes.iter();
        changes
            .filter(|change| kinds.contains(&change.kind))
            .collect()
    };
    let (grown, new) = (of(&[Kind::Grown]), of(&[Kind::New]));
    let less = of(&[Kind::Shrunk, Kind::Gone]);
    let new = by_service(&new);
    let mut rows: Vec<Row> = new.iter().map(|changes| new_row(changes)).collect();
    rows.extend(grown.iter().chain(&less).map(|change| row(change)));
    let mut text = table(&rows, output);
    for changes in &new {
        let service = changes.first().map_or("", |change| change.service.as_str());
        let _ = writeln!(
            text,
            "help: {service}: `ringfence score {service}` says which line closes each row"
        );
    }
    for changes in by_service(&grown) {
        for help in helps(&changes, judged) {
            let _ = writeln!(text, "help: {}", visible(&help));
        }
    }
    let _ = writeln!(
        text,
        "{} services: {} grown, {} new, {} shrunk or gone",
        judged.len(),
        grown.len(),
        new.len(),
        less.len()
    );
    text
}

/// The changes of each service. They are sorted by it.
fn by_service<'a>(changes: &[&'a Change]) -> Vec<Vec<&'a Change>> {
    let services = changes.chunk_by(|one, other| one.service == other.service);
    services.map(<[&Change]>::to_vec).collect()
}

/// One row for all that a new service has more than it may.
fn new_row(changes: &[&Change]) -> Row {
    let named = changes
        .iter()
        .take(NAMED)
        .map(|change| match Subject::of(&change.entry) {
            Some(Subject::Row(row)) => row.id.to_owned(),
            _ => change.entry.clone(),
        });
    let mut detail = named.collect::<Vec<_>>().join(", ");
    if changes.len() > NAMED {
        let _ = write!(detail, " and {} more", changes.len() - NAMED);
    }
    Row {
        tone: Tone::Bad,
        word: Kind::New.word().to_owned(),
        subject: changes
            .first()
            .map_or(String::new(), |change| change.service.clone()),
        detail: format!("{detail}: more than new services may have"),
    }
}

fn row(change: &Change) -> Row {
    let tone = match change.kind {
        Kind::Grown | Kind::New => Tone::Bad,
        Kind::Shrunk | Kind::Gone => Tone::Good,
    };
    let amount = match (change.is, change.may) {
        (is, may) if is > 0 && may > 0 => format!(" ({is}, was {may})"),
        _ => String::new(),
    };
    let detail = match (Subject::of(&change.entry), change.kind) {
        (_, Kind::Gone) => "is listed and is not there any more".to_owned(),
        (Some(Subject::Row(row)), Kind::Shrunk) if change.is == 0 => {
            format!("{}: may no longer {}", row.id, row.open)
        }
        (Some(Subject::Row(row)), _) => format!("{}: may {}{amount}", row.id, row.open),
        (Some(Subject::Finding(rule)), Kind::Shrunk) if change.is == 0 => {
            format!("{rule}: no longer found")
        }
        (Some(Subject::Finding(rule)), _) => format!("{rule}: {}{amount}", rule.summary()),
        (None, _) => change.entry.clone(),
    };
    Row {
        tone,
        word: change.kind.word().to_owned(),
        subject: change.service.clone(),
        detail,
    }
}

/// What would undo what grew of one service: one line for all rows of the score, one for each finding.
fn helps(changes: &[&Change], judged: &[Judged<'_>]) -> Vec<String> {
    let name = changes.first().map_or("", |change| change.service.as_str());
    let Some(service) = judged.iter().find(|own| own.name.as_str() == name) else {
        return Vec::new();
    };
    let grew = |entry: &str| changes.iter().any(|change| change.entry == entry);
    let better = service.assessment.improvements().into_iter();
    let better = better.filter(|better| grew(better.row.field));
    let lines: Vec<String> = better
        .map(|better| better.lines.replace('\n', ", "))
        .collect();
    let mut helps = Vec::new();
    if !lines.is_empty() {
        helps.push(format!("{name}: add {}", lines.join(", ")));
    }
    for finding in &service.findings {
        if grew(&format!("finding:{}", finding.rule)) {
            let (file, line) = (service.file_of(finding), finding.at.line);
            helps.push(format!(
                "{file}:{line}: {}: {}",
                finding.message, finding.help
            ));
        }
    }
    helps
}
