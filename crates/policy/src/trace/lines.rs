//! The trace file: JSON Lines, version 1.
//!
//! The first line names the format. Each later line is a run, a fact with its sightings, or a peak. The
//! last line counts the others, so that a file cut at a line's end is seen to be cut too. Files written
//! by this module are canonical: the same trace gives the same bytes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Fact, Phase, Run, Sighting, Trace};
use crate::grant::Resource;
use crate::path::AbsPath;

const FORMAT: &str = "ringfence.trace/1";

/// What is wrong with a trace file, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct TraceError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub kind: TraceErrorKind,
}

/// What is wrong with a line of a trace file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceErrorKind {
    /// The first line does not name the format.
    #[error("not a trace: the first line of a trace is {{\"format\":\"ringfence.trace/1\"}}")]
    Format,
    /// The first line names a format that this version does not read.
    #[error("the trace has format `{0}`; this version reads `ringfence.trace/1`")]
    Version(String),
    /// The line is not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// The line ends too early.
    #[error("the line is cut after {0} characters")]
    Cut(usize),
    /// The line is not one of a trace.
    #[error("{0}")]
    Foreign(String),
    /// The last line is missing, or something follows it.
    #[error("the trace is cut: its last line, which counts the others, is missing")]
    End,
    /// The count in the last line is not that of the lines before it.
    #[error("the trace has {found} lines where its last line says {said}")]
    Count {
        /// What the last line says.
        said: usize,
        /// How many there are.
        found: usize,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Line {
    Format(String),
    Run(Box<Run>),
    Seen { fact: Fact, when: Vec<Seen> },
    Peak { resource: String, amount: u64 },
    End { lines: usize },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    phase: Phase,
    by: AbsPath,
}

impl Trace {
    /// The trace file's text.
    pub fn to_lines(&self) -> String {
        let mut lines = vec![Line::Format(FORMAT.to_owned())];
        lines.extend(
            self.runs
                .iter()
                .cloned()
                .map(|run| Line::Run(Box::new(run))),
        );
        lines.extend(self.facts.iter().map(|(fact, sightings)| {
            Line::Seen {
                fact: fact.clone(),
                when: sightings
                    .iter()
                    .map(|s| Seen {
                        phase: s.phase,
                        by: s.by.clone(),
                    })
                    .collect(),
            }
        }));
        lines.extend(self.peaks.iter().map(|(resource, amount)| Line::Peak {
            resource: resource.word().to_owned(),
            amount: *amount,
        }));
        lines.push(Line::End { lines: lines.len() });
        // Serializing these types cannot fail: every map key is a string and no value refuses.
        lines
            .iter()
            .filter_map(|line| serde_json::to_string(line).ok())
            .flat_map(|line| [line, "\n".to_owned()])
            .collect()
    }

    /// Reads a trace file. An error names the line.
    pub fn from_lines(text: &[u8]) -> Result<Self, TraceError> {
        let mut trace = Self::new();
        let mut count = 0;
        let mut ended = false;
        for (index, raw) in text.split_inclusive(|b| *b == b'\n').enumerate() {
            let at = |kind| TraceError {
                line: index + 1,
                kind,
            };
            let line = std::str::from_utf8(raw).map_err(|_| at(TraceErrorKind::Encoding))?;
            if ended {
                return Err(at(TraceErrorKind::End));
            }
            ended = trace.take_line(line.trim_end(), index, count).map_err(at)?;
            if !line.ends_with('\n') {
                return Err(at(TraceErrorKind::Cut(line.chars().count())));
            }
            count += 1;
        }
        match (count, ended) {
            (0, _) => Err(TraceError {
                line: 1,
                kind: TraceErrorKind::Format,
            }),
            (_, false) => Err(TraceError {
                line: count + 1,
                kind: TraceErrorKind::End,
            }),
            (_, true) => Ok(trace),
        }
    }

    /// Takes one line; says whether it was the last.
    fn take_line(
        &mut self,
        text: &str,
        index: usize,
        count: usize,
    ) -> Result<bool, TraceErrorKind> {
        let parsed = serde_json::from_str(text);
        match (index, parsed) {
            (0, Ok(Line::Format(format))) if format == FORMAT => {}
            (0, Ok(Line::Format(format))) => return Err(TraceErrorKind::Version(format)),
            (0, _) => return Err(TraceErrorKind::Format),
            (_, Err(error)) if error.is_eof() => {
                return Err(TraceErrorKind::Cut(text.chars().count()));
            }
            (_, Err(error)) => {
                return Err(TraceErrorKind::Foreign(format!(
                    "not a line of a trace: column {}: {error}",
                    error.column()
                )));
            }
            (_, Ok(Line::Format(_))) => {
                return Err(TraceErrorKind::Foreign("a second format line".into()));
            }
            (_, Ok(Line::Run(run))) => self.record_run(*run),
            (_, Ok(Line::Seen { fact, when })) => {
                let sightings: BTreeSet<_> = when
                    .into_iter()
                    .map(|seen| Sighting {
                        phase: seen.phase,
                        by: seen.by,
                    })
                    .collect();
                self.facts.entry(fact).or_default().extend(sightings);
            }
            (_, Ok(Line::Peak { resource, amount })) => {
                let resource = Resource::ALL
                    .into_iter()
                    .find(|known| known.word() == resource)
                    .ok_or_else(|| {
                        TraceErrorKind::Foreign(format!("`{resource}` is not a resource"))
                    })?;
                self.record_peak(resource, amount);
            }
            (_, Ok(Line::End { lines })) if lines == count => return Ok(true),
            (_, Ok(Line::End { lines })) => {
                return Err(TraceErrorKind::Count {
                    said: lines,
                    found: count,
                });
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Object, Outcome, Permission, Touch};

    fn sample() -> Trace {
        let mut trace = Trace::new();
        let by: AbsPath = "/usr/bin/redis-server".parse().unwrap();
        let path = AbsPath::from_bytes(b"/srv/\xff*\n").unwrap();
        let fact = Fact::File {
            path,
            touch: Touch::Create,
            object: Object::Regular,
            permission: Permission::Owner,
            outcome: Outcome::Done,
            beneath: false,
        };
        trace.record(
            fact.clone(),
            Sighting {
                phase: Phase::Start,
                by: by.clone(),
            },
        );
        trace.record(
            fact,
            Sighting {
                phase: Phase::Steady,
                by: by.clone(),
            },
        );
        trace.record(
            Fact::Code { path: by.clone() },
            Sighting {
                phase: Phase::Start,
                by,
            },
        );
        trace.record_peak(Resource::TasksMax, 7);
        trace
    }

    #[test]
    fn a_trace_survives_its_file() {
        let trace = sample();
        assert_eq!(Trace::from_lines(trace.to_lines().as_bytes()), Ok(trace));
    }

    #[test]
    fn a_line_cut_in_the_middle_is_an_error_with_its_number() {
        let text = sample().to_lines();
        let second_line = text.find('\n').unwrap() + 20;
        let error = Trace::from_lines(&text.as_bytes()[..second_line]).unwrap_err();
        assert_eq!(error.line, 2);
        assert_eq!(error.kind, TraceErrorKind::Cut(19));
    }

    #[test]
    fn a_trace_cut_at_a_line_end_is_an_error_too() {
        let text = sample().to_lines();
        let cut = text.trim_end().rfind('\n').unwrap() + 1;
        assert_eq!(
            Trace::from_lines(&text.as_bytes()[..cut]).unwrap_err().kind,
            TraceErrorKind::End
        );
    }

    #[test]
    fn a_foreign_line_is_an_error_with_its_number() {
        let text = sample().to_lines().replacen("{\"seen\"", "{\"sean\"", 1);
        let error = Trace::from_lines(text.as_bytes()).unwrap_err();
        assert_eq!(error.line, 2);
        assert!(matches!(error.kind, TraceErrorKind::Foreign(_)), "{error}");
    }

    #[test]
    fn a_missing_fact_line_is_noticed() {
        let text = sample().to_lines();
        let lines: Vec<_> = text
            .lines()
            .enumerate()
            .filter(|(i, _)| *i != 1)
            .map(|(_, l)| l)
            .collect();
        let error = Trace::from_lines((lines.join("\n") + "\n").as_bytes()).unwrap_err();
        assert_eq!(error.kind, TraceErrorKind::Count { said: 4, found: 3 });
    }
}
