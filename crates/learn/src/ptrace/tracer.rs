//! The tracer's state, and how it gets its first tracee.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash, RandomState};
use std::os::fd::OwnedFd;
use std::time::Instant;

use ringfence_policy::trace::{Fact, Phase};
use ringfence_sys::ptrace;
use ringfence_sys::signal::{self, Signal, SignalSet};
use rustix::process::{Pid, getpid};
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

use super::LearnError;
use super::gather::Gathering;
use super::image::Image;
use super::launch::{launch, stops};
use super::options::Options;
use super::peaks::Peaks;
use super::socket::Sockets;
use super::status;
use super::table::Table;
use super::task::{Actor, Process, Task};
use super::view::{Looker, View};
use crate::accounts::Accounts;
use crate::ledger::Ledger;
use crate::unit::UnitWatch;
use crate::watch::{Ended, Event, Watch};

/// Remembered keys before all are forgotten and learned anew.
const MOST_KNOWN: usize = 1 << 17;

/// A service under trace.
pub struct Tracer {
    pub(super) options: Options,
    pub(super) main: Pid,
    pub(super) attached: bool,
    pub(super) unit: Option<Gathering>,
    pub(super) failure: Option<OwnedFd>,
    pub(super) image: Image,
    pub(super) ended: Option<Ended>,
    pub(super) phase: Phase,
    pub(super) table: Table,
    pub(super) tasks: HashMap<Pid, Task>,
    pub(super) processes: HashMap<Pid, Process>,
    /// New tracees that stopped before their parent told of them.
    pub(super) early: HashSet<Pid>,
    /// New tracees that ended before their parent told of them.
    pub(super) gone: HashSet<Pid>,
    pub(super) ledger: Ledger,
    known: HashSet<u64>,
    hasher: RandomState,
    /// Somebody may have another root than the first process.
    pub(super) many_roots: bool,
    pub(super) anchor: Option<View>,
    pub(super) sockets: Sockets,
    pub(super) peaks: Peaks,
    pub(super) accounts: Accounts,
    pub(super) outbox: VecDeque<Event>,
    pub(super) activity: u64,
    pub(super) kill_at: Option<Instant>,
    _settings: Settings,
}

/// What of the calling thread is changed while it traces, and put back.
struct Settings {
    mask: SignalSet,
    affinity: Option<CpuSet>,
}

/// The signals to the tracer that end the watch. They are looked for at every tick.
pub(super) fn awaited() -> SignalSet {
    [Signal::INT, Signal::TERM, Signal::HUP]
        .into_iter()
        .collect()
}

impl Settings {
    fn change(options: &Options) -> Result<Self, LearnError> {
        let mask = signal::block(awaited()).map_err(LearnError::Prepare)?;
        // Of the clock we hear only where we wait.
        signal::block([Signal::ALRM].into_iter().collect()).map_err(LearnError::Prepare)?;
        let mut settings = Self {
            mask,
            affinity: None,
        };
        if options.pin {
            let before = sched_getaffinity(None).map_err(|e| LearnError::Prepare(e.into()))?;
            let mut one = CpuSet::new();
            one.set(sched_getcpu());
            sched_setaffinity(None, &one).map_err(|e| LearnError::Prepare(e.into()))?;
            settings.affinity = Some(before);
        }
        Ok(settings)
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        // A CPU that was taken off meanwhile is no reason to fail; the mask cannot be refused.
        if let Some(affinity) = &self.affinity {
            let _ = sched_setaffinity(None, affinity);
        }
        let _ = signal::set_mask(self.mask);
    }
}

impl Tracer {
    /// Starts a command. It runs no further than its first system call until [`Tracer::run`].
    ///
    /// The calling process must have one thread.
    pub fn launch(watch: &Watch) -> Result<Self, LearnError> {
        let settings = Settings::change(&watch.options)?;
        let launched = launch(watch, settings.mask)?;
        let mut tracer = Self::new(launched.pid, watch.options.clone(), settings);
        tracer.failure = Some(launched.failure);
        tracer.image.typed.clone_from(&watch.argv);
        tracer.anchor = View::of(launched.pid);
        tracer.adopt_first();
        Ok(tracer)
    }

    /// Takes on a child that waits, on a pipe or stopped, before it loads a filter of its own.
    ///
    /// That filter sends calls here with [`RECORD`](super::RECORD), to be recorded, or with
    /// [`DENY`](super::DENY), to be recorded and fail with `EPERM`. The child and its own children may
    /// change their root and their namespaces first: paths are told as they see them. A child found
    /// stopped is continued; one that waits otherwise goes on when the caller lets it.
    pub fn attach(pid: Pid, options: Options) -> Result<Self, LearnError> {
        let settings = Settings::change(&options)?;
        if options.pin {
            let mut one = CpuSet::new();
            one.set(sched_getcpu());
            // The child was forked before we were pinned.
            sched_setaffinity(Some(pid), &one).map_err(|e| LearnError::Prepare(e.into()))?;
        }
        ptrace::seize(pid, stops()).map_err(LearnError::Seize)?;
        let mut tracer = Self::new(pid, options, settings);
        tracer.attached = true;
        tracer.many_roots = true;
        tracer.adopt_first();
        Ok(tracer)
    }

