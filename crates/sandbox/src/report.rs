//! What `init` and the service tell the supervisor, through a pipe that keeps messages apart.

use std::os::fd::{AsFd, OwnedFd};

use ringfence_sys::signal::Signal;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::end::Exit;
use crate::error::{SandboxError, Step};

/// A message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// The set-up failed.
    Failed(SandboxError),
    /// The service was stopped by this signal.
    Stopped(Signal),
    /// The service ended.
    Ended(Exit),
}

/// Both ends of a report pipe, closed on exec.
pub(crate) fn pipe() -> Result<(OwnedFd, OwnedFd), SandboxError> {
    // In packet mode (Linux 3.4) one read returns one message, however many wait.
    pipe_with(PipeFlags::CLOEXEC | PipeFlags::DIRECT).step(|| "make a pipe for reports")
}

/// Longest message: `PIPE_BUF`, up to which a write is one packet.
const LONGEST: usize = 4096;

/// Sends a message. A supervisor that is gone cannot be told.
pub(crate) fn send(to: impl AsFd, message: &Message) {
    let mut bytes = match message {
        Message::Failed(error) => [b"f", error.encode().as_slice()].concat(),
        Message::Stopped(signal) => number(b's', signal.raw()),
        Message::Ended(Exit::Code(code)) => number(b'e', *code),
        Message::Ended(Exit::Signal(signal)) => number(b'k', signal.raw()),
        Message::Ended(Exit::Deadline) => b"d".to_vec(),
    };
    bytes.truncate(LONGEST);
    while rustix::io::write(to.as_fd(), &bytes) == Err(Errno::INTR) {}
}

/// The next message, `None` when nobody is left to send one.
pub(crate) fn receive(from: impl AsFd) -> Result<Option<Message>, SandboxError> {
    let mut buffer = [0; LONGEST];
    let length = loop {
        match rustix::io::read(from.as_fd(), &mut buffer) {
            Err(Errno::INTR) => {}
            other => break other.step(|| "read the report of the sandbox")?,
        }
    };
    let bytes = buffer.get(..length).unwrap_or_default();
    let Some((tag, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let value = <[u8; 4]>::try_from(rest).map_or(0, i32::from_ne_bytes);
    let signal = Signal::from_raw(value).unwrap_or(Signal::KILL);
    Ok(Some(match tag {
        b's' => Message::Stopped(signal),
        b'e' => Message::Ended(Exit::Code(value)),
        b'k' => Message::Ended(Exit::Signal(signal)),
        b'd' => Message::Ended(Exit::Deadline),
        _ => Message::Failed(SandboxError::decode(rest)),
    }))
}

fn number(tag: u8, value: i32) -> Vec<u8> {
    [&[tag], value.to_ne_bytes().as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_one_by_one() {
        let (read, write) = pipe().unwrap();
        send(&write, &Message::Stopped(Signal::TSTP));
        send(&write, &Message::Ended(Exit::Code(-1)));
        drop(write);
        assert_eq!(
            receive(&read).unwrap(),
            Some(Message::Stopped(Signal::TSTP))
        );
        assert_eq!(
            receive(&read).unwrap(),
            Some(Message::Ended(Exit::Code(-1)))
        );
        assert_eq!(receive(&read).unwrap(), None);
    }
}
