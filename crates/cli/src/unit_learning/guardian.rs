//! A process that does one thing when this one dies before it could do it itself.
//!
//! It waits at a pipe whose other end only this process has. The end of that pipe comes with every kind of death,
//! also with one that nobody can handle.

use std::io;
use std::os::fd::OwnedFd;

use ringfence_sys::process::{Fork, exit_now, fork};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, setsid, waitpid};

/// A guardian that stands by, until it is dismissed or this process ends.
#[derive(Debug)]
pub struct Guardian {
    pid: Pid,
    line: Option<OwnedFd>,
}

impl Guardian {
    /// Has a process of its own run `action` when this one dies. The calling process must have one thread.
    ///
    /// Signals that this process ignores, the guardian ignores too.
    pub fn stand_by(action: impl FnOnce()) -> io::Result<Self> {
        let (listening, line) = pipe_with(PipeFlags::CLOEXEC)?;
        match fork()? {
            Fork::Parent(pid) => Ok(Self {
                pid,
                line: Some(line),
            }),
            Fork::Child => {
                drop(line);
                // What ends the terminal's session must not end this; a leader already is one for itself.
                let _ = setsid();
                if !is_dismissed(&listening) {
                    action();
                }
                exit_now(0)
            }
        }
    }
}

/// Waits for a word, or for the end of who could say it.
fn is_dismissed(listening: &OwnedFd) -> bool {
    loop {
        match rustix::io::read(listening, &mut [0; 1]) {
            Err(Errno::INTR) => {}
            said => return said == Ok(1),
        }
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            // When nobody listens there is nobody to dismiss.
            let _ = rustix::io::write(&line, b"d");
        }
        while matches!(
            waitpid(Some(self.pid), WaitOptions::empty()),
            Err(Errno::INTR)
        ) {}
    }
}
