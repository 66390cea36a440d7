//! The service's process: takes its identity, gives up its rights, and becomes the command.
//!
//! The order matters. Limits and the bounding set need capabilities, so they come before the new user id;
//! maps of ids are written before Landlock closes `/proc`; the filter comes last, because the steps before
//! it are themselves calls that a service has no business making.

use std::ffi::CString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ringfence_compile::native::StartUser;
use ringfence_policy::grant::Capability;
use ringfence_sys::credentials::{deny_write_execute, join_session_keyring};
use ringfence_sys::descriptors;
use ringfence_sys::landlock::RestrictFlags;
use ringfence_sys::namespace::{self, Namespaces};
use ringfence_sys::process::{exec, exit_now};
use ringfence_sys::seccomp::{FilterFlags, load_filter};
use ringfence_sys::signal::{self, SignalSet};
use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Gid, Pid, Uid, set_dumpable_behavior, set_parent_process_death_signal,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set,
    configure_capability_in_ambient_set, remove_capability_from_bounding_set, set_capabilities,
    set_keep_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid,
    set_thread_res_uid,
};

use crate::environment;
use crate::error::{SandboxError, Step, reason};
use crate::limit;
use crate::prepare::Prepared;
use crate::report::{self, Message};
use crate::rules;
use crate::view::build;

/// What is done under the confinement.
pub(crate) enum Work<'a> {
    /// Execute the plan's command.
    Command,
    /// Run code of our own and end with what it returns.
    Closure(Box<dyn FnOnce() -> i32 + 'a>),
}

/// Confines the calling process and does the work. Never returns.
pub(crate) fn run(
    prepared: &Prepared,
    reports: BorrowedFd<'_>,
    mapping: Option<&Mapping>,
    work: Work<'_>,
) -> ! {
    if let Err(error) = confine(prepared, mapping, &work) {
        fail(reports, error);
    }
    match work {
        Work::Closure(closure) => {
            // Nothing that is open in the caller may be open for the closure; the report pipe neither.
            if descriptors::close_from(3).is_err() {
                exit_now(1);
            }
            exit_now(closure())
        }
        Work::Command => {
            let program = prepared.argv.first().cloned().unwrap_or_default();
            let error = exec(&program, &prepared.argv, &environment_of(prepared));
            fail(reports, not_executed(&program, &error))
        }
    }
}

fn fail(reports: BorrowedFd<'_>, error: SandboxError) -> ! {
    report::send(reports, &Message::Failed(error));
    exit_now(1)
}

fn confine(
    prepared: &Prepared,
    mapping: Option<&Mapping>,
    work: &Work<'_>,
) -> Result<(), SandboxError> {
    let plan = &prepared.plan;
    if let Some(stdout) = &prepared.stdout {
        descriptors::place_at(stdout.as_fd(), 1).step(|| "put standard output in place")?;
    }
    if let Some(limits) = &plan.limits {
        limit::apply(limits)?;
    }
    if prepared.shares_root_change() {
        build::await_new_root()?;
    }
    take_identity(prepared, mapping)?;
    if !plan.namespaces.pid {
        // The change of user cleared it. With a pid namespace number 1 takes everyone along.
        set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
            .step(|| "follow the supervisor")?;
    }
    if plan.own_keyring {
        match join_session_keyring(None) {
            Err(error) if error.raw_os_error() == Some(Errno::NOSYS.raw_os_error()) => {}
            other => other.step(|| "leave the session keyring")?,
        }
    }
    if plan.no_new_privileges || (!prepared.root && prepared.filter.is_some()) {
        set_no_new_privs(true).step(|| "set no_new_privs")?;
    }
    enter_directory(prepared)?;
    let rules = match &plan.landlock {
        Some(landlock) => Some(rules::ruleset(landlock, &prepared.arrangement.rights)?),
        None => None,
    };
    if plan.deny_write_execute {
        deny_write_execute().step(|| "deny memory that is written and executed")?;
    }
    if let Some(rules) = rules {
        rules
            .restrict_self(RestrictFlags::empty())
            .step(|| "restrict with Landlock")?;
    }
    if matches!(work, Work::Command) {
        pass_descriptors(prepared)?;
    }
    signal::reset_dispositions().step(|| "reset signal handlers")?;
    signal::set_mask(SignalSet::empty()).step(|| "unblock signals")?;
    if let Some(filter) = &prepared.filter {
        load_filter(filter.iter().copied(), FilterFlags::empty())
            .step(|| "load the system call filter")?;
    }
    Ok(())
}

