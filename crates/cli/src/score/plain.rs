//! Scores for people: what would make each row better, the most valuable first, and the total.

use std::fmt::Write as _;

use ringfence_unit::score::{Assessment, Level};

use super::{Scored, Verdict};
use crate::output::{Output, Tone};
use crate::table::{Row, table};

/// The scores, one below the other.
pub fn plain(scored: &[Scored<'_>], verdict: Verdict, output: &Output) -> String {
    let of_one = |scored: &Scored<'_>| match &scored.assessment {
        Ok(assessment) => of_unit(scored.name, assessment, verdict, output),
        Err(lost) => format!("{}\nit has no score: cannot {lost}\n", scored.name),
    };
    let texts: Vec<String> = scored.iter().map(of_one).collect();
    texts.join("\n")
}

fn of_unit(name: &str, assessment: &Assessment<'_>, verdict: Verdict, output: &Output) -> String {
    let better = assessment.improvements();
    let mut rows: Vec<Row> = better
        .iter()
        .map(|better| Row {
            tone: Tone::Unsure,
            word: fall(better.fall),
            subject: better.lines.replace('\n', ", "),
            detail: format!("may {}", better.row.open),
        })
        .collect();
    let bad = assessment
        .marks
        .iter()
        .filter(|mark| mark.badness > Some(0));
    let left = bad.filter(|mark| better.iter().all(|better| better.row.id != mark.row.id));
    rows.extend(left.map(|mark| Row {
        tone: Tone::Bad,
        word: "stays".to_owned(),
        subject: mark.row.id.to_owned(),
        detail: format!("may {}; no line makes it better", mark.row.open),
    }));
    let mut text = format!("{}\n", output.tone(Tone::Strong, name));
    text.push_str(&table(&rows, output));
    for ignored in &assessment.ignored {
        let _ = writeln!(
            text,
            "{}  line {}: {}=: `{}` means nothing to {}",
            output.tone(Tone::Bad, "ignored"),
            ignored.at.line,
            ignored.key,
            ignored.text,
            verdict.profile
        );
    }
    if let Some(refusal) = &assessment.refusal {
        let word = output.tone(Tone::Bad, "refused");
        let _ = writeln!(
            text,
            "{word}  {} would refuse it: {refusal}",
            verdict.profile
        );
    }
    let (exposure, level) = (assessment.exposure(), assessment.level());
    let figure = output.tone(tone(level), &format!("{exposure} {level}"));
    let _ = writeln!(text, "{figure}  {}", verdict.by());
    text
}

/// Some rows count less than a hundredth by themselves.
fn fall(points: f64) -> String {
    if points < 0.01 {
        "<0.01".to_owned()
    } else {
        format!("-{points:.2}")
    }
}

fn tone(level: Level) -> Tone {
    match level {
        Level::Perfect | Level::Safe | Level::Ok => Tone::Good,
        Level::Medium => Tone::Unsure,
        Level::Exposed | Level::Unsafe | Level::Dangerous => Tone::Bad,
    }
}
