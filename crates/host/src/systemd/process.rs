//! One program, run to its end with a deadline, without a thread.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// More than any answer of these programs; what exceeds it is a runaway.
const LARGEST: usize = 64 << 20;

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error, as text.
    pub stderr: String,
}

/// Why a program did not come to an end by itself.
#[derive(Debug)]
pub enum Unfinished {
    /// There is no such program.
    Missing,
    /// It did not end in time and was killed.
    TimedOut,
    /// It could not be started or heard.
    Io(io::Error),
}

impl From<io::Error> for Unfinished {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rustix::io::Errno> for Unfinished {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Io(error.into())
    }
}

/// The command in an environment in which it speaks English, in no color, and asks nobody anything.
pub fn command(program: &Path, arguments: &[&OsStr]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LANG", "C")
        .env("LC_ALL", "C")
        .env("SYSTEMD_COLORS", "0")
        .env("SYSTEMD_URLIFY", "0")
        .env("SYSTEMD_PAGER", "")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a program to its end.
pub fn run(program: &Path, arguments: &[&OsStr], patience: Duration) -> Result<Ended, Unfinished> {
    let mut child = command(program, arguments)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Unfinished::Missing,
            _ => Unfinished::Io(error),
        })?;
    let heard = listen(&mut child, Instant::now() + patience);
    if heard.is_err() {
        // Already ended is as good.
        let _ = child.kill();
    }
    let status = child.wait();
    let (stdout, stderr) = heard?;
    Ok(Ended {
        code: status?.code(),
        stdout,
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    })
}

/// Reads both streams until the program has ended. A grandchild that keeps a stream open is not waited
/// for.
fn listen(child: &mut Child, deadline: Instant) -> Result<(Vec<u8>, Vec<u8>), Unfinished> {
    let mut stdout = Stream::new(child.stdout.take().map(OwnedFd::from))?;
    let mut stderr = Stream::new(child.stderr.take().map(OwnedFd::from))?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("the process has no id"))?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // Through the descriptor, which cannot name another process.
            let _ = pidfd_send_signal(&pidfd, Signal::KILL);
            return Err(Unfinished::TimedOut);
        }
        let mut waits = vec![PollFd::new(&pidfd, PollFlags::IN)];
        for stream in [&stdout, &stderr] {
            waits.extend(
                stream
                    .file
                    .as_ref()
                    .map(|file| PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)),
            );
        }
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut waits, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ended = waits.first().is_some_and(|wait| !wait.revents().is_empty());
        drop(waits);
        stdout.read()?;
        stderr.read()?;
        if ended {
            return Ok((stdout.bytes, stderr.bytes));
        }
    }
}

/// The reading end of a pipe.
struct Stream {
    file: Option<File>,
    bytes: Vec<u8>,
}

impl Stream {
    fn new(pipe: Option<OwnedFd>) -> io::Result<Self> {
        if let Some(pipe) = &pipe {
            let flags = rustix::fs::fcntl_getfl(pipe)?;
            rustix::fs::fcntl_setfl(pipe, flags | OFlags::NONBLOCK)?;
        }
        Ok(Self {
            file: pipe.map(File::from),
            bytes: Vec::new(),
        })
    }

    /// Takes what is there. At its end the pipe is dropped, so that nobody waits for it any more.
    fn read(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        match file.read_to_end(&mut self.bytes) {
            Ok(_) => self.file = None,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if self.bytes.len() > LARGEST {
            return Err(io::Error::other("it says more than anyone can read"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, patience: Duration) -> Result<Ended, Unfinished> {
        run(
            Path::new("/bin/sh"),
            &[OsStr::new("-c"), OsStr::new(script)],
            patience,
        )
    }

    #[test]
    fn both_streams_and_the_code_are_kept() {
        let ended = sh("echo out; echo err >&2; exit 3", Duration::from_secs(20)).unwrap();
        assert_eq!(ended.code, Some(3));
        assert_eq!(ended.stdout, b"out\n");
        assert_eq!(ended.stderr, "err\n");
    }

    #[test]
    fn more_than_a_pipe_holds_is_read_whole() {
        let script = "i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done";
        let ended = sh(script, Duration::from_mins(1)).unwrap();
        assert_eq!(ended.stdout.len(), 220_000);
    }

    #[test]
    fn a_program_that_does_not_end_is_killed_at_the_deadline() {
        let error = sh("exec sleep 1000", Duration::from_millis(100)).unwrap_err();
        assert!(matches!(error, Unfinished::TimedOut), "{error:?}");
    }

    #[test]
    fn a_grandchild_that_keeps_the_stream_is_not_waited_for() {
        let ended = sh("sleep 1000 & echo $!", Duration::from_secs(20)).unwrap();
        let pid = String::from_utf8(ended.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        rustix::process::kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
        assert_eq!(ended.code, Some(0));
    }

    #[test]
    fn the_environment_is_ours_alone() {
        let ended = sh("env", Duration::from_secs(20)).unwrap();
        let text = String::from_utf8(ended.stdout).unwrap();
        assert!(
            text.contains("LC_ALL=C\n") && text.contains("SYSTEMD_COLORS=0\n"),
            "{text}"
        );
        assert!(!text.contains("CARGO"), "{text}");
    }

    #[test]
    fn a_missing_program_is_told_from_one_that_fails() {
        let error = run(Path::new("/nonexistent/x"), &[], Duration::from_secs(1)).unwrap_err();
        assert!(matches!(error, Unfinished::Missing), "{error:?}");
    }
}
