//! What a program prints, read along so that it never blocks, its last lines kept for when it fails.
//!
//! There is no thread behind it: whoever waits for the program calls [`Capture::drain`].

use std::fmt::Write as _;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::pipe::PipeFlags;

/// How much is kept of what was printed.
const KEPT: usize = 16 << 10;
/// Room in the pipe, for what is printed between two drains.
const ROOM: usize = 1 << 20;

/// The reading end of a program's output.
#[derive(Debug)]
pub struct Capture {
    reader: OwnedFd,
    writer: Option<OwnedFd>,
    kept: Vec<u8>,
    /// Where it goes as well.
    echo: Option<OwnedFd>,
}

impl Capture {
    /// A new pipe. With an `echo`, what arrives is written there too.
    pub fn new(echo: Option<BorrowedFd<'_>>) -> io::Result<Self> {
        let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&reader, true)?;
        // Beyond the user's limit the usual 64 KiB must do.
        let _ = rustix::pipe::fcntl_setpipe_size(&writer, ROOM);
        let echo = echo.map(|echo| echo.try_clone_to_owned()).transpose()?;
        Ok(Self {
            reader,
            writer: Some(writer),
            kept: Vec::new(),
            echo,
        })
    }

    /// A copy of the writing end, for the program.
    pub fn writer(&self) -> io::Result<OwnedFd> {
        match &self.writer {
            Some(writer) => writer.try_clone(),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Reads what is there, without waiting.
    pub fn drain(&mut self) {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = rustix::io::read(&self.reader, &mut buffer) {
            let arrived = buffer.get(..count).unwrap_or_default();
            if let Some(echo) = &self.echo {
                // The echo is talk; a standard error that is gone is nothing to fail for.
                let _ = rustix::io::write(echo, arrived);
            }
            self.kept.extend_from_slice(arrived);
            let surplus = self.kept.len().saturating_sub(KEPT);
            self.kept.drain(..surplus);
        }
    }

    /// The last lines, indented, for a message; empty when nothing was printed or it was shown already.
    pub fn last_lines(&mut self, count: usize) -> String {
        self.drain();
        if self.echo.is_some() {
            return String::new();
        }
        let text = String::from_utf8_lossy(&self.kept);
        let lines: Vec<_> = text.lines().collect();
        let first = lines.len().saturating_sub(count);
        let mut shown = String::new();
        for line in lines.iter().skip(first) {
            let _ = writeln!(shown, "  | {}", printable(line));
        }
        shown
    }
}

/// A line without control characters: what a program prints must not steer the terminal.
fn printable(line: &str) -> String {
    line.chars()
        .map(|c| {
            if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Standard input, output and error of this process, put elsewhere for as long as this lives: a process
/// that is started meanwhile inherits them.
#[derive(Debug)]
pub struct Streams {
    saved: [OwnedFd; 3],
}

impl Streams {
    /// Reads nothing, and prints into the capture.
    pub fn captured(capture: &Capture) -> io::Result<Self> {
        let writer = capture.writer()?;
        let nothing = std::fs::File::open("/dev/null")?;
        Self::put(nothing.as_fd(), writer.as_fd(), writer.as_fd())
    }

    /// Keeps standard input and error, and prints results to standard error as well.
    pub fn talking() -> io::Result<Self> {
        Self::put(
            rustix::stdio::stdin(),
            rustix::stdio::stderr(),
            rustix::stdio::stderr(),
        )
    }

    fn put(
        input: BorrowedFd<'_>,
        output: BorrowedFd<'_>,
        error: BorrowedFd<'_>,
    ) -> io::Result<Self> {
        let saved = [
            rustix::stdio::stdin().try_clone_to_owned()?,
            rustix::stdio::stdout().try_clone_to_owned()?,
            rustix::stdio::stderr().try_clone_to_owned()?,
        ];
        let streams = Self { saved };
        rustix::stdio::dup2_stdin(input)?;
        rustix::stdio::dup2_stdout(output)?;
        rustix::stdio::dup2_stderr(error)?;
        Ok(streams)
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        let [input, output, error] = &self.saved;
        // Each was open a moment ago, and dup2(2) onto an open descriptor has nothing left to fail for.
        let _ = rustix::stdio::dup2_stdin(input);
        let _ = rustix::stdio::dup2_stdout(output);
        let _ = rustix::stdio::dup2_stderr(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_cannot_steer_a_terminal() {
        let mut capture = Capture::new(None).unwrap();
        let writer = capture.writer().unwrap();
        for number in 0..4000 {
            rustix::io::write(&writer, format!("line {number}\n").as_bytes()).unwrap();
        }
        rustix::io::write(&writer, b"\x1b[2Jend\n").unwrap();
        assert_eq!(capture.last_lines(2), "  | line 3999\n  | \u{fffd}[2Jend\n");
        assert!(capture.kept.len() <= KEPT);
    }

    #[test]
    fn a_silent_program_has_no_last_lines() {
        assert_eq!(Capture::new(None).unwrap().last_lines(5), "");
    }
}
