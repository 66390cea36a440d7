//! The inner side: it makes the attempts it is told to, and nothing else.
//!
//! What runs here before an attempt is kept to calls that every service makes, because a filter that kills
//! for another one would end the proof and not the attempt.

use std::os::fd::BorrowedFd;

use ringfence_sys::process::{self, Fork};
use ringfence_sys::ptrace::{WaitEvent, WaitFlags, wait_pid};
use rustix::fs::FileType;
use rustix::process::{Pid, Signal};

use super::channel::{Buffer, Heard, answer};
use super::orders::{Identity, Order};
use crate::attempt::{Attempt, attempts};
use crate::context::Context;
use crate::outcome::{How, Message};
use crate::runner::become_user;

/// Nobody gives orders: this is not how a service manager starts it.
#[derive(Debug, thiserror::Error)]
#[error("take orders: standard input and output are no socket")]
pub struct NoOrders;

/// Takes orders from `input` and answers on `output` until nobody gives any more.
///
/// Both are the same socket, and the caller shall not have printed or read anything. The process is not the
/// same afterwards.
pub fn obey(input: BorrowedFd<'_>, output: BorrowedFd<'_>) -> Result<(), NoOrders> {
    let is_socket = |descriptor| {
        rustix::fs::fstat(descriptor)
            .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Socket)
    };
    if !is_socket(input) || !is_socket(output) {
        return Err(NoOrders);
    }
    // Nobody to answer means nobody to work for; the same goes for every answer below.
    let _ = answer(output, &Message::Ready);
    let mut buffer = Buffer::default();
    let Heard::Said(Order::Know { context, become_ }) = buffer.order(input) else {
        return Ok(());
    };
    let context = context.here();
    while let Heard::Said(Order::Attempt { id, directly }) = buffer.order(input) {
        let Some(attempt) = attempts().iter().find(|attempt| attempt.id == id) else {
            let unknown = format!("there is no attempt `{id}`");
            let _ = answer(output, &Message::Failure(unknown));
            continue;
        };
        let make = || make(attempt, &context, become_.as_ref());
        if directly {
            let _ = answer(output, &make());
            return Ok(());
        }
        match process::fork() {
            Ok(Fork::Child) => {
                let _ = rustix::process::setsid();
                let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
                let _ = answer(output, &make());
                process::exit_now(0);
            }
            Ok(Fork::Parent(child)) => {
                let how = end_of(child);
                // What is left of its session, whose number is busy as long as it has a member.
                let _ = rustix::process::kill_process_group(child, Signal::KILL);
                let _ = answer(output, &Message::Ended(how));
            }
            Err(error) => {
                let _ = answer(output, &Message::CannotFork(error.to_string()));
            }
        }
    }
    Ok(())
}

fn make(attempt: &Attempt, context: &Context, become_: Option<&Identity>) -> Message {
    match become_.map_or(Ok(()), become_user) {
        Ok(()) => Message::Outcome(attempt.run(context)),
        Err(errno) => Message::Failure(format!("become user: {errno}")),
    }
}

/// Waits for a child that may take its time: the outer side keeps the deadline.
fn end_of(child: Pid) -> How {
    loop {
        match wait_pid(child, WaitFlags::empty()) {
            Ok(Some(WaitEvent::Exited { code, .. })) => {
                return How::Other(format!("it ended with code {code}"));
            }
            Ok(Some(WaitEvent::Signaled { signal, .. })) => return How::Signal(signal.raw()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return How::from(error),
        }
    }
}
