//! The beginning of a call: what can be told at once, and whether its end must be awaited.

use std::io;
use std::rc::Rc;

use ringfence_policy::grant::{Capability, SyscallName};
use ringfence_policy::syscall::{Deciding, Place};
use ringfence_policy::trace::Fact;
use ringfence_sys::ptrace::{self, SyscallStop};
use rustix::process::Pid;

use super::call::{Form, Moves};
use super::capability;
use super::exit::{Pending, Work};
use super::filter::DENY;
use super::operand;
use super::table::Call;
use super::task::Actor;
use super::tracer::Tracer;

const EPERM: i64 = 1;
const CLONE_UNTRACED: u64 = 0x0080_0000;
const CLONE_NAMESPACES: u64 = 0x7e02_0080;
const MAP_ANONYMOUS: u64 = 0x20;

impl Tracer {
    /// A filter sent this call here.
    pub(super) fn seccomp_stop(&mut self, task: Pid) -> io::Result<()> {
        self.activity += 1;
        let info = ptrace::syscall_info(task)?;
        let (SyscallStop::Seccomp { number, args, data }, Some(actor)) =
            (info.stop, self.actor(task))
        else {
            return ptrace::cont(task, None);
        };
        let (call, foreign) = self.table.find(info.arch, number);
        let deny = self.attached && data == u32::from(DENY);
        self.tell_call(&actor, &call, &args, foreign, deny);
        let pending = self.enter(&actor, &call, &args, deny);
        if deny {
            if let Some(pending) = pending {
                self.complete(&actor, &pending, -EPERM);
            }
            ptrace::set_syscall(task, -1)?;
            ptrace::set_result(task, -EPERM)?;
            return ptrace::cont(task, None);
        }
        let Some(pending) = pending else {
            return ptrace::cont(task, None);
        };
        if let Some(task) = self.tasks.get_mut(&task) {
            task.pending = Some(pending);
        }
        ptrace::syscall(task, None)
    }

    /// Records the name and the deciding arguments.
    fn tell_call(
        &mut self,
        actor: &Actor,
        call: &Rc<Call>,
        args: &[u64; 6],
        foreign: bool,
        deny: bool,
    ) {
        let errno = deny.then_some(1);
        if self.is_joining(actor)
            || (self.image.count == 0 && !self.attached && self.unit.is_none())
        {
            // The exec that starts the service is ours.
            return;
        }
        let key = self.key(actor, (0_u8, &call.name));
        if deny || (!call.base && !self.is_known(key)) {
            let name = call.name.clone();
            self.record(actor, Fact::Syscall { name }, errno);
            if !deny {
                self.remember(key);
            }
            if foreign && call.opaque {
                let why = format!(
                    "the operands of `{}` by a foreign entry were not read",
                    call.name
                );
                self.ledger.lose(1, 0, &why);
            }
        }
        for deciding in call.deciding {
            let Some(value) = self.deciding_value(actor, &call.name, args, deciding) else {
                continue;
            };
            let key = self.key(actor, (1_u8, &call.name, deciding.index, value));
            if deciding.matters(value) && (deny || !self.is_known(key)) {
                let fact = Fact::Argument {
                    call: call.name.clone(),
                    index: deciding.index,
                    value,
                };
                self.record(actor, fact, errno);
                self.remember(key);
            }
        }
        self.follow_clone(actor, call, args);
    }

    fn deciding_value(
        &mut self,
        actor: &Actor,
        name: &SyscallName,
        args: &[u64; 6],
        deciding: &Deciding,
    ) -> Option<u64> {
        let argument = |index: u8| args.get(usize::from(index)).copied().unwrap_or(0);
        if let Some((index, bits)) = deciding.only_with
            && argument(index) & bits == 0
        {
            return None;
        }
        let register = argument(deciding.index);
        let value = match deciding.place {
            Place::Register => register,
            Place::Behind { offset, size } => {
                let address = register.wrapping_add(offset.into());
                let Ok(raw) = operand::bytes(actor.task, address, size.into()) else {
                    // A null pointer is an error of the program and decides nothing.
                    if register != 0 {
                        let why = format!("an operand of `{name}` could not be read");
                        self.ledger.lose(1, 0, &why);
                    }
                    return None;
                };
                match size {
                    8 => operand::word_at(&raw, 0),
                    _ => operand::half_at(&raw, 0).into(),
                }
            }
        };
        Some(value & deciding.mask)
    }

