//! A scan for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ringfence_unit::lint::Harm;
use ringfence_unit::score::Level;

use super::Scanned;
use crate::output::{Output, Tone};
use crate::survey::{Judged, visible};
use crate::table::{Row, table};

/// Three lines for each service unless it is to be brief, then the findings, then one table.
pub fn plain(scanned: &Scanned<'_>, brief: bool, output: &Output) -> String {
    let mut text = String::new();
    if !brief {
        for judged in &scanned.ranked {
            answers(judged, output, &mut text);
        }
    }
    let findings = findings(scanned, output);
    text.push_str(&findings);
    if !findings.is_empty() {
        text.push('\n');
    }
    let rows: Vec<Row> = scanned.ranked.iter().map(row).collect();
    text.push_str(&table(&rows, output));
    text.push_str(&totals(scanned));
    text
}

fn answers(judged: &Judged<'_>, output: &Output, text: &mut String) {
    let name = output.tone(Tone::Strong, judged.name.as_str());
    let reach = &judged.reach;
    let _ = writeln!(text, "{name}");
    for (question, answer) in [
        ("exploited, it is", &reach.exploited),
        ("it can read", &reach.read),
        ("it can exhaust", &reach.exhaust),
    ] {
        let question = output.tone(Tone::Dim, &format!("{question:<16}"));
        let _ = writeln!(text, "  {question}  {}", visible(answer));
    }
    text.push('\n');
}

fn findings(scanned: &Scanned<'_>, output: &Output) -> String {
    let mut text = String::new();
    for judged in &scanned.ranked {
        for finding in &judged.findings {
            let tone = match finding.rule.harm() {
                Harm::Breaks | Harm::Unconfined => Tone::Bad,
                Harm::Void => Tone::Unsure,
            };
            let (line, column) = (finding.at.line, finding.at.column);
            let _ = writeln!(
                text,
                "{}  {}:{line}:{column}: {}\n  help: {}",
                output.tone(tone, finding.rule.id()),
                visible(judged.file_of(finding)),
                visible(&finding.message),
                visible(&finding.help)
            );
        }
    }
    for (name, error) in &scanned.services.broken {
        let word = output.tone(Tone::Bad, "not-loaded");
        let _ = writeln!(
            text,
            "{word}  {name}: cannot {}",
            visible(&error.to_string())
        );
    }
    text
}

fn row(judged: &Judged<'_>) -> Row {
    let (exposure, level) = (judged.assessment.exposure(), judged.assessment.level());
    let mut details = Vec::new();
    if judged.name.is_template() {
        details.push("template".to_owned());
    }
    match judged.findings.len() {
        0 => {}
        1 => details.push("1 finding".to_owned()),
        count => details.push(format!("{count} findings")),
    }
    Row {
        tone: tone(level),
        word: format!("{exposure:>4} {level}"),
        subject: judged.name.to_string(),
        detail: details.join(", "),
    }
}

fn tone(level: Level) -> Tone {
    match level {
        Level::Perfect | Level::Safe | Level::Ok => Tone::Good,
        Level::Medium => Tone::Unsure,
        Level::Exposed | Level::Unsafe | Level::Dangerous => Tone::Bad,
    }
}

fn totals(scanned: &Scanned<'_>) -> String {
    let ranked = &scanned.ranked;
    let mut levels: BTreeMap<Level, usize> = BTreeMap::new();
    for judged in ranked {
        *levels.entry(judged.assessment.level()).or_default() += 1;
    }
    let levels = levels
        .iter()
        .rev()
        .map(|(level, count)| format!("{count} {level}"));
    let levels: Vec<String> = levels.collect();
    let templates = ranked
        .iter()
        .filter(|judged| judged.name.is_template())
        .count();
    let findings: usize = ranked.iter().map(|judged| judged.findings.len()).sum();
    let middle = ranked.get(ranked.len() / 2);
    let median = middle.map_or(String::new(), |judged| {
        format!("; median {}", judged.assessment.exposure())
    });
    format!(
        "\n{} services, {templates} of them templates, {} masked, {} not loaded; {findings} findings{median}\n{}\n\
         {}\n",
        ranked.len(),
        scanned.services.masked.len(),
        scanned.services.broken.len(),
        levels.join(", "),
        scanned.verdict.by()
    )
}
