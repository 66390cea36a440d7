//! Virtual machines, and the line to the agent inside (`testbed/guest/agent`).

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::child;
use crate::machine::MachineError;
use crate::reply::Reply;

/// A running virtual machine. Its serial line is the standard input and output of the process that it is.
#[derive(Debug)]
pub(crate) struct Virtual {
    process: Child,
    line: Mutex<Line>,
    scratch: tempfile::TempDir,
}

#[derive(Debug)]
struct Line {
    to: ChildStdin,
    from: ChildStdout,
    /// A directory that takes the bytes of requests instead of the line.
    share: Option<PathBuf>,
    /// What came over the line and nobody has asked for yet.
    buffer: Vec<u8>,
    requests: u64,
}

impl Virtual {
    /// Starts a machine and waits until its agent listens. The command's standard error, and the file `console` in
    /// the scratch directory, are what the machine says of itself.
    ///
    /// With `share`, which the machine sees as `/share` of its host, the bytes of requests go through files in there.
    pub(crate) fn boot(
        name: &str,
        mut command: Command,
        scratch: tempfile::TempDir,
        share: Option<PathBuf>,
        limit: Duration,
    ) -> Result<Self, MachineError> {
        let errors = fs::File::create(scratch.path().join("errors"))
            .map_err(MachineError::io("make a file for errors"))?;
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors);
        let mut process =
            child::start(command).map_err(MachineError::io(format!("start {name}")))?;
        let (Some(to), Some(from)) = (process.stdin.take(), process.stdout.take()) else {
            child::stop(&mut process);
            let missing = io::Error::from(io::ErrorKind::NotFound);
            return Err(MachineError::io("find the pipes of the machine")(missing));
        };
        let line = Line {
            to,
            from,
            share,
            buffer: Vec::new(),
            requests: 0,
        };
        let machine = Self {
            process,
            line: Mutex::new(line),
            scratch,
        };
        let mut line = machine.line.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = line.until("READY", Instant::now() + limit);
        drop(line);
        match heard {
            Ok(_) => Ok(machine),
            Err(error) => Err(MachineError::Boot {
                name: name.to_owned(),
                reason: format!("its agent says nothing: {error}"),
                console: machine.console(),
            }),
        }
    }

    /// Has the agent run a command. Requests wait for each other.
    pub(crate) fn exec(
        &self,
        argv: &[OsString],
        stdin: &[u8],
        limit: Duration,
    ) -> Result<Reply, MachineError> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.request(&script(argv, limit), stdin, limit)
            .map_err(|source| MachineError::Io {
                task: format!(
                    "talk to the agent; the console ends in\n{}\n",
                    self.console()
                ),
                source,
            })
    }

    /// The end of what the machine said of itself.
    pub(crate) fn console(&self) -> String {
        let read = |name| fs::read(self.scratch.path().join(name)).unwrap_or_default();
        let bytes = [read("errors"), read("console")].concat();
        let end = bytes.len().saturating_sub(4000);
        String::from_utf8_lossy(bytes.get(end..).unwrap_or_default()).into_owned()
    }
}

impl Drop for Virtual {
    fn drop(&mut self) {
        child::stop(&mut self.process);
    }
}

impl Line {
    fn request(&mut self, script: &[u8], stdin: &[u8], limit: Duration) -> io::Result<Reply> {
        self.requests += 1;
        let number = self.requests.to_string();
        let files = self.share.as_ref().map(|share| {
            [".script", ".stdin"].map(|suffix| share.join(format!("{number}{suffix}")))
        });
        if let Some([first, second]) = &files {
            fs::write(first, script)?;
            fs::write(second, stdin)?;
        }
        writeln!(self.to, "{number} {} {}", script.len(), stdin.len())?;
        if self.share.is_none() {
            self.to.write_all(script)?;
            self.to.write_all(stdin)?;
        }
        self.to.flush()?;
        // The guest ends the command at the limit; this is for a guest that does not.
        let deadline = Instant::now() + limit + Duration::from_secs(30);
        let head = self.until(&number, deadline)?;
        let mut fields = head
            .split_ascii_whitespace()
            .skip(1)
            .map(str::parse::<usize>);
        let mut field = || {
            fields
                .next()
                .and_then(Result::ok)
                .ok_or_else(|| io::Error::other(format!("{head:?}")))
        };
        let (status, stdout, stderr) = (field()?, field()?, field()?);
        for file in files.iter().flatten() {
            fs::remove_file(file)?;
        }
        Ok(Reply {
            status: i32::try_from(status).map_err(io::Error::other)?,
            stdout: self.take(stdout, deadline)?,
            stderr: self.take(stderr, deadline)?,
        })
    }

    /// Reads lines up to the one whose first word is `first`.
    fn until(&mut self, first: &str, deadline: Instant) -> io::Result<String> {
        loop {
            while let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                if line.split_ascii_whitespace().next() == Some(first) {
                    return Ok(line.trim().to_owned());
                }
            }
            self.fill(deadline)?;
        }
    }

    fn take(&mut self, count: usize, deadline: Instant) -> io::Result<Vec<u8>> {
        while self.buffer.len() < count {
            self.fill(deadline)?;
        }
        Ok(self.buffer.drain(..count).collect())
    }

    fn fill(&mut self, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        if poll(&mut [PollFd::new(&self.from, PollFlags::IN)], Some(&left))? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut bytes = [0; 8192];
        let count = self.from.read(&mut bytes)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.buffer.extend(bytes.iter().take(count));
        Ok(())
    }
}

/// A script of sh(1) that becomes the command, with each word quoted.
fn script(argv: &[OsString], limit: Duration) -> Vec<u8> {
    let seconds = limit.as_secs().max(1);
    let mut script = format!("exec timeout --kill-after=5 {seconds}").into_bytes();
    for word in argv {
        script.extend_from_slice(b" '");
        for &byte in word.as_bytes() {
            match byte {
                b'\'' => script.extend_from_slice(b"'\\''"),
                _ => script.push(byte),
            }
        }
        script.push(b'\'');
    }
    script.push(b'\n');
    script
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn a_script_says_its_words_unchanged() {
        let words = [
            "printf",
            "%s|",
            "",
            "it's",
            "$HOME `x` \\",
            "two\nlines",
            "*",
        ];
        let script = super::script(&words.map(Into::into), Duration::from_secs(9));
        let output = Command::new("sh")
            .arg("-c")
            .arg(String::from_utf8(script).unwrap())
            .output();
        assert_eq!(output.unwrap().stdout, b"|it's|$HOME `x` \\|two\nlines|*|");
    }
}