fn take_identity(prepared: &Prepared, mapping: Option<&Mapping>) -> Result<(), SandboxError> {
    let plan = &prepared.plan;
    let ids = &prepared.ids;
    let user_namespace = plan.namespaces.user && prepared.root;
    let kept = plan.capabilities.as_deref().map(set_of);
    if let Some(mapping) = mapping.filter(|_| user_namespace) {
        namespace::unshare(Namespaces::USER).step(|| "make a user namespace")?;
        mapping.wait()?;
    }
    let single = user_namespace && mapping.is_none();
    if let Some(kept) = kept {
        if !single {
            drop_bounding(kept)?;
        }
        set_keep_capabilities(!kept.is_empty()).step(|| "keep capabilities")?;
    }
    let (uid, gid) = (Uid::from_raw(ids.uid), Gid::from_raw(ids.gid));
    if prepared.root {
        if let Some(groups) = &ids.groups {
            let groups: Vec<Gid> = groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
            set_thread_groups(&groups).step(|| "set supplementary groups")?;
        }
        set_thread_res_gid(gid, gid, gid).step(|| format!("become gid {}", ids.gid))?;
        set_thread_res_uid(uid, uid, uid).step(|| format!("become uid {}", ids.uid))?;
        // After a change of user /proc/self belongs to root, and the maps below could not be written.
        set_dumpable_behavior(DumpableBehavior::Dumpable).step(|| "own /proc/self")?;
    }
    if single {
        namespace::unshare(Namespaces::USER).step(|| "make a user namespace")?;
        let step = || "map the service's own id";
        write_map("/proc/self/setgroups", "deny").step(step)?;
        write_map("/proc/self/uid_map", &format!("{0} {0} 1\n", ids.uid)).step(step)?;
        write_map("/proc/self/gid_map", &format!("{0} {0} 1\n", ids.gid)).step(step)?;
        // A new user namespace comes with all capabilities over it, the bounding set included.
        if let Some(kept) = kept {
            drop_bounding(kept)?;
        }
    }
    if let Some(kept) = kept {
        keep(kept)?;
    }
    Ok(())
}

fn set_of(capabilities: &[Capability]) -> CapabilitySet {
    capabilities
        .iter()
        .fold(CapabilitySet::empty(), |all, one| {
            all | CapabilitySet::from_bits_retain(1 << one.number())
        })
}

fn drop_bounding(kept: CapabilitySet) -> Result<(), SandboxError> {
    for bit in 0..64 {
        let one = CapabilitySet::from_bits_retain(1 << bit);
        if kept.contains(one) {
            continue;
        }
        match remove_capability_from_bounding_set(one) {
            // Without CAP_SETPCAP the set stays, and no_new_privs makes it mean nothing. Numbers beyond the
            // last capability are invalid, and those that the set lacks are not.
            Err(Errno::PERM | Errno::INVAL) => return Ok(()),
            other => other.step(|| "shrink the capability bounding set")?,
        }
    }
    Ok(())
}

/// Keeps these capabilities across the execution of a program, and drops all others.
fn keep(kept: CapabilitySet) -> Result<(), SandboxError> {
    let step = || "drop capabilities";
    let held = rustix::thread::capabilities(None).step(step)?.permitted;
    let kept = kept & held;
    clear_ambient_capability_set().step(step)?;
    let sets = CapabilitySets {
        effective: kept,
        permitted: kept,
        inheritable: kept,
    };
    set_capabilities(None, sets).step(step)?;
    // Only what is held, so nothing here is unknown to the kernel.
    let each = (0..64).map(|bit| CapabilitySet::from_bits_retain(1 << bit));
    for one in each.filter(|one| kept.contains(*one)) {
        configure_capability_in_ambient_set(one, true).step(|| "keep granted capabilities")?;
    }
    Ok(())
}

