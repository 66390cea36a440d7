//! Running one attempt in a process of its own, and hearing what came of it.
//!
//! The process has its own session, a deadline that is kept from outside, and a pipe for its answer. What
//! it leaves behind is killed with it. A process that ends without an answer proves nothing, unless a
//! signal ended it: then something did not let it go on.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use ringfence_sys::process::{self, Fork};
use ringfence_sys::ptrace::{WaitEvent, WaitFlags, wait_pid};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use crate::attempt::Attempt;
use crate::context::Context;
use crate::outcome::{How, Message, Outcome};

mod bare;
mod confined;
mod sandboxed;

pub use bare::Bare;
pub(crate) use bare::become_user;
pub use confined::{Confined, End, Inside};
pub use sandboxed::sandboxed;

/// Why nothing is known about an attempt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// No process could be started.
    #[error("start a process: {0}")]
    Start(#[source] io::Error),
    /// The process could not be made what it should be: another user, or confined.
    #[error("{0}")]
    Prepare(String),
    /// The process did not answer in time and was killed.
    #[error("there was no answer within {} seconds", .0.as_secs_f32())]
    Late(Duration),
    /// The process ended by itself and without an answer.
    #[error("it ended with code {0} and without an answer")]
    Silent(i32),
    /// The answer made no sense.
    #[error("its answer made no sense")]
    Garbled,
    /// Someone asked to end.
    #[error("it was interrupted")]
    Interrupted,
    /// The process could not be waited for.
    #[error("wait for the process: {0}")]
    Wait(#[source] io::Error),
}

/// Something that makes attempts.
pub trait Runner {
    /// Makes one attempt. The calling process must have one thread, because it forks.
    fn run(&mut self, attempt: &Attempt, context: &Context) -> Result<Outcome, RunError>;
}

/// The deadline of an attempt, unless said otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs `work` in a fork. `work` is given where to write its frame.
fn in_a_fork(patience: Duration, work: impl FnOnce(BorrowedFd<'_>)) -> Result<Outcome, RunError> {
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
        .map_err(|errno| RunError::Start(errno.into()))?;
    let child = match process::fork().map_err(RunError::Start)? {
        Fork::Parent(child) => child,
        Fork::Child => {
            drop(read);
            let _ = rustix::process::setsid();
            let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
            let finished = catch_unwind(AssertUnwindSafe(|| work(write.as_fd())));
            process::exit_now(if finished.is_ok() { 0 } else { 101 })
        }
    };
    drop(write);
    let deadline = Instant::now() + patience;
    let heard = listen(read, deadline);
    // After its answer a confinement takes itself down, which should not be cut short.
    let in_time = !matches!(heard, Heard::Late) && linger(child, deadline);
    let end = kill(child);
    kill_group(child);
    match (heard, end) {
        (Heard::Message(Message::Outcome(outcome)), _) => Ok(outcome),
        (Heard::Message(Message::Failure(why)), _) => Err(RunError::Prepare(why)),
        (Heard::Late, _) => Err(RunError::Late(patience)),
        (Heard::Nothing, _) if !in_time => Err(RunError::Late(patience)),
        (Heard::Nothing, Ok(WaitEvent::Signaled { signal, .. })) => {
            Ok(Outcome::Stopped(How::Signal(signal.raw())))
        }
        (Heard::Nothing, Ok(WaitEvent::Exited { code, .. })) => Err(RunError::Silent(code)),
        (Heard::Message(_) | Heard::Garbled, _) | (Heard::Nothing, Ok(_)) => Err(RunError::Garbled),
        (Heard::Nothing, Err(error)) => Err(RunError::Wait(error)),
    }
}

/// Writes a frame; a reader that is gone has killed this process, or is about to.
fn answer(pipe: BorrowedFd<'_>, message: &Message) {
    let frame = message.encode();
    let mut rest = frame.as_slice();
    while !rest.is_empty() {
        match rustix::io::write(pipe, rest) {
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

enum Heard {
    Message(Message),
    Garbled,
    Nothing,
    Late,
}

/// Reads until the first frame is whole, the pipe is closed, or it is too late.
fn listen(pipe: OwnedFd, deadline: Instant) -> Heard {
    let mut pipe = std::fs::File::from(pipe);
    let mut bytes = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(left) = Timespec::try_from(left) else {
            return Heard::Late;
        };
        let mut wanted = [PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)];
        match poll(&mut wanted, Some(&left)) {
            Ok(0) => return Heard::Late,
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return Heard::Nothing,
        }
        let mut chunk = [0; 4096];
        match pipe.read(&mut chunk) {
            Ok(0) => return Heard::Nothing,
            Ok(length) => bytes.extend_from_slice(chunk.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Heard::Nothing,
        }
        match Message::decode(&bytes) {
            Ok(Some(message)) => return Heard::Message(message),
            Ok(None) => {}
            Err(()) => return Heard::Garbled,
        }
    }
}

/// Waits until the child ends or it is too late; says whether it ended.
fn linger(child: Pid, deadline: Instant) -> bool {
    let Ok(pidfd) = pidfd_open(child, PidfdFlags::empty()) else {
        return false;
    };
    loop {
        let Ok(left) = Timespec::try_from(deadline.saturating_duration_since(Instant::now()))
        else {
            return false;
        };
        let mut wanted = [PollFd::new(&pidfd, PollFlags::IN)];
        match poll(&mut wanted, Some(&left)) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.is_ok_and(|ready| ready > 0),
        }
    }
}

/// Ends the child, if it has not ended; its number is its own until it is waited for.
fn kill(child: Pid) -> io::Result<WaitEvent> {
    let _ = rustix::process::kill_process(child, Signal::KILL);
    loop {
        match wait_pid(child, WaitFlags::empty()) {
            Ok(Some(event @ (WaitEvent::Exited { .. } | WaitEvent::Signaled { .. }))) => {
                return Ok(event);
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Kills what is left of the child's session. Its number cannot be another's meanwhile: a process group
/// keeps its number busy as long as it has a member.
fn kill_group(child: Pid) {
    let _ = rustix::process::kill_process_group(child, Signal::KILL);
}
