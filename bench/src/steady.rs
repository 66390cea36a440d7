//! What the confinement costs once a service runs: nanoseconds a call, bare and inside.
//!
//! This program runs itself under `ringfence run`. `getppid` pays for the seccomp filter alone, `open` for
//! Landlock too, `stat` and `pread` show what Landlock leaves alone.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::measure::{Contestant, interleave, ratio};

const ROUNDS: usize = 15;
const CALLS: [(&str, u32); 4] = [
    ("getppid", 400_000),
    ("open", 60_000),
    ("stat", 100_000),
    ("pread", 200_000),
];
const TARGET: &str = "/usr/share/common-licenses/GPL-3";

/// Nanoseconds of one call of this kind, averaged over `count`.
pub fn nanoseconds_per_call(kind: &str, count: u32) -> Result<f64> {
    let open = File::open(TARGET).with_context(|| format!("cannot open {TARGET}"))?;
    let mut byte = [0];
    let start = Instant::now();
    for _ in 0..count {
        match kind {
            "getppid" => drop(rustix::process::getppid()),
            "open" => drop(File::open(TARGET)?),
            "stat" => _ = std::fs::metadata(TARGET)?,
            "pread" => drop(open.read_at(&mut byte, 0)?),
            other => bail!("`{other}` is not a kind of call"),
        }
    }
    Ok(start.elapsed().as_secs_f64() * 1e9 / f64::from(count))
}

pub fn run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let policy = folder.path().join("bench.toml");
    let own = std::env::current_exe()?;
    std::fs::write(
        &policy,
        format!(
            "ringfence = 1\n\n[service]\nname = \"bench\"\nexec = [\"{}\"]\nuser = \"dynamic\"\n\n\
             [process]\nsyscalls = [\"open\", \"openat\", \"stat\", \"statx\", \"newfstatat\"]\n",
            own.display()
        ),
    )?;
    let ringfence = crate::ringfence()?;
    println!("steady state, {ROUNDS} rounds, medians, nanoseconds a call");
    for (kind, count) in CALLS {
        let arguments = ["loop".to_owned(), kind.to_owned(), count.to_string()];
        let [bare, confined] = interleave(
            ROUNDS,
            [
                Contestant {
                    label: "bare",
                    turn: Box::new(|| reported(Command::new(&own).args(&arguments))),
                },
                Contestant {
                    label: "confined",
                    turn: Box::new(|| {
                        reported(
                            Command::new(&ringfence)
                                .arg("run")
                                .arg(&policy)
                                .arg("--")
                                .arg(&own)
                                .args(&arguments),
                        )
                    }),
                },
            ],
        )?;
        let nanos = |time: Duration| time.as_secs_f64() * 1e9;
        println!(
            "{kind:<8}  bare {:>8.1}  confined {:>8.1}  x{:.2}",
            nanos(bare),
            nanos(confined),
            ratio(confined, bare)
        );
    }
    println!();
    Ok(())
}

/// The time that the command itself reports, in nanoseconds, on its standard output.
fn reported(command: &mut Command) -> Result<Duration> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let nanos: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Duration::from_secs_f64(nanos / 1e9))
}
