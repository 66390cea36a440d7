//! `ringfence status`: what is applied to units.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use ringfence_host::deploy::{Pending, Status as Standing, Store};
use ringfence_host::systemd::Systemctl;
use serde::Serialize;

use crate::args::{Format, Status};
use crate::deployment::{failure, real_name, root_only};
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::{Output, Tone};

#[derive(Serialize)]
struct Json {
    schema: &'static str,
    units: Vec<Standing>,
}

/// Looks, and changes nothing.
pub fn status(typed: &Status, output: &Output) -> Result<ExitCode, Failure> {
    root_only()?;
    let store = Store::default();
    let systemctl = Systemctl::default();
    let names = match &typed.unit {
        Some(unit) => vec![real_name(unit, &systemctl)],
        None => store.units().map_err(failure)?,
    };
    let mut units = Vec::new();
    for name in &names {
        units.extend(store.status(name, &systemctl).map_err(failure)?);
    }
    if let (Some(unit), true) = (&typed.unit, units.is_empty()) {
        return Err(Failure::new(
            ExitCode::NothingMatched,
            format!("show {unit}: nothing was ever applied to it"),
        ));
    }
    let differs = units.iter().any(Standing::differs);
    match typed.format {
        Format::Json => output.json(&Json {
            schema: "ringfence.status/1",
            units,
        })?,
        Format::Plain if units.is_empty() => output.result("nothing is applied\n")?,
        Format::Plain => {
            let text: Vec<_> = units.iter().map(|unit| plain(unit, output)).collect();
            output.result(&text.join("\n"))?;
        }
    }
    Ok(if differs {
        ExitCode::Differs
    } else {
        ExitCode::Fine
    })
}

fn plain(standing: &Standing, output: &Output) -> String {
    let mut text = String::new();
    let mut row = |tone: Tone, word: &str, detail: &str| {
        let space = " ".repeat(13_usize.saturating_sub(word.len()));
        let _ = writeln!(text, "{}{space}{detail}", output.tone(tone, word));
    };
    row(Tone::Strong, "unit", &standing.unit);
    match (standing.generation, standing.applied) {
        (0, _) => row(Tone::Dim, "generation", "0: nothing is applied"),
        (number, at) => {
            let at = at.map(ago).unwrap_or_default();
            row(Tone::Good, "generation", &format!("{number}, written {at}"));
        }
    }
    let others: Vec<_> = standing
        .generations
        .iter()
        .filter(|number| **number != standing.generation)
        .map(u64::to_string)
        .collect();
    if !others.is_empty() {
        row(Tone::Dim, "others", &others.join(" "));
    }
    if let Some(digest) = &standing.manifest_sha256 {
        row(Tone::Dim, "manifest", &format!("sha256 {digest}"));
    }
    match &standing.manager {
        Some(run) => {
            let tone = match run.active.word() {
                "active" => Tone::Good,
                "failed" => Tone::Bad,
                _ => Tone::Unsure,
            };
            let detail = format!(
                "{} ({}), result `{}`",
                run.active.word(),
                run.sub,
                run.result
            );
            row(tone, "state", &detail);
            if run.needs_daemon_reload {
                row(
                    Tone::Unsure,
                    "stale",
                    "the manager has not read the files since they changed: systemctl daemon-reload",
                );
            }
        }
        None if standing.unit.contains("@.") => {
            row(Tone::Dim, "state", "a template; its instances have states");
        }
        None => row(
            Tone::Unsure,
            "state",
            "unknown: the service manager does not answer",
        ),
    }
    for grant in &standing.provisional {
        row(Tone::Unsure, "provisional", grant);
    }
    if let Some(awaiting) = standing.awaiting {
        let detail = format!(
            "generation {} is rolled back {}, unless it is confirmed",
            awaiting.generation,
            ahead(awaiting.until)
        );
        row(Tone::Unsure, "unconfirmed", &detail);
    }
    for path in &standing.edited {
        row(Tone::Bad, "edited", &path.to_string());
    }
    match &standing.pending {
        Some(Pending::Apply { generation }) => row(
            Tone::Bad,
            if standing.busy {
                "under way"
            } else {
                "cut off"
            },
            &format!("generation {generation} while it was applied"),
        ),
        Some(Pending::Rollback { to }) => row(
            Tone::Bad,
            if standing.busy {
                "under way"
            } else {
                "cut off"
            },
            &format!("a rollback to generation {to}"),
        ),
        None => {}
    }
    text
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn ago(at: u64) -> String {
    format!("{} ago", span(now().saturating_sub(at)))
}

fn ahead(at: u64) -> String {
    match at.saturating_sub(now()) {
        0 => "any moment".to_owned(),
        left => format!("in {}", span(left)),
    }
}

/// A span in its largest unit, as people say it.
fn span(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        for (seconds, text) in [(5, "5 s"), (150, "2 min"), (7200, "2 h"), (200_000, "2 d")] {
            assert_eq!(span(seconds), text);
        }
    }
}
