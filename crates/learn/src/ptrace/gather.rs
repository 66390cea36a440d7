//! The processes of a unit: finding those that come in through the wrapper, and those that got past it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ringfence_policy::path::{AbsPath, escape};
use ringfence_policy::trace::{Exercise, Fact, Outcome, Phase, Touch, UnitRun};
use ringfence_sys::ptrace;
use ringfence_sys::signal::{self, Signal};
use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};

use super::LearnError;
use super::image::Image;
use super::launch::stops;
use super::status;
use super::task::{Process, Task};
use super::tracer::Tracer;
use super::view::proc_link;
use crate::unit::{ControlGroup, READY, Role, UnitWatch, WATCHED};
use crate::watch::Event;

/// How often the control group is looked at. A command waits so long before it begins.
pub(super) const PERIOD: Duration = Duration::from_millis(5);
/// A process that is not ours after so long is nobody's child that we have yet to hear of.
const STRANGE: Duration = Duration::from_millis(500);

/// A program file, whatever path leads to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct File {
    device: u64,
    inode: u64,
}

impl File {
    fn at(path: impl AsRef<Path>) -> io::Result<Self> {
        let found = std::fs::metadata(path)?;
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
        })
    }

    fn run_by(process: Pid) -> io::Result<Self> {
        Self::at(format!("/proc/{}/exe", process.as_raw_nonzero()))
    }
}

/// Which command of the unit a process comes from.
#[derive(Debug)]
pub struct Origin {
    /// Its place in the unit.
    pub role: Role,
    /// The command as the unit has it.
    pub typed: Vec<Vec<u8>>,
    /// The user id that the unit gave it.
    pub uid: u32,
    /// The group id that the unit gave it.
    pub gid: u32,
    /// Before the wrapper became the command, the kernel would have let it gain privileges.
    could_gain: bool,
}

/// A unit under watch.
pub struct Gathering {
    name: String,
    group: ControlGroup,
    wrapper: File,
    manager: Option<File>,
    /// Processes that were there before.
    before: HashSet<Pid>,
    strangers: HashMap<Pid, Instant>,
    next: Instant,
    starts: u32,
    exercised: BTreeSet<Exercise>,
    inapplicable: BTreeSet<Exercise>,
    /// The service's own program, once the main process is known, and until then the first one started.
    pub(super) image: Option<Rc<Image>>,
    pub(super) origin: Option<Rc<Origin>>,
    /// The caller has no more use for the watch.
    pub(super) finished: bool,
}

impl Gathering {
    pub fn new(watch: UnitWatch) -> Result<Self, LearnError> {
        Ok(Self {
            wrapper: File::at(&watch.wrapper).map_err(LearnError::Prepare)?,
            manager: File::at("/proc/1/exe").ok(),
            before: watch.group.processes(),
            strangers: HashMap::new(),
            next: Instant::now(),
            starts: 0,
            exercised: BTreeSet::new(),
            inapplicable: watch.inapplicable,
            name: watch.name,
            group: watch.group,
            image: None,
            origin: None,
            finished: false,
        })
    }

    pub fn exercise(&mut self, exercise: Exercise) {
        self.exercised.insert(exercise);
    }

    /// What the trace says of the unit.
    pub fn run(&self) -> UnitRun {
        UnitRun {
            name: self.name.clone(),
            exercised: self.exercised.clone(),
            inapplicable: self.inapplicable.clone(),
        }
    }
}

/// What a process in the unit's control group is.
enum Comer {
    /// The wrapper, ready for us.
    Waiting,
    /// The service manager's own child, or the wrapper before it is ready.
    Coming,
    /// Something else.
    Stranger,
}

