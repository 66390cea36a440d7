//! `ringfence learn`: watches a command and writes a trace.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ringfence_learn::{LearnError, Watch, watch};

use ringfence_policy::denial::needed;
use ringfence_policy::grant::{Amount, Grant};
use ringfence_policy::trace::{Fact, Outcome, Trace};
use ringfence_policy::unexercised::unexercised;
use ringfence_sys::signal::{Signal, ignore};

use super::policy_merge::read_trace;
use crate::args::{Learn, Waiting};
use crate::capture::Streams;
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::session::{Course, Purpose, QUIET, Session};
use crate::store;
use crate::workload::{Workload, WorkloadError};

/// Watches a command or a unit, and writes or extends its trace.
pub fn learn(typed: &Learn, output: &Output) -> Result<ExitCode, Failure> {
    if let Some(unit) = &typed.unit {
        return super::learn_unit::learn(unit, typed, output);
    }
    let workload = only_workload(&typed.workloads)?;
    let path = match &typed.output {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.trace.jsonl", program_name(&typed.words)?)),
    };
    let (directory, name) = store::place(&path)?;
    let before = match directory.read(&name)? {
        Some(bytes) if typed.merge => Some(read_trace(&path, &bytes)?),
        _ => None,
    };
    let purpose = workload.as_ref().map_or(Purpose::Endure, Purpose::Use);
    // The tracer blocks these and hears them all the same. One that comes when it is done, as the second
    // that timeout(1) sends, must not end us before the trace is written.
    for signal in [Signal::INT, Signal::TERM] {
        ignore(signal).or_cannot(|| "prepare for signals".to_owned())?;
    }
    let mut session = Session::new(purpose, &typed.waiting, None, output);
    let trace = {
        // What the command prints is not the result of this verb.
        let _streams = Streams::talking().or_cannot(|| "set up the command's output".to_owned())?;
        watched(&typed.words, &typed.waiting, &mut session)?
    };
    let course = session.finish();
    if let Some(why) = &course.failure {
        return Err(failed(&typed.words, why, &course));
    }
    let trace = before.map_or_else(|| trace.clone(), |before| before.join(trace.clone()));
    directory.write_private(&name, trace.to_lines().as_bytes())?;
    output.result(&summary(&trace, &path))?;
    if course.interrupted && workload.is_some() {
        return Ok(ExitCode::Interrupted);
    }
    Ok(ExitCode::Fine)
}

/// Reads a workload; what is wrong with it is wrong usage.
pub fn parse_workload(text: &str) -> Result<Workload, Failure> {
    Workload::parse(text).map_err(|error| {
        let failure = Failure::usage(format!("use the workload `{text}`"));
        match error {
            WorkloadError::Shell(_) => failure.because(error).help(format!(
                "wrap it: --workload {}",
                shell_words::quote(&format!("sh -c {}", shell_words::quote(text)))
            )),
            _ => failure.because(error),
        }
    })
}

/// The workload of a command, which has one at most.
pub fn only_workload(texts: &[String]) -> Result<Option<Workload>, Failure> {
    match texts {
        [] => Ok(None),
        [one] => parse_workload(one).map(Some),
        _ => Err(Failure::usage("run several workloads for a command")
            .help("make one of them: --workload \"sh -c '...; ...'\"")),
    }
}

/// The file name of the command's program, which names its files.
pub fn program_name(words: &[OsString]) -> Result<String, Failure> {
    words
        .first()
        .and_then(|program| Path::new(program).file_name())
        .and_then(|name| name.to_str())
        .filter(|name| !name.starts_with(['-', '.']))
        .map(str::to_owned)
        .ok_or_else(|| {
            Failure::usage("name the files after the command")
                .help("name them with --output, or --name for `harden`")
        })
}

/// Runs the command under the tracer.
pub fn watched(
    words: &[OsString],
    waiting: &Waiting,
    session: &mut Session<'_>,
) -> Result<Trace, Failure> {
    let mut settings = Watch::new(words.iter().cloned());
    settings.options.quiet = QUIET;
    settings.options.pin = !waiting.free;
    watch(&settings, &mut |event| session.answer(event)).map_err(|error| not_started(&error))
}

/// A command that the tracer could not start, or not go on with.
fn not_started(error: &LearnError) -> Failure {
    let code = match error {
        LearnError::Nothing | LearnError::Program { .. } | LearnError::Nul { .. } => {
            ExitCode::Usage
        }
        _ => ExitCode::HostCannot,
    };
    // The message already says what cannot be done.
    Failure::new(code, error.to_string())
}

/// A run that taught nothing.
pub fn failed(words: &[OsString], why: &str, course: &Course) -> Failure {
    let mut what = format!("learn {}: {why}", shown(words));
    if let (Some(ended), false) = (course.ended, course.stopped) {
        let _ = write!(what, " ({ended})");
    }
    Failure::cannot(what).lines(&course.last_lines)
}

/// The command as a person would type it.
pub fn shown(words: &[OsString]) -> String {
    let words = words.iter().map(|word| word.to_string_lossy());
    format!("`{}`", shell_words::join(words))
}

/// What was learned, in a few lines.
pub fn summary(trace: &Trace, path: &Path) -> String {
    let mut text = format!("{}\n{}", path.display(), learned(trace));
    for gap in unexercised(trace) {
        let _ = writeln!(text, "not exercised  {gap}");
    }
    text
}

/// Something was reached. Netlink sockets and the address probes of the C library reach nobody.
fn is_connection(fact: &Fact) -> bool {
    let done = matches!(
        fact,
        Fact::Connect {
            outcome: Outcome::Done,
            ..
        }
    );
    done && !needed(fact).is_empty()
}

/// The counts of a trace, and its peaks.
pub fn learned(trace: &Trace) -> String {
    let count = |name: &str, wanted: fn(&Fact) -> bool| {
        let count = trace
            .service_facts()
            .filter(|(fact, _)| wanted(fact))
            .count();
        let plural = match (count, name.strip_suffix('y')) {
            (1, _) => name.to_owned(),
            (_, Some(stem)) => format!("{stem}ies"),
            _ => format!("{name}s"),
        };
        format!("{count} {plural}")
    };
    let counts = [
        count("program", |fact| matches!(fact, Fact::Exec { .. })),
        count("file use", |fact| matches!(fact, Fact::File { .. })),
        count("listener", |fact| matches!(fact, Fact::Listen { .. })),
        count("connection", is_connection),
        count("system call", |fact| matches!(fact, Fact::Syscall { .. })),
        count("capability", |fact| matches!(fact, Fact::Capability { .. })),
    ];
    let mut text = format!("learned        {}\n", counts.join(", "));
    let peaks: Vec<_> = trace
        .peaks()
        .iter()
        .map(|(resource, amount)| {
            let grant = Grant::Resource(*resource, Amount::Limit(*amount));
            let grant = grant.to_string();
            grant
                .strip_prefix("resources.")
                .unwrap_or(&grant)
                .to_owned()
        })
        .collect();
    if !peaks.is_empty() {
        let _ = writeln!(text, "peaks          {}", peaks.join(", "));
    }
    text
}
