//! The outer process: starts `init`, passes signals on, and waits for the end.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use ringfence_sys::namespace::Namespaces;
use ringfence_sys::process::{Clone, clone_with_pidfd};
use ringfence_sys::signal::{self, Signal, SignalFd, SignalSet, send_to_pidfd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, waitid};

use crate::end::Exit;
use crate::error::{SandboxError, Step};
use crate::group::Groups;
use crate::init;
use crate::prepare::Prepared;
use crate::report::{self, Message};
use crate::service::Work;

/// How long a service may take to end after its time is over.
const GRACE: Duration = Duration::from_secs(5);

/// Runs the work confined and waits for it. Signals to the caller go to the service meanwhile.
pub(crate) fn supervise(
    prepared: &Prepared,
    work: Work<'_>,
    deadline: Option<Duration>,
    hurry: bool,
) -> Result<Exit, SandboxError> {
    let groups = Groups::for_plan(&prepared.plan)?;
    let (reports, sender) = report::pipe()?;
    let before = signal::block(forwarded()).step(|| "block signals")?;
    let started = start(prepared, &groups, Ends { reports, sender }, work);
    let exit = started.and_then(|(init, reports)| {
        let seconds = prepared
            .plan
            .limits
            .as_ref()
            .and_then(|limits| limits.seconds);
        let watch = Watch {
            // Without a pid namespace nobody has ended what the service left behind, and a group can only
            // be removed when number 1 has left it.
            hurry: hurry && prepared.plan.namespaces.pid && groups.is_empty(),
            init,
            signals: SignalFd::new(forwarded()).step(|| "watch signals")?,
            reports,
            kill_at: deadline.map(|time| Instant::now() + time),
            stop_at: seconds.map(|time| Instant::now() + Duration::from_secs(time)),
        };
        watch.until_end()
    });
    let restored = signal::set_mask(before).step(|| "restore the signal mask");
    drop(groups);
    for path in &prepared.arrangement.transient {
        // It lies in a directory of the service's own making; what is left there has no further use.
        let _ = std::fs::remove_dir_all(path.as_path());
    }
    exit.and_then(|exit| restored.map(|_| exit))
}

/// All but the signals that report a fault of our own.
fn forwarded() -> SignalSet {
    [
        Signal::ILL,
        Signal::TRAP,
        Signal::ABRT,
        Signal::BUS,
        Signal::FPE,
        Signal::SEGV,
        Signal::SYS,
    ]
    .into_iter()
    .fold(SignalSet::all(), SignalSet::without)
}

/// Both ends of the report pipe. Each process keeps one, so that either notices when the other is gone.
struct Ends {
    reports: OwnedFd,
    sender: OwnedFd,
}

fn start(
    prepared: &Prepared,
    groups: &Groups,
    ends: Ends,
    work: Work<'_>,
) -> Result<(OwnedFd, OwnedFd), SandboxError> {
    let kinds = namespaces(prepared);
    let Ends { reports, sender } = ends;
    let cloned =
        clone_with_pidfd(kinds, groups.unified()).step(|| "start a process in new namespaces")?;
    match cloned {
        Clone::Child => {
            drop(reports);
            init::run(prepared, groups, &sender, work)
        }
        Clone::Parent { pidfd, .. } => Ok((pidfd, reports)),
    }
}

fn namespaces(prepared: &Prepared) -> Namespaces {
    let wanted = prepared.plan.namespaces;
    let mut kinds = Namespaces::empty();
    for (want, kind) in [
        (wanted.mount, Namespaces::MOUNT),
        (wanted.pid, Namespaces::PID),
        (wanted.ipc, Namespaces::IPC),
        (wanted.uts, Namespaces::UTS),
        (wanted.cgroup, Namespaces::CGROUP),
        (wanted.net, Namespaces::NETWORK),
        // Root makes the user namespace last, when everything that needs its own rights is done.
        (!prepared.root && wanted.any(), Namespaces::USER),
    ] {
        if want {
            kinds |= kind;
        }
    }
    kinds
}