    /// Waits for the commands of a unit. There is no tracee until [`Tracer::run`] finds one.
    pub(crate) fn await_unit(watch: UnitWatch) -> Result<Self, LearnError> {
        let settings = Settings::change(&watch.options)?;
        // The main process is not known yet, and this one is never traced.
        let mut tracer = Self::new(getpid(), watch.options.clone(), settings);
        tracer.unit = Some(Gathering::new(watch)?);
        tracer.many_roots = true;
        Ok(tracer)
    }

    fn new(main: Pid, options: Options, settings: Settings) -> Self {
        Self {
            options,
            main,
            attached: false,
            unit: None,
            failure: None,
            image: Image::default(),
            ended: None,
            phase: Phase::Start,
            table: Table::new(),
            tasks: HashMap::new(),
            processes: HashMap::new(),
            early: HashSet::new(),
            gone: HashSet::new(),
            ledger: Ledger::new(),
            known: HashSet::new(),
            hasher: RandomState::new(),
            many_roots: false,
            anchor: None,
            sockets: Sockets::default(),
            peaks: Peaks::default(),
            accounts: Accounts::of_host(),
            outbox: VecDeque::new(),
            activity: 0,
            kill_at: None,
            _settings: settings,
        }
    }

    fn adopt_first(&mut self) {
        let status = status::read(self.main).unwrap_or_default();
        let program = super::view::proc_link(self.main, "exe")
            .and_then(|path| ringfence_policy::path::AbsPath::from_bytes(&path).ok())
            .unwrap_or_else(ringfence_policy::path::AbsPath::root);
        let program = self.ledger.program(&program);
        self.image.uid = status.identity.uid;
        self.image.gid = status.identity.gid;
        self.processes.insert(
            self.main,
            Process {
                program,
                inner: status.inner,
                pidfd: None,
                origin: None,
                image: None,
                joining: false,
            },
        );
        self.tasks.insert(
            self.main,
            Task {
                process: self.main,
                identity: status.identity,
                pending: None,
            },
        );
        self.peaks.tasks(1);
    }

    /// Who a task is; `None` for one that is not ours.
    pub(super) fn actor(&self, task: Pid) -> Option<Actor> {
        let found = self.tasks.get(&task)?;
        let process = self.processes.get(&found.process)?;
        let outer = found.process.as_raw_nonzero().get();
        let thread = task.as_raw_nonzero().get();
        Some(Actor {
            task,
            process: found.process,
            program: process.program,
            identity: found.identity.clone(),
            looker: Looker {
                process: process.inner,
                // The number of a thread in another pid namespace is known for the leader alone.
                thread: if thread == outer {
                    process.inner
                } else {
                    thread
                },
            },
        })
    }

    /// Whether it is a wrapper that has not become its command yet.
    pub(super) fn is_joining(&self, actor: &Actor) -> bool {
        self.processes
            .get(&actor.process)
            .is_some_and(|process| process.joining)
    }

    /// The root that a task sees.
    pub(super) fn view(&mut self, actor: &Actor) -> Option<View> {
        if self.many_roots {
            return View::of(actor.task);
        }
        self.anchor.clone()
    }

    /// Whether a number belongs to one of the service's tasks, here or in its own pid namespace.
    pub(super) fn is_own(&self, number: i32) -> bool {
        Some(number)
            .filter(|number| *number > 0)
            .and_then(Pid::from_raw)
            .is_some_and(|pid| self.processes.contains_key(&pid) || self.tasks.contains_key(&pid))
            || (self.many_roots && self.processes.values().any(|p| p.inner == number))
    }

    /// A key for something seen in the present circumstances.
    pub(super) fn key(&self, actor: &Actor, what: impl Hash) -> u64 {
        self.hasher
            .hash_one((self.phase, actor.program, &*actor.identity, what))
    }

    /// Whether a key was remembered.
    pub(super) fn is_known(&self, key: u64) -> bool {
        self.known.contains(&key)
    }

    /// Remembers a key. A chance collision of two of these would hide a fact; with at most 2^17 keys of
    /// 64 bits there is one in some 2 * 10^9 runs.
    pub(super) fn remember(&mut self, key: u64) {
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        self.known.insert(key);
    }

    /// Forgets one key.
    pub(super) fn forget(&mut self, key: u64) {
        self.known.remove(&key);
    }

    /// Forgets everything: paths may lead elsewhere.
    pub(super) fn forget_all(&mut self) {
        self.known.clear();
    }

    /// Records a fact, and tells of it when asked to.
    ///
    /// A fact without an outcome says that something happened, so a failed call leaves none; it is told
    /// only.
    pub(super) fn record(&mut self, actor: &Actor, fact: Fact, errno: Option<i32>) {
        let says_how_it_ended = matches!(
            fact,
            Fact::File { .. }
                | Fact::Bind { .. }
                | Fact::Connect { .. }
                | Fact::Link { .. }
                | Fact::Syscall { .. }
                | Fact::Argument { .. }
        );
        let keep = errno.is_none() || says_how_it_ended;
        if !self.options.tell_facts {
            let log = self.log_of(&fact);
            let new = keep && self.ledger.record(fact, self.phase, actor.program);
            if let (true, Some(path)) = (new, log) {
                self.outbox.push_back(Event::Logged { path });
            }
            return;
        }
        let new = keep && self.ledger.record(fact.clone(), self.phase, actor.program);
        if new || errno.is_some() {
            let by = self.ledger.program_path(actor.program);
            self.outbox.push_back(Event::Seen {
                fact: Box::new(fact),
                errno,
                by,
            });
        }
    }
}
