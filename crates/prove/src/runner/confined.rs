//! Attempts inside a confinement that someone else builds.
//!
//! A fork of this process asks for a fresh confinement and has the attempt made in there, so that the
//! deadline holds for both, and a confinement that takes too long to build is not taken for one that stops
//! attempts.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use super::{PATIENCE, RunError, Runner, answer, in_a_fork};
use crate::attempt::Attempt;
use crate::context::Context;
use crate::outcome::{How, Message, Outcome};

/// How a confined process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// What is to run inside: it makes the attempt and answers there; the value is the exit code.
pub type Inside<'a> = &'a mut dyn FnMut(BorrowedFd<'_>) -> i32;

/// Makes attempts in a confinement.
///
/// `confine` runs the closure it is given in a new confined process, waits for its end and says how it
/// ended. It is also given where the answer goes, which it hands to the closure: this descriptor, or
/// whatever it has become in there, such as standard output.
pub struct Confined<F> {
    confine: F,
    patience: Duration,
}

impl<F> Confined<F>
where
    F: FnMut(BorrowedFd<'_>, Inside<'_>) -> Result<End, String>,
{
    /// In the confinement that `confine` builds.
    pub fn new(confine: F) -> Self {
        Self {
            confine,
            patience: PATIENCE,
        }
    }

    /// With another deadline.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

impl<F> Runner for Confined<F>
where
    F: FnMut(BorrowedFd<'_>, Inside<'_>) -> Result<End, String>,
{
    fn run(&mut self, attempt: &Attempt, context: &Context) -> Result<Outcome, RunError> {
        let confine = &mut self.confine;
        in_a_fork(self.patience, |pipe| {
            context.enter();
            let mut inside = |pipe: BorrowedFd<'_>| {
                answer(pipe, &Message::Outcome(attempt.run(context)));
                0
            };
            let end = confine(pipe, &mut inside);
            // Only the first frame counts, so this one is heard only when the attempt gave none.
            match end {
                Ok(End::Signal(signal)) => {
                    let stopped = Outcome::Stopped(How::Signal(signal));
                    answer(pipe, &Message::Outcome(stopped));
                }
                Ok(End::Code(_)) => {}
                Err(why) => answer(pipe, &Message::Failure(why)),
            }
        })
    }
}