struct Watch {
    hurry: bool,
    init: OwnedFd,
    signals: SignalFd,
    reports: OwnedFd,
    kill_at: Option<Instant>,
    stop_at: Option<Instant>,
}

impl Watch {
    fn until_end(mut self) -> Result<Exit, SandboxError> {
        let mut overdue = false;
        let message = loop {
            match self.ready()? {
                Ready::Signal => self.forward()?,
                Ready::Report => match report::receive(&self.reports)? {
                    Some(Message::Stopped(_)) => {
                        // The shell that started us is to see a stopped job. It continues the whole group.
                        signal::raise(Signal::STOP).step(|| "stop with the service")?;
                    }
                    other => break other,
                },
                Ready::Time => match (self.kill_at, self.stop_at) {
                    (Some(at), _) if at <= Instant::now() => {
                        overdue = true;
                        self.kill_at = None;
                        let _ = send_to_pidfd(self.init.as_fd(), Signal::KILL);
                    }
                    _ => {
                        self.stop_at = None;
                        self.kill_at = Some(Instant::now() + GRACE);
                        let _ = send_to_pidfd(self.init.as_fd(), Signal::TERM);
                    }
                },
            }
        };
        if let (true, Some(Message::Ended(exit))) = (self.hurry, &message) {
            return Ok(*exit);
        }
        if let Some(Message::Failed(_)) = &message {
            // Number 1 may wait for a step of the service that failed.
            let _ = send_to_pidfd(self.init.as_fd(), Signal::KILL);
        }
        // Only now is every process of the service gone, whatever happened.
        let status = loop {
            match waitid(WaitId::PidFd(self.init.as_fd()), WaitIdOptions::EXITED) {
                Err(Errno::INTR) => {}
                other => break other.step(|| "wait for the sandbox")?,
            }
        };
        match message {
            Some(Message::Ended(exit)) => Ok(exit),
            Some(Message::Failed(error)) => Err(error),
            _ if overdue => Ok(Exit::Deadline),
            _ => {
                let signal = status.and_then(|status| status.terminating_signal());
                match signal.and_then(Signal::from_raw) {
                    Some(signal) => Ok(Exit::Signal(signal)),
                    None => Err(SandboxError::Step {
                        step: "learn how the service ended".to_owned(),
                        reason: "the sandbox ended without a word".to_owned(),
                    }),
                }
            }
        }
    }

    fn ready(&self) -> Result<Ready, SandboxError> {
        loop {
            let timeout = self
                .kill_at
                .into_iter()
                .chain(self.stop_at)
                .min()
                .map(|at| {
                    let left = at.saturating_duration_since(Instant::now());
                    Timespec {
                        tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
                        tv_nsec: left.subsec_nanos().into(),
                    }
                });
            let mut ends = [
                PollFd::new(&self.reports, PollFlags::IN),
                PollFd::new(&self.signals, PollFlags::IN),
            ];
            match poll(&mut ends, timeout.as_ref()) {
                Err(Errno::INTR) => continue,
                other => other.step(|| "wait for the service")?,
            };
            let [reports, signals] = ends.map(|end| !end.revents().is_empty());
            return Ok(match (reports, signals) {
                (true, _) => Ready::Report,
                (false, true) => Ready::Signal,
                (false, false) => Ready::Time,
            });
        }
    }

    fn forward(&self) -> Result<(), SandboxError> {
        let Some(info) = self.signals.read().step(|| "read a signal")? else {
            return Ok(());
        };
        // The terminal tells the whole foreground group, the service included; a child's end is ours.
        if info.signal != Signal::CHLD && !info.is_from_kernel() {
            let _ = send_to_pidfd(self.init.as_fd(), info.signal);
        }
        Ok(())
    }
}

enum Ready {
    Signal,
    Report,
    Time,
}