fn enter_directory(prepared: &Prepared) -> Result<(), SandboxError> {
    if let Some(directory) = &prepared.plan.directory {
        return rustix::process::chdir(directory.as_path()).step(|| format!("enter {directory}"));
    }
    let caller = prepared.directory.as_deref();
    if caller.is_none_or(|directory| rustix::process::chdir(directory).is_err()) {
        rustix::process::chdir("/").step(|| "enter /")?;
    }
    Ok(())
}

/// Closes everything on exec but the standard streams and what a service manager passed.
fn pass_descriptors(prepared: &Prepared) -> Result<(), SandboxError> {
    let step = || "close inherited descriptors";
    let first = 3_i32.saturating_add(prepared.passed.try_into().unwrap_or(0));
    descriptors::close_on_exec_from(first).step(step)
}

fn environment_of(prepared: &Prepared) -> Vec<CString> {
    let mut all = prepared.environment.clone();
    if prepared.passed > 0 {
        let pid = rustix::process::getpid().as_raw_nonzero().to_string();
        all.extend(environment::line(b"LISTEN_PID", pid.as_bytes()));
    }
    all
}

fn not_executed(program: &CString, error: &io::Error) -> SandboxError {
    let program = ringfence_policy::path::escape(program.to_bytes()).into_owned();
    if error.raw_os_error() == Some(Errno::NOENT.raw_os_error()) {
        SandboxError::NotFound { program }
    } else {
        SandboxError::NotExecutable {
            program,
            reason: reason(error),
        }
    }
}

/// Writes a map in one call, as user_namespaces(7) wants it.
pub(crate) fn write_map(path: &str, text: &str) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .open(path)?
        .write_all(text.as_bytes())
}

/// The steps by which `init` maps several ids for the service, which cannot do so itself.
#[derive(Debug)]
pub(crate) struct Mapping {
    ready: (OwnedFd, OwnedFd),
    done: (OwnedFd, OwnedFd),
}

impl Mapping {
    /// A mapping for a service of root that becomes others in a user namespace of its own.
    pub(crate) fn needed(prepared: &Prepared) -> Result<Option<Self>, SandboxError> {
        let root = prepared
            .plan
            .identity
            .as_ref()
            .is_some_and(|identity| identity.user == StartUser::Root);
        let several = root || !prepared.ids.other_uids.is_empty();
        if !prepared.root || !prepared.plan.namespaces.user || !several {
            return Ok(None);
        }
        let pipe = || report::pipe();
        Ok(Some(Self {
            ready: pipe()?,
            done: pipe()?,
        }))
    }

    /// In the service: says that the user namespace is there, and waits for its maps.
    fn wait(&self) -> Result<(), SandboxError> {
        let step = || "wait for the map of user ids";
        rustix::io::write(&self.ready.1, b"r").step(step)?;
        let mut answer = [0];
        match rustix::io::read(&self.done.0, &mut answer).step(step)? {
            1 => Ok(()),
            _ => exit_now(1),
        }
    }

    /// In `init`: maps every id that the service can have to itself.
    pub(crate) fn write(&self, prepared: &Prepared, service: Pid) -> Result<(), SandboxError> {
        let step = || "map the service's ids";
        let mut answer = [0];
        rustix::io::read(&self.ready.0, &mut answer).step(step)?;
        let pid = service.as_raw_nonzero();
        let lines = |ids: Vec<u32>| -> String {
            let each: Vec<_> = ids.iter().map(|id| format!("{id} {id} 1\n")).collect();
            each.concat()
        };
        write_map(&format!("/proc/{pid}/uid_map"), &lines(prepared.ids.uids())).step(step)?;
        write_map(&format!("/proc/{pid}/gid_map"), &lines(prepared.ids.gids())).step(step)?;
        rustix::io::write(&self.done.1, b"d").step(step)?;
        Ok(())
    }
}
