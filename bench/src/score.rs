//! What a score costs: `ringfence score` against `systemd-analyze security --offline=true`, over a directory of
//! units in one call and in one process per unit. Processor time, not wall-clock time.
//!
//! Both print every row: ringfence as a table for programs, the peer as its table for people.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::measure::{Contestant, interleave, line, ratio};

const ROUNDS: usize = 7;

/// Where most units are.
pub const UNITS: &str = "/usr/lib/systemd/system";

pub fn run(directory: &Path) -> Result<()> {
    let units = units(directory)?;
    let ringfence = crate::ringfence()?;
    let version = installed()?;
    let own = |units: &[OsString]| {
        let mut command = Command::new(&ringfence);
        command.args(["score", "--systemd", &version, "--as", "offline"]);
        command.args(["--format", "tsv", "--"]).args(units);
        processor_time(&mut command)
    };
    let peer = |units: &[OsString]| {
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--offline=true", "--no-pager", "--"]);
        // So that the units of the host with the same names play no part.
        command.env("SYSTEMD_UNIT_PATH", directory).args(units);
        processor_time(&mut command)
    };
    let each = |score: &dyn Fn(&[OsString]) -> Result<Duration>| -> Result<Duration> {
        units.chunks(1).map(score).sum()
    };
    let [own_batch, peer_batch, own_each, peer_each] = interleave(
        ROUNDS,
        [
            Contestant {
                label: "ringfence score, one call",
                turn: Box::new(|| own(&units)),
            },
            Contestant {
                label: "systemd-analyze, one call",
                turn: Box::new(|| peer(&units)),
            },
            Contestant {
                label: "ringfence score, a process for each",
                turn: Box::new(|| each(&own)),
            },
            Contestant {
                label: "systemd-analyze, a process for each",
                turn: Box::new(|| each(&peer)),
            },
        ],
    )?;
    println!(
        "scores of the {} units in {}, {ROUNDS} rounds, medians of processor time; ratios to ringfence in one call",
        units.len(),
        directory.display()
    );
    for (label, time) in [
        ("ringfence score, one call", own_batch),
        ("systemd-analyze, one call", peer_batch),
        ("ringfence score, a process for each", own_each),
        ("systemd-analyze, a process for each", peer_each),
    ] {
        println!("{}", line(label, time, own_batch));
    }
    println!(
        "systemd-analyze / ringfence: {:.1} in one call, {:.1} with a process for each\n",
        ratio(peer_batch, own_batch),
        ratio(peer_each, own_each)
    );
    Ok(())
}

/// The services of a directory, in order. Links are left out: they are other names of the same units.
fn units(directory: &Path) -> Result<Vec<OsString>> {
    let entries = std::fs::read_dir(directory)
        .with_context(|| format!("cannot list {}", directory.display()))?;
    let mut units = Vec::new();
    for entry in entries {
        let entry = entry?;
        let path: PathBuf = entry.path();
        if entry.file_type()?.is_file() && path.extension().is_some_and(|end| end == "service") {
            units.push(path.into_os_string());
        }
    }
    if units.is_empty() {
        bail!("{} has no services", directory.display());
    }
    units.sort();
    Ok(units)
}

/// The release of systemd that is compared with.
fn installed() -> Result<String> {
    let output = Command::new("systemd-analyze")
        .arg("--version")
        .output()
        .context("cannot run systemd-analyze, of Debian's package systemd")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().nth(1);
    Ok(version
        .context("systemd-analyze says no version")?
        .to_owned())
}

/// What a command used of the processor until it ended. Units that are refused make both end with 1.
///
/// The kernel counts in nanoseconds, but tells it only as long as the process is not reaped; what it tells
/// afterwards is in ticks, which are longer than a run.
fn processor_time(command: &mut Command) -> Result<Duration> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {command:?}"))?;
    let pid = Pid::from_child(&child);
    waitid(
        WaitId::Pid(pid),
        WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
    )?;
    let told = std::fs::read_to_string(format!("/proc/{}/schedstat", child.id()))?;
    let status = child.wait()?;
    if !matches!(status.code(), Some(0 | 1)) {
        bail!("{command:?} ended with {status}");
    }
    let nanos = told.split_whitespace().next().context("no schedstat")?;
    Ok(Duration::from_nanos(nanos.parse()?))
}
