//! Side-by-side benchmarks: ringfence, its peers and nothing at all, in turn, in one run.
//!
//! Only ratios of medians are worth quoting: machines differ, and a shared one differs from itself. The
//! peers (bubblewrap, strace, sqlite3, redis-server, systemd-analyze) must be installed; a missing one is an error.
#![expect(
    clippy::print_stdout,
    reason = "a benchmark's result is what it prints"
)]

mod measure;
mod score;
mod startup;
mod steady;
mod tracer;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

const USAGE: &str = "usage: ringfence-bench [startup|steady|tracer|score [DIRECTORY/]]...";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, kind, count] = arguments.as_slice()
        && word == "loop"
    {
        println!("{}", steady::nanoseconds_per_call(kind, count.parse()?)?);
        return Ok(());
    }
    let all = ["startup", "steady", "tracer", "score"].map(str::to_owned);
    let wanted = if arguments.is_empty() {
        &all[..]
    } else {
        &arguments
    };
    let mut wanted = wanted.iter().peekable();
    while let Some(name) = wanted.next() {
        match name.as_str() {
            "startup" => startup::run(),
            "steady" => steady::run(),
            "tracer" => tracer::run(),
            "score" => {
                let given = wanted.next_if(|next| next.contains('/'));
                score::run(given.map_or(Path::new(score::UNITS), Path::new))
            }
            other => bail!("`{other}` is not a benchmark\n{USAGE}"),
        }
        .with_context(|| format!("cannot run the benchmark `{name}`"))?;
    }
    Ok(())
}

/// The `ringfence` that was built beside this program.
fn ringfence() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let beside = own.with_file_name("ringfence");
    if !beside.is_file() {
        bail!(
            "{} is missing: run `cargo build --release` first",
            beside.display()
        );
    }
    Ok(beside)
}
