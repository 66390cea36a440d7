//! Runs a command confined and tells what it was refused, and which grants would have allowed it.
//!
//! The command is watched from outside: calls that the filter refuses come to the watcher before they
//! fail, and of the other calls those that fail as a confinement makes them fail are looked at. What the
//! host itself would have refused as well is left out where that can be seen. Much slower than a plain run.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};

use ringfence_compile::native::Plan;
use ringfence_compile::native::seccomp::{Action, ENOSYS, Filter, Rule};
use ringfence_compile::native::syscall;
use ringfence_learn::ptrace::{DENY, Options, RECORD, Tracer};
use ringfence_learn::{Control, Event, LearnError};
use ringfence_policy::denial::{is_met, needed};
use ringfence_policy::grant::{FileAccess, Grant};
use ringfence_policy::path::AbsPath;
use ringfence_policy::policy::Policy;
use ringfence_policy::syscall::is_base;
use ringfence_policy::trace::{Fact, Object, Outcome, Touch};
use ringfence_sys::process::{Fork, exit_now, fork};
use rustix::io::Errno;

use crate::end::Exit;
use crate::error::{SandboxError, Step};
use crate::report::{self, Message};
use crate::sandbox::Sandbox;

/// Something that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// What was tried.
    pub fact: Fact,
    /// The program that tried it.
    pub by: AbsPath,
    /// The grants that are missing for it. Never empty.
    pub missing: Vec<Grant>,
}

/// Why a command could not be run and watched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// It could not be confined or started.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// It could not be watched.
    #[error(transparent)]
    Learn(#[from] LearnError),
}

/// Runs the plan's command under `policy`, of which the plan was made, and says what was refused.
///
/// The callback steers the watcher, as that of [`watch`](ringfence_learn::watch) does. The calling process
/// must have one thread. Signals that end it are passed on.
pub fn explain_denials(
    mut plan: Plan,
    policy: &Policy,
    callback: &mut dyn FnMut(Event) -> Control,
) -> Result<(Exit, Vec<Denial>), ExplainError> {
    if let Some(filter) = &mut plan.seccomp {
        tell_tracer(filter);
    }
    let (gate, opener) = report::pipe()?;
    let (reports, sender) = report::pipe()?;
    let supervisor = match fork().step(|| "start a process to watch")? {
        Fork::Child => {
            drop((opener, reports));
            supervise(plan, &gate, &sender)
        }
        Fork::Parent(pid) => pid,
    };
    drop((gate, sender));
    let mut options = Options::default();
    options.tell_facts = true;
    let tracer = Tracer::attach(supervisor, options)?;
    drop(opener);
    let mut denials = BTreeMap::new();
    tracer.run(&mut |event| {
        if let Event::Seen { fact, errno, by } = &event
            && let Some(missing) = missing(fact, *errno, policy)
        {
            denials
                .entry((**fact).clone())
                .or_insert_with(|| (by.clone(), missing));
        }
        callback(event)
    })?;
    let exit = match report::receive(&reports)? {
        Some(Message::Ended(exit)) => exit,
        Some(Message::Failed(error)) => return Err(error.into()),
        _ => Exit::Signal(ringfence_sys::signal::Signal::KILL),
    };
    let denials = denials.into_iter();
    let denials = denials.map(|(fact, (by, missing))| Denial { fact, by, missing });
    Ok((exit, denials.collect()))
}

/// In the child: waits until it is watched, then runs the command and reports.
fn supervise(plan: Plan, gate: &OwnedFd, sender: &OwnedFd) -> ! {
    // Nothing is ever written: the end of the pipe is the signal, and comes also when the watcher fails.
    while rustix::io::read(gate, &mut [0; 1]) == Err(Errno::INTR) {}
    let message = match Sandbox::new(plan).run() {
        Ok(exit) => Message::Ended(exit),
        Err(error) => Message::Failed(error),
    };
    report::send(sender.as_fd(), &message);
    exit_now(0)
}

