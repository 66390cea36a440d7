//! The end of a call: what its result tells.

use std::io;
use std::rc::Rc;

use ringfence_policy::grant::Capability;
use ringfence_policy::trace::{Fact, Outcome};
use ringfence_sys::ptrace::{self, SyscallStop};
use rustix::process::Pid;

use super::address::RawAddress;
use super::call::{Form, Moves};
use super::file::Operand;
use super::open::Opening;
use super::table::Call;
use super::task::Actor;
use super::tracer::Tracer;
use super::{address, status};

/// A call whose end is awaited.
#[derive(Debug)]
pub struct Pending {
    pub call: Rc<Call>,
    pub args: [u64; 6],
    pub work: Work,
    /// Capabilities it needed, if it succeeds.
    pub needs: Vec<Capability>,
    /// What to remember when it succeeds.
    pub key: Option<u64>,
}

impl Pending {
    /// Whether something would have been learned at the end, beyond capabilities.
    pub fn awaits_operands(&self) -> bool {
        !matches!(
            self.work,
            Work::Nothing | Work::Signal { .. } | Work::Accept | Work::Receive(_)
        )
    }
}

/// What to do at the end of a call.
#[derive(Debug)]
pub enum Work {
    /// Nothing but capabilities.
    Nothing,
    /// The operands could not be read: count that if the call succeeds all the same.
    Unreadable,
    Paths(Vec<Operand>),
    Open(Opening),
    Exec(super::image::Executed),
    Socket,
    Bind(RawAddress),
    Listen,
    Connect(Vec<RawAddress>),
    Accept,
    Receive(super::call::Carrier),
    Map(Vec<u8>),
    Become,
    Signal {
        signal: u8,
        own: bool,
    },
    Ring,
}

pub const ENOENT: i32 = 2;
const EINTR: i32 = 4;
const ENOTDIR: i32 = 20;
const EPERM: i32 = 1;
const EACCES: i32 = 13;
const EROFS: i32 = 30;
/// `ERESTARTSYS` to `ERESTART_RESTARTBLOCK`: the kernel will make the call again after a signal.
const RESTART: std::ops::RangeInclusive<i32> = 512..=516;

/// How a call ended.
pub fn outcome(errno: Option<i32>) -> Outcome {
    match errno {
        None => Outcome::Done,
        Some(ENOENT | ENOTDIR) => Outcome::Missing,
        Some(EPERM | EACCES | EROFS) => Outcome::Denied,
        Some(_) => Outcome::Failed,
    }
}

impl Tracer {
    /// A task stopped at the end of a call.
    pub(super) fn syscall_stop(&mut self, task: Pid) -> io::Result<()> {
        self.activity += 1;
        let info = ptrace::syscall_info(task)?;
        let SyscallStop::Exit { result, .. } = info.stop else {
            return ptrace::cont(task, None);
        };
        let pending = self.tasks.get_mut(&task).and_then(|t| t.pending.take());
        if let (Some(pending), Some(actor)) = (pending, self.actor(task)) {
            self.complete(&actor, &pending, result);
        }
        ptrace::cont(task, None)
    }

    /// Records what a finished call tells.
    pub(super) fn complete(&mut self, actor: &Actor, pending: &Pending, result: i64) {
        let errno = i32::try_from(-result)
            .ok()
            .filter(|number| (1..4096).contains(number));
        if errno.is_some_and(|number| RESTART.contains(&number) || number == EINTR) {
            return;
        }
        if let Some(number) = errno {
            // The same failure again tells nothing new, and costs a look at the file system each time.
            let again = self.key(actor, (6_u8, pending.key, number));
            if pending.key.is_some() && self.is_known(again) && !self.options.tell_facts {
                return;
            }
            if pending.key.is_some() {
                self.remember(again);
            }
        } else {
            self.after_success(actor, pending);
        }
        let args = &pending.args;
        match &pending.work {
            Work::Nothing => {}
            Work::Unreadable => {
                if errno.is_none() {
                    let why = format!("an operand of `{}` could not be read", pending.call.name);
                    self.ledger.lose(1, 0, &why);
                }
            }
            Work::Paths(operands) => self.finish_paths(actor, &pending.call, operands, errno),
            Work::Open(opening) => self.finish_open(actor, opening, result, errno),
            Work::Exec(executed) => self.failed_exec(actor, executed, errno),
            Work::Socket => {
                if errno.is_none() {
                    self.peaks.descriptor(result);
                }
                let fact = Fact::Socket {
                    family: address::family(args[0]),
                    socket: address::kind(args[1]),
                    protocol: u32::try_from(args[2] & 0xffff_ffff).unwrap_or(0),
                };
                self.record(actor, fact, errno);
            }
            Work::Bind(raw) => self.finish_bind(actor, args[0], raw, errno),
            Work::Listen => self.finish_listen(actor, args[0], errno),
            Work::Connect(list) => self.finish_connect(actor, args[0], list, errno, pending.key),
            Work::Accept => self.finish_accept(actor, pending, result, errno),
            Work::Receive(carrier) => self.finish_receive(actor, pending, *carrier, result),
            Work::Map(path) => {
                if let Some(path) = self.absolute(path) {
                    self.record(actor, Fact::Code { path }, errno);
                }
            }
            Work::Become => self.finish_become(actor),
            Work::Signal { signal, own } => {
                let (signal, own) = (*signal, *own);
                self.record(actor, Fact::SignalSent { signal, own }, errno);
            }
            Work::Ring => {
                if errno.is_none() {
                    self.ledger
                        .lose(1, 0, "what the service does through io_uring is not seen");
                }
            }
        }
    }

    fn after_success(&mut self, actor: &Actor, pending: &Pending) {
        let forget = match pending.call.moves {
            Moves::Never => false,
            Moves::Always => {
                let links_only = pending.call.name.as_str().starts_with("symlink");
                self.many_roots |= !links_only;
                true
            }
            Moves::NonFiles => {
                matches!(&pending.work, Work::Paths(list) if list.iter().any(Operand::moves))
            }
        };
        if forget {
            self.forget_all();
        }
        // A connection in progress is no error, but `finish_connect` is the one to judge.
        if let Some(key) = pending.key
            && pending.call.form != Form::Connect
        {
            self.remember(key);
        }
        for capability in &pending.needs {
            self.record_capability(actor, *capability, &pending.call);
        }
    }

    /// Records that a call needed a capability.
    pub(super) fn record_capability(&mut self, actor: &Actor, capability: Capability, call: &Call) {
        let key = self.key(actor, (3_u8, &call.name, capability.number()));
        if !self.is_known(key) {
            let fact = Fact::Capability {
                capability,
                call: call.name.clone(),
            };
            self.record(actor, fact, None);
            self.remember(key);
        }
    }

    /// Reads the ids again after a call that may have changed them.
    fn finish_become(&mut self, actor: &Actor) {
        let Some(status) = status::read(actor.task) else {
            self.ledger
                .lose(1, 0, "a process vanished before its ids were read");
            return;
        };
        let (old, new) = (&actor.identity, &status.identity);
        if (old.uid, old.gid) != (new.uid, new.gid) {
            let fact = Fact::Become {
                uid: new.uid,
                user: self.accounts.user(new.uid),
                gid: new.gid,
                group: self.accounts.group(new.gid),
            };
            self.record(actor, fact, None);
        }
        if let Some(task) = self.tasks.get_mut(&actor.task) {
            task.identity = status.identity;
        }
    }
}
