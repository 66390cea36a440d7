//! Attempts without a confinement: what the service could do on this host as it is.

use std::time::Duration;

use rustix::process::{DumpableBehavior, Gid, Uid, set_dumpable_behavior};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::{PATIENCE, RunError, Runner, answer, in_a_fork};
use crate::attempt::Attempt;
use crate::context::Context;
use crate::outcome::{Message, Outcome};
use crate::unit::Identity;

/// Makes attempts in a plain fork.
#[derive(Debug, Clone)]
pub struct Bare {
    user: Option<Identity>,
    patience: Duration,
}

impl Default for Bare {
    fn default() -> Self {
        Self {
            user: None,
            patience: PATIENCE,
        }
    }
}

impl Bare {
    /// As the caller.
    pub fn new() -> Self {
        Self::default()
    }

    /// As this user and group, with no other groups; for a caller that may become them.
    #[must_use]
    pub fn as_user(self, uid: u32, gid: u32) -> Self {
        Self {
            user: Some(Identity {
                uid,
                gid,
                groups: Vec::new(),
            }),
            ..self
        }
    }

    /// With another deadline.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

impl Runner for Bare {
    fn run(&mut self, attempt: &Attempt, context: &Context) -> Result<Outcome, RunError> {
        in_a_fork(self.patience, |pipe| {
            let message = match self.user.as_ref().map_or(Ok(()), become_user) {
                Ok(()) => Message::Outcome(attempt.run(context)),
                Err(errno) => Message::Failure(format!("become user: {errno}")),
            };
            answer(pipe, &message);
        })
    }
}

/// Makes the calling process one of this user, with what that takes away.
pub(crate) fn become_user(identity: &Identity) -> rustix::io::Result<()> {
    let (uid, gid) = (Uid::from_raw(identity.uid), Gid::from_raw(identity.gid));
    let groups: Vec<Gid> = identity.groups.iter().copied().map(Gid::from_raw).collect();
    set_thread_groups(&groups)?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    // A process that changed its user owns nothing of its own in /proc until it says so, which a
    // service that was started as this user need not.
    set_dumpable_behavior(DumpableBehavior::Dumpable)
}