/// Makes a filter send to the tracer what it refuses, and what it allows outside of `@base`.
fn tell_tracer(filter: &mut Filter) {
    let arch = filter.arch;
    for (number, rule) in &mut filter.rules {
        let base = syscall::name(arch, *number).is_some_and(is_base);
        *rule = told(rule, base);
    }
    filter.default = Action::Trace(DENY);
}

fn told(rule: &Rule, base: bool) -> Rule {
    match rule {
        Rule::Always(Action::Allow) if !base => Rule::Always(Action::Trace(RECORD)),
        // An answer that sends a C library to an older call must stay what it is.
        Rule::Always(Action::Deny(ENOSYS)) => rule.clone(),
        Rule::Always(Action::Deny(_)) => Rule::Always(Action::Trace(DENY)),
        Rule::Always(_) => rule.clone(),
        Rule::Conditional {
            any,
            then,
            otherwise,
        } => Rule::Conditional {
            any: any.clone(),
            then: Box::new(told(then, base)),
            otherwise: Box::new(told(otherwise, base)),
        },
    }
}

/// The grants that a refused call lacks; `None` when it was not refused, or not by us.
fn missing(fact: &Fact, errno: Option<i32>, policy: &Policy) -> Option<Vec<Grant>> {
    let errno = errno.map(Errno::from_raw_os_error)?;
    let fact = match (fact, errno) {
        (Fact::File { path, touch, .. }, Errno::NOENT | Errno::NOTDIR)
            if !is_on_host(path, *touch) =>
        {
            return None;
        }
        (
            Fact::File { .. },
            Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::PERM | Errno::ROFS,
        ) => as_on_host(fact),
        (_, Errno::ACCESS | Errno::PERM | Errno::AFNOSUPPORT | Errno::ROFS) => fact.clone(),
        (Fact::Connect { .. } | Fact::Exec { .. }, Errno::NOENT | Errno::NETUNREACH) => {
            fact.clone()
        }
        _ => return None,
    };
    let missing: Vec<Grant> = program_tried(&fact)
        .map_or_else(|| needed(&fact), |program| vec![program])
        .into_iter()
        .filter(|grant| !is_met(policy, grant))
        .collect();
    (!missing.is_empty()).then_some(missing)
}

/// The grant to execute a program that was looked at in vain.
///
/// A failed execution is told as a look, and so is the search of a shell that comes before it. Looking
/// alone is never refused for a file that is shown.
fn program_tried(fact: &Fact) -> Option<Grant> {
    use std::os::unix::fs::PermissionsExt;
    let Fact::File {
        path,
        touch: Touch::Probe,
        object: Object::Regular,
        ..
    } = fact
    else {
        return None;
    };
    let mode = path.as_path().metadata().ok()?.permissions().mode();
    (mode & 0o111 != 0).then(|| Grant::file(FileAccess::Exec, path))
}

/// Whether the host would have had what was asked for: the name, or where it was to be made its directory.
fn is_on_host(path: &AbsPath, touch: Touch) -> bool {
    let made = matches!(touch, Touch::Create | Touch::Rename);
    let is_there = |path: &AbsPath| path.as_path().symlink_metadata().is_ok();
    is_there(path) || made && path.parent().is_some_and(|parent| is_there(&parent))
}

/// The fact as it would have been without confinement.
fn as_on_host(fact: &Fact) -> Fact {
    use std::os::unix::fs::FileTypeExt;
    let mut fact = fact.clone();
    if let Fact::File {
        path,
        object,
        outcome,
        ..
    } = &mut fact
    {
        *outcome = Outcome::Done;
        if let Ok(found) = path.as_path().metadata() {
            let kind = found.file_type();
            *object = if kind.is_dir() {
                Object::Directory
            } else if kind.is_char_device() || kind.is_block_device() {
                Object::Device
            } else if kind.is_socket() {
                Object::Socket
            } else if kind.is_fifo() {
                Object::Fifo
            } else {
                Object::Regular
            };
        }
    }
    fact
}
