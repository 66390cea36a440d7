//! Number 1 of the service's pid namespace: builds the view, starts the service, passes signals on, reaps.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ringfence_sys::process::{Fork, exit_now, fork};
use ringfence_sys::signal::{self, Signal, SignalSet};
use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Pid, WaitOptions, WaitStatus, set_child_subreaper, set_dumpable_behavior,
    set_parent_process_death_signal, wait,
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

use crate::end::Exit;
use crate::error::{SandboxError, Step};
use crate::group::Groups;
use crate::prepare::Prepared;
use crate::report::{self, Message};
use crate::service::{self, Work};
use crate::view::build;

/// Lives as long as the service does. Never returns.
pub(crate) fn run(prepared: &Prepared, groups: &Groups, reports: &OwnedFd, work: Work<'_>) -> ! {
    match start(prepared, groups, reports.as_fd(), work) {
        Ok(service) => {
            let exit = watch(service, reports.as_fd());
            if prepared.plan.namespaces.pid {
                end_everyone();
            }
            report::send(reports, &Message::Ended(exit));
        }
        Err(error) => report::send(reports, &Message::Failed(error)),
    }
    // Everything else in the pid namespace is killed with its number 1.
    exit_now(0)
}

/// Ends what the service left behind, so that the report of its end says that all of it is gone.
///
/// The kernel would do so when number 1 is gone, but not before it has taken the namespaces apart, and a
/// supervisor in a hurry does not wait for that.
fn end_everyone() {
    // There is nobody else when this fails.
    if signal::kill_everyone().is_ok() {
        while !matches!(wait(WaitOptions::empty()), Err(Errno::CHILD)) {}
    }
}

fn start(
    prepared: &Prepared,
    groups: &Groups,
    reports: BorrowedFd<'_>,
    work: Work<'_>,
) -> Result<Pid, SandboxError> {
    let plan = &prepared.plan;
    die_with_supervisor(reports)?;
    groups.enter()?;
    // Without root no other namespace can be had without a user namespace around it.
    if plan.namespaces.any() && !prepared.root {
        map_own(prepared)?;
    }
    if !plan.namespaces.pid {
        set_child_subreaper(Some(Pid::INIT)).step(|| "adopt orphans")?;
    }
    if let Some(view) = &plan.view {
        let powers = build::Powers {
            make_nodes: prepared.root,
            own_pids: plan.namespaces.pid,
            set_user_id: !plan.no_new_privileges,
        };
        build::enter(view, &prepared.arrangement, powers)?;
        if !prepared.shares_root_change() {
            build::drop_old_root()?;
        }
    }
    let mapping = service::Mapping::needed(prepared)?;
    let child = fork().step(|| "start the service's process")?;
    let service = match child {
        Fork::Child => service::run(prepared, reports, mapping.as_ref(), work),
        Fork::Parent(pid) => pid,
    };
    if prepared.shares_root_change() {
        build::drop_old_root()?;
    }
    if let Some(mapping) = mapping {
        mapping.write(prepared, service)?;
    }
    shed()?;
    Ok(service)
}

/// Without its supervisor nobody would learn how the service ends, so nothing goes on.
fn die_with_supervisor(reports: BorrowedFd<'_>) -> Result<(), SandboxError> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .step(|| "follow the supervisor")?;
    // It may have died before it could be followed: then nobody reads the reports.
    let mut ends = [PollFd::new(&reports, PollFlags::empty())];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    poll(&mut ends, Some(&now)).step(|| "look after the supervisor")?;
    if ends
        .iter()
        .any(|end| end.revents().contains(PollFlags::ERR))
    {
        exit_now(1);
    }
    Ok(())
}

/// Maps the caller's own ids to themselves, the one map that needs no privilege.
fn map_own(prepared: &Prepared) -> Result<(), SandboxError> {
    let step = || "map the user's own id";
    service::write_map("/proc/self/setgroups", "deny").step(step)?;
    let line = |id: u32| format!("{id} {id} 1\n");
    service::write_map("/proc/self/uid_map", &line(prepared.uid)).step(step)?;
    service::write_map("/proc/self/gid_map", &line(prepared.gid)).step(step)
}

/// Gives up what is not needed any more: capabilities but that to signal, and being looked into.
fn shed() -> Result<(), SandboxError> {
    let step = || "give up privileges after the set-up";
    let kill = CapabilitySet::KILL;
    let held = rustix::thread::capabilities(None).step(step)?.permitted;
    let sets = CapabilitySets {
        effective: kill & held,
        permitted: kill & held,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets).step(step)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).step(step)?;
    // The standard streams belong to the service: a reader must see its end when it closes them.
    let null = rustix::fs::open(
        "/dev/null",
        rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    );
    if let Ok(null) = null {
        for number in 0..=2 {
            ringfence_sys::descriptors::place_at(null.as_fd(), number).step(step)?;
        }
    }
    Ok(())
}

/// Passes signals to the service and reaps until the service itself has ended.
fn watch(service: Pid, reports: BorrowedFd<'_>) -> Exit {
    loop {
        match signal::wait(SignalSet::all(), None) {
            Ok(Some(info)) if info.signal == Signal::CHLD => {
                if let Some(exit) = reap(service, reports) {
                    return exit;
                }
            }
            // What the terminal sends, it sends to the service as well.
            Ok(Some(info)) if !info.is_from_kernel() => {
                // It may have ended in the meantime, and says so next.
                let _ = signal::send(service, info.signal);
            }
            Ok(_) | Err(_) => {}
        }
    }
}

/// Reaps whatever there is; how the service ended, once it has.
fn reap(service: Pid, reports: BorrowedFd<'_>) -> Option<Exit> {
    loop {
        match wait(WaitOptions::NOHANG | WaitOptions::UNTRACED) {
            Ok(Some((pid, status))) if pid == service => {
                if let Some(signal) = status.stopping_signal().and_then(Signal::from_raw) {
                    report::send(reports, &Message::Stopped(signal));
                } else {
                    return Some(exit_of(status));
                }
            }
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) | Err(_) => return None,
        }
    }
}

fn exit_of(status: WaitStatus) -> Exit {
    match status.terminating_signal().and_then(Signal::from_raw) {
        Some(signal) => Exit::Signal(signal),
        None => Exit::Code(status.exit_status().unwrap_or(1)),
    }
}
