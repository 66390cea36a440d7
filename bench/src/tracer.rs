//! What learning costs: the same work alone, under `ringfence learn` and under `strace -f`.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::measure::{Contestant, interleave, ratio, time};

const ROUNDS: usize = 5;
const INSERTS: usize = 2000;
const REDIS_PORT: u16 = 16_399;

pub fn run() -> Result<()> {
    println!("learning, {ROUNDS} rounds, medians; slow-down against the same work alone");
    let folder = tempfile::tempdir_in("/dev/shm")?;
    compare("find /usr -xdev", folder.path(), |tracer| {
        time(
            tracer
                .command(&["find", "/usr", "-xdev"])?
                .current_dir(folder.path()),
        )
    })?;
    let script = folder.path().join("inserts.sql");
    let inserts: Vec<String> = (0..INSERTS)
        .map(|n| format!("insert into t values({n});"))
        .collect();
    std::fs::write(
        &script,
        format!("create table t(n);\n{}\n", inserts.join("\n")),
    )?;
    let database = folder.path().join("bench.db");
    compare(
        "sqlite3, one transaction an insert",
        folder.path(),
        |tracer| {
            let (file, read) = (
                path_text(&database)?,
                format!(".read {}", path_text(&script)?),
            );
            let elapsed = time(&mut tracer.command(&["sqlite3", file, &read])?)?;
            std::fs::remove_file(&database)?;
            Ok(elapsed)
        },
    )?;
    compare(
        "redis-server, redis-benchmark set and get",
        folder.path(),
        |tracer| redis(tracer, folder.path()),
    )?;
    println!();
    Ok(())
}

/// Who watches.
enum Tracer<'a> {
    Nobody,
    Ringfence { output: &'a Path },
    Strace,
}

impl Tracer<'_> {
    fn command(&self, words: &[&str]) -> Result<Command> {
        let mut command = match self {
            Self::Nobody => Command::new("env"),
            Self::Ringfence { output } => {
                let mut command = Command::new(crate::ringfence()?);
                command.arg("learn").arg("--output").arg(output).arg("--");
                command
            }
            Self::Strace => {
                let mut command = Command::new("strace");
                command.args(["-f", "-o", "/dev/null", "--"]);
                command
            }
        };
        command.args(words);
        Ok(command)
    }
}

fn compare(
    label: &str,
    folder: &Path,
    turn: impl Fn(&Tracer<'_>) -> Result<Duration>,
) -> Result<()> {
    let output = folder.join("bench.trace.jsonl");
    let [alone, own, strace] = interleave(
        ROUNDS,
        [
            Contestant {
                label: "alone",
                turn: Box::new(|| turn(&Tracer::Nobody)),
            },
            Contestant {
                label: "ringfence learn",
                turn: Box::new(|| turn(&Tracer::Ringfence { output: &output })),
            },
            Contestant {
                label: "strace -f",
                turn: Box::new(|| turn(&Tracer::Strace)),
            },
        ],
    )?;
    println!(
        "{label:<44}  ringfence x{:<7.2}  strace -f x{:<7.2}  ringfence / strace {:.3}",
        ratio(own, alone),
        ratio(strace, alone),
        ratio(own, strace)
    );
    Ok(())
}

/// The time that redis-benchmark needs; starting and stopping the server do not count.
fn redis(tracer: &Tracer<'_>, folder: &Path) -> Result<Duration> {
    let port = REDIS_PORT.to_string();
    let words = [
        "redis-server",
        "--port",
        &port,
        "--save",
        "",
        "--dir",
        path_text(folder)?,
    ];
    let mut server = Server(
        tracer
            .command(&words)?
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?,
    );
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", REDIS_PORT)).is_err() {
        if Instant::now() > deadline || server.0.try_wait()?.is_some() {
            bail!("redis-server does not listen on port {REDIS_PORT}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let elapsed = time(Command::new("redis-benchmark").args([
        "-p", &port, "-n", "20000", "-c", "20", "-t", "set,get", "-q",
    ]))?;
    Command::new("redis-cli")
        .args(["-p", &port, "shutdown", "nosave"])
        .output()?;
    server.0.wait()?;
    Ok(elapsed)
}

/// A server that does not outlive the benchmark, whatever fails.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone in the usual case, which is what both calls then say.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn path_text(path: &Path) -> Result<&str> {
    path.to_str()
        .context("the temporary folder's name is not UTF-8")
}
