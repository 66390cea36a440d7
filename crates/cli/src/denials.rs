//! What a sandbox refuses, and which grants would have allowed it.
//!
//! The command runs under the tracer, in the same sandbox but for its system call filter: that one asks the
//! tracer where it would otherwise refuse, and tells it of every call outside `@base`. It is slower, and as
//! strict: the tracer makes refused calls fail.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use ringfence_compile::native::Plan;
use ringfence_compile::native::seccomp::{Action, Filter, Rule};
use ringfence_compile::native::syscall;
use ringfence_learn::ptrace::{DENY, LearnError, Options, RECORD, Tracer};
use ringfence_learn::{Control, Ended, Event};
use ringfence_policy::denial::{is_met, needed};
use ringfence_policy::grant::Grant;
use ringfence_policy::policy::Policy;
use ringfence_policy::syscall::is_base;
use ringfence_policy::trace::{Fact, Outcome};
use ringfence_sandbox::Sandbox;
use ringfence_sys::process::{Fork, exit_now, fork};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;

/// The grants that were missing, each with who needed it and what was refused.
pub type Missing = BTreeMap<Grant, String>;

/// Runs the plan's command and collects what it was refused. The callback steers the tracer.
pub fn watched(
    plan: &Plan,
    policy: &Policy,
    callback: &mut dyn FnMut(Event) -> Control,
) -> Result<(Missing, Option<Ended>), Failure> {
    let tracer = start(asking(plan.clone()))?;
    let mut missing = Missing::new();
    let mut end = None;
    let watched = tracer.run(&mut |event| {
        match &event {
            Event::Seen {
                fact,
                errno: Some(errno),
                by,
            } => {
                for grant in refused(fact, Errno::from_raw_os_error(*errno), policy) {
                    missing.entry(grant).or_insert_with(|| by.to_string());
                }
            }
            Event::MainExited(ended) => end = Some(*ended),
            _ => {}
        }
        callback(event)
    });
    watched.map_err(|error| not_watched(&error))?;
    Ok((missing, end))
}

/// Starts the sandbox in a child that waits until it is traced.
fn start(plan: Plan) -> Result<Tracer, Failure> {
    let prepare = || "prepare to trace".to_owned();
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)
        .map_err(io::Error::from)
        .or_cannot(prepare)?;
    match fork().or_cannot(prepare)? {
        Fork::Child => {
            drop(writer);
            // The pipe ends when the parent traces this process, or is gone; then it traces nothing, and a
            // filter that asks a tracer which is not there refuses.
            let _ = std::fs::File::from(reader).read(&mut [0]);
            match Sandbox::new(plan).run() {
                Ok(exit) => exit.imitate(),
                Err(error) => {
                    let text = format!("error: cannot {error}\n");
                    let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
                    exit_now(error.exit_code().into())
                }
            }
        }
        Fork::Parent(child) => {
            let mut options = Options::default();
            options.tell_facts = true;
            let tracer = Tracer::attach(child, options).map_err(|error| not_watched(&error));
            drop(writer);
            tracer
        }
    }
}

fn not_watched(error: &LearnError) -> Failure {
    Failure::new(ExitCode::HostCannot, error.to_string())
        .help("without --explain-denials no tracer is needed")
}

/// The same plan, with a filter that asks the tracer.
fn asking(mut plan: Plan) -> Plan {
    if let Some(filter) = &mut plan.seccomp {
        for (number, rule) in &mut filter.rules {
            let base = syscall::name(filter.arch, *number).is_some_and(is_base);
            *rule = told(rule, base);
        }
        filter.default = refusal(filter.default);
        tell_of_names(filter);
    }
    plan
}

/// Calls of `@base` that act on a name or an address are told too: Landlock may refuse them.
fn tell_of_names(filter: &mut Filter) {
    for call in ["sendto", "sendmsg", "sendmmsg", "execve", "execveat"] {
        let Some(number) = syscall::number(filter.arch, call) else {
            continue;
        };
        if let Some(rule) = filter.rules.get_mut(&number) {
            *rule = told(rule, false);
        }
    }
}

fn told(rule: &Rule, base: bool) -> Rule {
    match rule {
        Rule::Always(Action::Allow) if !base => Rule::Always(Action::Trace(RECORD)),
        Rule::Always(action) => Rule::Always(refusal(*action)),
        Rule::Conditional {
            any,
            then,
            otherwise,
        } => Rule::choose(any.clone(), told(then, base), told(otherwise, base)),
    }
}

/// A refusal that the tracer carries out. `ENOSYS` stays: programs go another way, and nothing is missing.
fn refusal(action: Action) -> Action {
    match action {
        Action::Deny(errno) if i32::from(errno) != Errno::NOSYS.raw_os_error() => {
            Action::Trace(DENY)
        }
        other => other,
    }
}

/// The grants that are missing for what failed with this error; none when something else refused it.
fn refused(fact: &Fact, errno: Errno, policy: &Policy) -> Vec<Grant> {
    let wanted = match fact {
        // A name that is not in the service's view, and is on the host.
        Fact::File { path, .. } | Fact::Exec { path, .. }
            if matches!(errno, Errno::NOENT | Errno::NOTDIR) =>
        {
            Path::new(path.as_path()).symlink_metadata().is_ok()
        }
        _ => matches!(
            errno,
            Errno::PERM | Errno::ACCESS | Errno::ROFS | Errno::AFNOSUPPORT | Errno::XDEV
        ),
    };
    if !wanted {
        return Vec::new();
    }
    needed(&as_if_done(fact))
        .into_iter()
        .filter(|grant| !is_met(policy, grant))
        .collect()
}

/// What the fact would have been: only then it says all that it needs.
fn as_if_done(fact: &Fact) -> Fact {
    let mut fact = fact.clone();
    match &mut fact {
        Fact::File { outcome, .. } | Fact::Bind { outcome, .. } | Fact::Connect { outcome, .. } => {
            *outcome = Outcome::Done;
        }
        _ => {}
    }
    fact
}

/// The missing grants as rows for people.
pub fn rows(missing: &Missing) -> Vec<String> {
    missing
        .iter()
        .map(|(grant, by)| format!("{grant}  (for {by})"))
        .collect()
}
