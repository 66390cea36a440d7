//! Attacks on the sandbox that a policy makes.

use std::path::Path;

use ringfence_compile::native::Plan;
use ringfence_policy::grant::User;
use ringfence_policy::manifest::Manifest;
use ringfence_policy::policy::Policy;
use ringfence_prove::{
    Bare, BareResult, ConfinedResult, Context, Report, Subject, prove, sandboxed,
};
use ringfence_sandbox::Sandbox;

use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::progress::Progress;
use crate::verb::not_started;

/// Makes every attempt, bare and under the plan.
///
/// Bare is as whoever would run the service without ringfence: the user the policy names where it names
/// one, else the caller.
pub fn attack(
    manifest: &Manifest,
    policy: &Policy,
    plan: &Plan,
    output: &Output,
) -> Result<Report, Failure> {
    // A sandbox that cannot be built stops every attempt and proves nothing.
    Sandbox::new(plan.clone())
        .run_closure(|| 0)
        .map_err(|error| not_started(&error))?;
    let mut context = Context::new(policy, Path::new("/"))
        .or_cannot(|| "prepare the attack".to_owned())?
        .with_environment(variables(|_| true), variables(|name| passes(plan, name)));
    if let Some(program) = manifest.service.program() {
        context = context.with_program(&program);
    }
    let mut progress = Progress::new(output, "attacking the sandbox");
    let mut bare = bare_runner(manifest);
    let mut confined = sandboxed(plan.clone());
    let subject = Subject::here(&manifest.service.name);
    Ok(prove(
        subject,
        policy,
        &context,
        &mut bare,
        &mut confined,
        &mut |row| {
            progress.step(format!("attacking the sandbox: {}", row.title));
        },
    ))
}

fn bare_runner(manifest: &Manifest) -> Bare {
    let named = match &manifest.service.user {
        User::Named(name) if rustix::process::geteuid().is_root() => account(name),
        _ => None,
    };
    named.map_or_else(Bare::new, |(uid, gid)| Bare::new().as_user(uid, gid))
}

/// The ids of a user of passwd(5). Whoever is only known elsewhere is attacked as the caller.
fn account(name: &str) -> Option<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut fields = accounts
        .lines()
        .map(|line| line.split(':'))
        .find(|fields| fields.clone().next() == Some(name))?
        .skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The names of the variables that are set here, as far as they are wanted.
fn variables(wanted: impl Fn(&str) -> bool) -> Vec<String> {
    std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| wanted(name))
        .collect()
}

/// Whether the sandbox passes this variable on.
fn passes(plan: &Plan, name: &str) -> bool {
    plan.environment
        .iter()
        .any(|own| match own.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == own,
        })
}

/// What a report says, as an exit code: an attempt that succeeded without a grant is worse than one that
/// succeeds bare and of which nothing is known inside.
pub fn verdict(report: &Report) -> ExitCode {
    if report.unexplained().next().is_some() {
        return ExitCode::AttackSucceeded;
    }
    let open = report.rows.iter().any(|row| {
        matches!(row.bare, BareResult::Reached { .. })
            && matches!(row.confined, ConfinedResult::Unproven { .. })
    });
    if open {
        ExitCode::OpenControls
    } else {
        ExitCode::Fine
    }
}
