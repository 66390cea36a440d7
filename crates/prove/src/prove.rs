//! The proof: every attempt bare, then confined, and what the policy says about what was reached.

use ringfence_policy::policy::Policy;

use crate::attempt::{Attempt, attempts};
use crate::context::Context;
use crate::outcome::{Outcome, Reach};
use crate::report::{Bare, Confined, Report, Row};
use crate::runner::{RunError, Runner};

/// Whom a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The service.
    pub service: String,
    /// The host, as people should see it: `Linux 6.12`.
    pub host: String,
}

impl Subject {
    /// This service on the running kernel.
    pub fn here(service: impl Into<String>) -> Self {
        let system = rustix::system::uname();
        let name = system.sysname().to_string_lossy();
        let release = system.release().to_string_lossy();
        Self {
            service: service.into(),
            host: format!("{name} {release}"),
        }
    }
}

/// Makes every attempt twice and reports. `heard` is told of each row as soon as it is known.
pub fn prove(
    subject: Subject,
    policy: &Policy,
    context: &Context,
    bare: &mut dyn Runner,
    confined: &mut dyn Runner,
    heard: &mut dyn FnMut(&Row),
) -> Report {
    let rows = attempts()
        .iter()
        .map(|attempt| {
            let row = judge(
                attempt,
                policy,
                context,
                bare.run(attempt, context),
                confined.run(attempt, context),
            );
            heard(&row);
            row
        })
        .collect();
    Report::new(subject, rows)
}

fn judge(
    attempt: &Attempt,
    policy: &Policy,
    context: &Context,
    bare: Result<Outcome, RunError>,
    confined: Result<Outcome, RunError>,
) -> Row {
    let bare = match bare {
        Ok(Outcome::Reached(reach)) => Bare::Reached {
            detail: reach.detail,
        },
        Ok(Outcome::Stopped(how)) => Bare::Failed {
            why: how.to_string(),
        },
        Ok(Outcome::CannotTry(why)) => Bare::Failed { why },
        Err(error) => Bare::Failed {
            why: error.to_string(),
        },
    };
    let confined = match confined {
        Ok(Outcome::Reached(reach)) => reached(attempt, policy, context, &reach),
        Ok(Outcome::Stopped(how)) => match &bare {
            // Whatever stopped it is there without the confinement, too, so this proves nothing about it.
            Bare::Failed { why } => Confined::Unproven {
                why: format!("cannot succeed here even unconfined: {why}"),
            },
            Bare::Reached { .. } => Confined::Stopped {
                by: how.to_string(),
            },
        },
        Ok(Outcome::CannotTry(why)) => Confined::Unproven { why },
        Err(error) => Confined::Unproven {
            why: error.to_string(),
        },
    };
    Row {
        id: attempt.id.to_owned(),
        group: attempt.group,
        title: attempt.title.to_owned(),
        bare,
        confined,
    }
}

fn reached(attempt: &Attempt, policy: &Policy, context: &Context, reach: &Reach) -> Confined {
    let by = attempt.explained_by(policy, context, reach);
    let holes = attempt.unexplained(policy, context, reach);
    let detail = if by.is_none() && !holes.is_empty() && holes.len() < reach.paths.len() {
        // Some of it is granted; the finding is the rest.
        format!(
            "{}; not granted: {}",
            reach.detail,
            crate::attempt::listed(&holes)
        )
    } else {
        reach.detail.clone()
    };
    Confined::Reached {
        by: by.map(|grant| grant.to_string()),
        detail,
    }
}
