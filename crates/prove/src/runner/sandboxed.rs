//! Attempts in the native sandbox: a fresh one for each, under the plan that the service would run under.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use ringfence_compile::native::Plan;
use ringfence_sandbox::{Exit, Sandbox};

use super::{Confined, End, Inside, PATIENCE, Runner};

/// Makes attempts under this plan. Its command is never run.
pub fn sandboxed(plan: Plan) -> impl Runner {
    // The sandbox keeps the deadline itself, because it can then take itself down.
    let later = PATIENCE + Duration::from_secs(1);
    Confined::new(move |pipe, inside| confine(plan.clone(), pipe, inside)).within(later)
}

fn confine(plan: Plan, pipe: BorrowedFd<'_>, inside: Inside<'_>) -> Result<End, String> {
    let cannot = |why: String| format!("the sandbox cannot be made: {why}");
    // Only the standard streams are open inside.
    let stdout = pipe
        .try_clone_to_owned()
        .map_err(|error| cannot(error.to_string()))?;
    let exit = Sandbox::new(plan)
        .stdout(stdout)
        .deadline(PATIENCE)
        .run_closure(|| inside(io::stdout().as_fd()));
    match exit {
        Ok(Exit::Code(code)) => Ok(End::Code(code)),
        Ok(Exit::Signal(signal)) => Ok(End::Signal(signal.raw())),
        Ok(Exit::Deadline) => Err(format!(
            "there was no answer within {} seconds",
            PATIENCE.as_secs()
        )),
        Err(error) => Err(cannot(error.to_string())),
    }
}
