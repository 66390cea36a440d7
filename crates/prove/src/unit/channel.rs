//! The socket between the two sides: orders one way, answers the other, each a frame.
//!
//! Neither side waits longer than it is told to, and the outer side believes no length it has not checked.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::orders::Order;
use crate::outcome::Message;

/// More than any orders: what there is on a host to be reached, by name.
const ORDER_MAX: usize = 64 << 20;

/// What came, or did not.
#[derive(Debug, PartialEq)]
pub(super) enum Heard<T> {
    /// This.
    Said(T),
    /// The other side is gone.
    Gone,
    /// Nothing, in time.
    Late,
    /// Something that makes no sense.
    Garbled,
}

/// Bytes that came and were not yet understood.
#[derive(Debug, Default)]
pub(super) struct Buffer(Vec<u8>);

impl Buffer {
    /// The next answer of the inner side.
    pub(super) fn message(&mut self, from: BorrowedFd<'_>, deadline: Instant) -> Heard<Message> {
        loop {
            match Message::take(&mut self.0) {
                Ok(Some(message)) => return Heard::Said(message),
                Ok(None) => {}
                Err(()) => return Heard::Garbled,
            }
            if let Some(end) = self.more(from, Some(deadline)) {
                return end;
            }
        }
    }

    /// The next order of the outer side, however long it takes.
    pub(super) fn order(&mut self, from: BorrowedFd<'_>) -> Heard<Order> {
        loop {
            if let Some((length, rest)) = self.0.split_first_chunk::<4>() {
                let length = u32::from_le_bytes(*length) as usize;
                if length > ORDER_MAX {
                    return Heard::Garbled;
                }
                if let Some(body) = rest.get(..length) {
                    let order = serde_json::from_slice(body);
                    self.0.drain(..4 + length);
                    return order.map_or(Heard::Garbled, Heard::Said);
                }
            }
            if let Some(end) = self.more(from, None) {
                return end;
            }
        }
    }

    /// Reads what there is, or says why nothing more comes.
    fn more<T>(&mut self, from: BorrowedFd<'_>, deadline: Option<Instant>) -> Option<Heard<T>> {
        loop {
            // Inside, only calls that every filter lets through are made: no poll without need.
            if let Some(deadline) = deadline {
                match readable(from, deadline) {
                    Ok(true) => {}
                    Ok(false) => return Some(Heard::Late),
                    Err(_) => return Some(Heard::Gone),
                }
            }
            let mut chunk = [0; 16 << 10];
            match rustix::io::read(from, &mut chunk) {
                Ok(0) => return Some(Heard::Gone),
                Ok(length) => {
                    self.0
                        .extend_from_slice(chunk.get(..length).unwrap_or_default());
                    return None;
                }
                Err(rustix::io::Errno::INTR) => {}
                // A peer that was killed with something unread resets the connection.
                Err(_) => return Some(Heard::Gone),
            }
        }
    }
}

/// Whether there is something to read, or someone to accept, before the deadline.
pub(super) fn readable(from: BorrowedFd<'_>, deadline: Instant) -> io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        let mut wanted = [PollFd::from_borrowed_fd(from, PollFlags::IN)];
        match poll(&mut wanted, Some(&left)) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Gives an order.
pub(super) fn give(to: impl AsFd, order: &Order) -> io::Result<()> {
    let body = serde_json::to_vec(order)?;
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    write_all(to.as_fd(), &length.to_le_bytes())?;
    write_all(to.as_fd(), &body)
}

/// Gives an answer.
pub(super) fn answer(to: impl AsFd, message: &Message) -> io::Result<()> {
    write_all(to.as_fd(), &message.encode())
}

fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::*;
    use crate::outcome::{How, Outcome};

    #[test]
    fn answers_that_come_together_are_heard_one_by_one() {
        let (inner, outer) = UnixStream::pair().unwrap();
        let first = Message::Outcome(Outcome::Stopped(How::Errno(1)));
        answer(&inner, &first).unwrap();
        answer(&inner, &Message::Ended(How::Signal(31))).unwrap();
        drop(inner);
        let mut buffer = Buffer::default();
        let deadline = Instant::now() + Duration::from_secs(5);
        assert_eq!(buffer.message(outer.as_fd(), deadline), Heard::Said(first));
        assert_eq!(
            buffer.message(outer.as_fd(), deadline),
            Heard::Said(Message::Ended(How::Signal(31)))
        );
        assert_eq!(buffer.message(outer.as_fd(), deadline), Heard::Gone);
    }

    #[test]
    fn an_order_of_any_length_arrives_and_silence_is_noticed() {
        let (inner, outer) = UnixStream::pair().unwrap();
        let order = Order::Attempt {
            id: "mount".into(),
            directly: true,
        };
        give(&outer, &order).unwrap();
        assert_eq!(Buffer::default().order(inner.as_fd()), Heard::Said(order));
        let soon = Instant::now() + Duration::from_millis(1);
        assert_eq!(Buffer::default().message(outer.as_fd(), soon), Heard::Late);
        rustix::io::write(&outer, &[0xff; 8]).unwrap();
        assert_eq!(Buffer::default().order(inner.as_fd()), Heard::Garbled);
    }
}