    /// Notes children that will see another root, or get away.
    fn follow_clone(&mut self, actor: &Actor, call: &Call, args: &[u64; 6]) {
        let flags = match call.name.as_str() {
            "clone" => args[0],
            "clone3" => operand::word(actor.task, args[0]).unwrap_or(0),
            _ => return,
        };
        if flags & CLONE_NAMESPACES != 0 {
            self.many_roots = true;
        }
        if flags & CLONE_UNTRACED != 0 {
            self.ledger.lose(
                0,
                1,
                "a child was made with CLONE_UNTRACED and not followed",
            );
        }
    }

    /// What to do at the end of the call; `None` when there is nothing to learn from it.
    fn enter(
        &mut self,
        actor: &Actor,
        call: &Rc<Call>,
        args: &[u64; 6],
        deny: bool,
    ) -> Option<Pending> {
        let mut pending = Pending {
            call: call.clone(),
            args: *args,
            work: Work::Nothing,
            needs: Vec::new(),
            key: None,
        };
        let wanted = match call.form {
            Form::Plain => false,
            Form::Paths(uses) => self.enter_paths(actor, &mut pending, uses, deny),
            Form::Descriptor(touch) => self.enter_descriptor(actor, &mut pending, touch, deny),
            Form::Open(form) => self.enter_open(actor, &mut pending, form, deny),
            Form::Exec { at } => self.enter_exec(actor, &mut pending, at),
            Form::Socket => {
                let key = self.key(actor, (2_u8, args[0], args[1] & 0xf, args[2]));
                pending.work = Work::Socket;
                pending.key = Some(key);
                deny || !self.is_known(key)
            }
            Form::Bind => self.enter_bind(actor, &mut pending),
            Form::Listen => {
                pending.work = Work::Listen;
                true
            }
            Form::Connect => self.enter_connect(actor, &mut pending, deny),
            Form::Accept => self.enter_accept(actor, &mut pending),
            Form::Send(carrier) => self.enter_send(actor, &mut pending, carrier, deny),
            Form::Receive(carrier) => self.enter_receive(actor, &mut pending, carrier),
            Form::Map => self.enter_map(actor, &mut pending, deny),
            Form::Become => {
                pending.work = Work::Become;
                true
            }
            Form::Signal { to, signal, pidfd } => {
                self.enter_signal(actor, &mut pending, (to, signal, pidfd))
            }
            Form::Ring => {
                pending.work = Work::Ring;
                true
            }
        };
        if call.may_need_capability {
            pending.needs = self.new_needs(actor, call, args);
        }
        let moves = call.moves == Moves::Always;
        (wanted || moves || !pending.needs.is_empty()).then_some(pending)
    }

    /// The capabilities that the call needs if it succeeds, and that were not yet seen with it.
    fn new_needs(&mut self, actor: &Actor, call: &Call, args: &[u64; 6]) -> Vec<Capability> {
        capability::needed(call.name.as_str(), args, actor)
            .into_iter()
            .filter_map(|name| name.parse::<Capability>().ok())
            .filter(|capability| actor.identity.has(capability.number()))
            .filter(|capability| {
                let key = self.key(actor, (3_u8, &call.name, capability.number()));
                !self.is_known(key)
            })
            .collect()
    }

    fn enter_map(&mut self, actor: &Actor, pending: &mut Pending, deny: bool) -> bool {
        let [_, _, _, flags, fd, _] = pending.args;
        if flags & MAP_ANONYMOUS != 0 {
            return false;
        }
        let Some(path) = super::file::descriptor_path(actor.task, fd) else {
            return false;
        };
        let key = self.key(actor, (4_u8, &path));
        pending.work = Work::Map(path);
        pending.key = Some(key);
        deny || !self.is_known(key)
    }

    fn enter_signal(
        &mut self,
        actor: &Actor,
        pending: &mut Pending,
        (to, signal, pidfd): (usize, usize, bool),
    ) -> bool {
        let argument = |index: usize| pending.args.get(index).copied().unwrap_or(0);
        let receiver = if pidfd {
            super::file::pidfd_target(actor.task, argument(to))
        } else {
            capability::int(argument(to))
        };
        let own = match receiver {
            // The own process group, or every process.
            0 => true,
            -1 => false,
            number => self.is_own(number.saturating_abs()),
        };
        let Ok(signal) = u8::try_from(argument(signal)) else {
            return false;
        };
        let foreign = if own { 0 } else { receiver };
        let key = self.key(actor, (5_u8, signal, own, foreign));
        pending.work = Work::Signal { signal, own };
        pending.key = Some(key);
        !self.is_known(key)
    }
}
