//! Rounds in which every command has its turn, and their medians.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// One contestant: a label and how to time one turn.
pub struct Contestant<'a> {
    pub label: &'a str,
    pub turn: Box<dyn FnMut() -> Result<Duration> + 'a>,
}

/// The median of each contestant, in order, over `rounds` rounds after one that does not count.
pub fn interleave<const N: usize>(
    rounds: usize,
    mut contestants: [Contestant<'_>; N],
) -> Result<[Duration; N]> {
    let mut times = [(); N].map(|()| Vec::with_capacity(rounds));
    for round in 0..=rounds {
        for (contestant, own) in contestants.iter_mut().zip(&mut times) {
            let time = (contestant.turn)().with_context(|| contestant.label.to_owned())?;
            if round > 0 {
                own.push(time);
            }
        }
    }
    Ok(times.map(median))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Wall-clock time of one run, which must succeed.
pub fn time(command: &mut Command) -> Result<Duration> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    let elapsed = start.elapsed();
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(elapsed)
}

/// A line of the result: label, median, and its ratio to a reference.
pub fn line(label: &str, time: Duration, reference: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    format!(
        "{label:<44}  {micros:>12.1} us  x{:.2}",
        ratio(time, reference)
    )
}

/// How many times `reference` goes into `time`.
pub fn ratio(time: Duration, reference: Duration) -> f64 {
    time.as_secs_f64() / reference.as_secs_f64().max(f64::MIN_POSITIVE)
}
