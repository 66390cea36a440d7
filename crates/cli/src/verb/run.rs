//! `ringfence run`: a command under its policy.

use ringfence_compile::native::Plan;
use ringfence_learn::Control;
use ringfence_policy::policy::Policy;
use ringfence_sandbox::{Sandbox, SandboxError, explain_denials};

use crate::args::Run;
use crate::denials;
use crate::enforcement;
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::Output;
use crate::policy_file::PolicyFile;
use crate::site;

/// Runs the command and ends as it ended.
pub fn run(typed: &Run, output: &Output) -> Result<ExitCode, Failure> {
    let file = PolicyFile::read(&typed.policy, output)?;
    let policy = site::limited(file.policy()?, &typed.site, output)?;
    let command = if typed.command.is_empty() {
        file.manifest.service.exec.clone()
    } else {
        enforcement::resolved(&typed.command)?
    };
    let target = enforcement::target()?;
    let (plan, _) = enforcement::plan(
        &file.manifest,
        file.lock.as_ref(),
        &policy,
        command,
        &target,
    )?;
    if !typed.quiet {
        if file.lock_is_stale() {
            output.note(&format!(
                "{} was edited after its lock was made; the system calls in the lock still hold",
                typed.policy.display()
            ));
        }
        for note in &plan.notes {
            output.note(note);
        }
    }
    if typed.explain_denials {
        return explained(&plan, &policy, output);
    }
    match Sandbox::new(plan).hurry().run() {
        Ok(exit) => exit.imitate(),
        Err(error) => Err(not_started(&error)),
    }
}

/// Runs the command under the tracer, and says at the end what was missing.
fn explained(plan: &Plan, policy: &Policy, output: &Output) -> Result<ExitCode, Failure> {
    let (exit, denials) = explain_denials(plan.clone(), policy, &mut |_| Control::Continue)
        .map_err(|error| denials::failed(&error))?;
    if denials.is_empty() {
        output.say("nothing was refused for the want of a grant");
    }
    for row in denials::rows(&denials) {
        output.say(&format!("missing  {row}"));
    }
    exit.imitate()
}

/// A sandbox that could not be built. The command was not started.
pub fn not_started(error: &SandboxError) -> Failure {
    let failure = Failure::with_number(error.exit_code(), error.to_string());
    match error {
        SandboxError::Unsupported { .. } => {
            failure.help("`ringfence policy check` lists what this host enforces")
        }
        _ => failure,
    }
}