impl Tracer {
    /// Takes on every wrapper that waits, if it is time to look again.
    pub(super) fn gather(&mut self) -> Result<(), LearnError> {
        let now = Instant::now();
        let Some(unit) = &mut self.unit else {
            return Ok(());
        };
        if unit.finished || now < unit.next {
            return Ok(());
        }
        unit.next = now + PERIOD;
        let present = unit.group.processes();
        unit.before.retain(|pid| present.contains(pid));
        unit.strangers.retain(|pid, _| present.contains(pid));
        for pid in present {
            let Some(unit) = &mut self.unit else { break };
            if self.processes.contains_key(&pid) || unit.before.contains(&pid) {
                continue;
            }
            match comer(pid, unit.wrapper, unit.manager) {
                Comer::Coming => {}
                Comer::Waiting => match self.take_on(pid) {
                    // It ended, or lost its patience, while we looked.
                    Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => {}
                    taken => taken.map_err(LearnError::Seize)?,
                },
                Comer::Stranger => {
                    let since = *unit.strangers.entry(pid).or_insert(now);
                    if now.duration_since(since) >= STRANGE {
                        // Told once: from now on it counts as one that was there before.
                        unit.before.insert(pid);
                        let program = proc_link(pid, "exe").unwrap_or_default();
                        let program = escape(&program).into_owned();
                        self.ledger.lose(
                            0,
                            1,
                            &format!("a process of the unit was not watched: {program}"),
                        );
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes on a wrapper, and tells it so.
    fn take_on(&mut self, pid: Pid) -> io::Result<()> {
        let (Some(watched), Some(status), Some((role, typed))) =
            (Signal::from_raw(WATCHED), status::read(pid), command(pid))
        else {
            return Ok(());
        };
        if self.options.pin {
            let mut one = CpuSet::new();
            one.set(sched_getcpu());
            sched_setaffinity(Some(pid), &one)?;
        }
        ptrace::seize(pid, stops())?;
        if let Some(phase) = role.phase() {
            self.phase = phase;
        }
        if role == Role::Start {
            // Until the service manager knows better: a oneshot never has another.
            self.main = pid;
            self.ended = None;
        }
        let program = self.ledger.program(&AbsPath::root());
        let origin = Origin {
            role,
            typed,
            uid: status.identity.uid,
            gid: status.identity.gid,
            could_gain: !status.no_new_privs,
        };
        self.processes.insert(
            pid,
            Process {
                program,
                inner: status.inner,
                pidfd: None,
                origin: Some(Rc::new(origin)),
                image: None,
                joining: true,
            },
        );
        self.tasks.insert(
            pid,
            Task {
                process: pid,
                identity: status.identity,
                pending: None,
            },
        );
        self.peaks.tasks(self.tasks.len());
        self.activity += 1;
        self.outbox.push_back(Event::Joined { pid, role });
        signal::send(pid, watched)
    }

    /// The unit is active.
    pub(super) fn serve(&mut self, main: Option<Pid>) {
        self.phase = Phase::Steady;
        let Some(unit) = &mut self.unit else { return };
        unit.starts += 1;
        if unit.starts > 1 {
            unit.exercise(Exercise::SecondStart);
        }
        let Some(main) = main.filter(|main| *main != self.main) else {
            return;
        };
        self.main = main;
        self.ended = None;
        // One that is not here yet is still on its way to the wrapper.
        if let Some(process) = self.processes.get(&main) {
            unit.image = process.image.clone().or(unit.image.take());
            unit.origin = process.origin.clone().or(unit.origin.take());
        }
    }

    /// What a wrapper became, or one of the programs that came after it.
    pub(super) fn became(&mut self, pid: Pid, image: Image) {
        let Some(process) = self.processes.get_mut(&pid) else {
            return;
        };
        process.joining = false;
        let image = match process.image.take() {
            // A service that executes itself anew hands itself what the next start does not have.
            Some(before) if before.exec == image.exec => before,
            before => Rc::new(Image {
                count: 1 + before.map_or(0, |before| before.count),
                ..image
            }),
        };
        process.image = Some(image.clone());
        let starts = process
            .origin
            .as_ref()
            .is_some_and(|origin| origin.role == Role::Start);
        if let (Some(unit), true) = (&mut self.unit, starts)
            && (unit.image.is_none() || pid == self.main)
        {
            unit.image = Some(image);
            unit.origin.clone_from(&process.origin);
        }
    }

    /// A program whose file promises more privileges than it got, because loading the filter took them away.
    pub(super) fn note_lost_privileges(&mut self, pid: Pid, program: &AbsPath) {
        let Some(origin) = self
            .processes
            .get(&pid)
            .and_then(|process| process.origin.clone())
        else {
            return;
        };
        if origin.could_gain && status::read(pid).is_some_and(|status| status.no_new_privs) {
            self.ledger.lose(
                1,
                0,
                &format!(
                    "{program} gives privileges by its file mode, which had no effect while it was watched"
                ),
            );
        }
    }

    /// The log that a unit wrote to, if that is what the fact says.
    pub(super) fn log_of(&self, fact: &Fact) -> Option<AbsPath> {
        match fact {
            Fact::File {
                path,
                touch: Touch::Append | Touch::Write | Touch::Create,
                outcome: Outcome::Done,
                ..
            } if self.unit.is_some() && path.as_bytes().starts_with(b"/var/log/") => {
                Some(path.clone())
            }
            _ => None,
        }
    }

    /// Whether the main process of a unit ended because it was asked to, which says nothing about how it ends
    /// by itself.
    pub(super) fn was_stopped(&mut self) -> bool {
        match &mut self.unit {
            Some(unit) if self.phase == Phase::Stop => {
                unit.exercise(Exercise::Stop);
                true
            }
            _ => false,
        }
    }

    /// Whether a signal from this process comes from one of the unit's helpers: to the service, that is
    /// someone else.
    pub(super) fn is_helper(&self, sender: i32, receiver: Pid) -> bool {
        let role = |pid: Pid| Some(self.processes.get(&pid)?.origin.as_ref()?.role);
        let sender = Pid::from_raw(sender.max(0)).and_then(role);
        sender.is_some_and(|role| role != Role::Start) && role(receiver) == Some(Role::Start)
    }
}

fn comer(pid: Pid, wrapper: File, manager: Option<File>) -> Comer {
    match File::run_by(pid) {
        // It is gone, or about to be.
        Err(_) => Comer::Coming,
        Ok(file) if file == wrapper => {
            let ready =
                status::read(pid).is_some_and(|status| status.blocked >> (READY - 1) & 1 == 1);
            if ready { Comer::Waiting } else { Comer::Coming }
        }
        Ok(file) if Some(file) == manager => Comer::Coming,
        // Since systemd 254 another program stands between the manager and the command.
        Ok(_) if proc_link(pid, "exe").is_some_and(|exe| exe.ends_with(b"/systemd-executor")) => {
            Comer::Coming
        }
        Ok(_) => Comer::Stranger,
    }
}

/// The role and the command in the wrapper's arguments: `... join ROLE ... -- COMMAND`.
fn command(pid: Pid) -> Option<(Role, Vec<Vec<u8>>)> {
    let text = std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
    let mut words = text.strip_suffix(b"\0")?.split(|byte| *byte == 0);
    words.find(|word| *word == b"join")?;
    let role = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    words.find(|word| *word == b"--")?;
    Some((role, words.map(<[u8]>::to_vec).collect()))
}
