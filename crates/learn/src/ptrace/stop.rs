//! What the kernel reports of tracees, and what is answered.

use std::io;

use ringfence_policy::trace::Fact;
use ringfence_sys::ptrace::{self, Event as Told, Stop, WaitEvent};
use ringfence_sys::signal::{Siginfo, Signal};
use rustix::process::Pid;

use super::tracer::Tracer;
use crate::watch::Ended;

impl Tracer {
    /// Handles one report. A tracee that vanished meanwhile (`ESRCH`) was killed, and its end comes next.
    pub(super) fn report(&mut self, event: WaitEvent) -> io::Result<()> {
        let result = match event {
            WaitEvent::Stopped { pid, stop } => self.stopped(pid, stop),
            WaitEvent::Exited { pid, code } => {
                self.ended(pid, Ended::Exited(code));
                Ok(())
            }
            WaitEvent::Signaled { pid, signal, .. } => {
                self.ended(pid, Ended::Signaled(signal.raw()));
                Ok(())
            }
            WaitEvent::Continued { .. } => Ok(()),
        };
        match result {
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => {
                Ok(())
            }
            result => result,
        }
    }

    fn stopped(&mut self, pid: Pid, stop: Stop) -> io::Result<()> {
        let exec = stop == Stop::Event(Told::Exec);
        if !self.tasks.contains_key(&pid) && !exec {
            if stop == Stop::Event(Told::Exit) || self.gone.contains(&pid) {
                return ptrace::cont(pid, None);
            }
            // A child can stop before its parent tells of it. It waits until we know whose it is.
            self.early.insert(pid);
            return Ok(());
        }
        match stop {
            Stop::Event(Told::Seccomp) => self.seccomp_stop(pid),
            Stop::Syscall => self.syscall_stop(pid),
            Stop::Event(kind @ (Told::Fork | Told::Vfork | Told::Clone)) => {
                if let Some(child) = message_pid(pid)? {
                    self.born(pid, child, kind == Told::Clone)?;
                }
                self.go_on(pid, None)
            }
            Stop::Event(Told::Exec) => {
                let former = message_pid(pid)?.unwrap_or(pid);
                self.exec_stop(pid, former);
                ptrace::cont(pid, None)
            }
            Stop::Event(Told::Exit) => {
                self.leaving(pid);
                ptrace::cont(pid, None)
            }
            Stop::Event(Told::VforkDone) | Stop::Interrupt => self.go_on(pid, None),
            Stop::Group(_) => ptrace::listen(pid),
            Stop::Signal(signal) => {
                self.activity += 1;
                if let Ok(info) = ptrace::siginfo(pid) {
                    self.received(pid, info);
                }
                self.go_on(pid, Some(signal))
            }
        }
    }

    /// Lets a task run on, to the end of its call if that is awaited.
    fn go_on(&self, task: Pid, signal: Option<Signal>) -> io::Result<()> {
        let awaited = self
            .tasks
            .get(&task)
            .is_some_and(|task| task.pending.is_some());
        if awaited {
            ptrace::syscall(task, signal)
        } else {
            ptrace::cont(task, signal)
        }
    }

    /// Records a signal that came from outside: by kill(2) and its kin, or from a terminal.
    fn received(&mut self, task: Pid, info: Siginfo) {
        /// `SI_USER`, `SI_QUEUE`, `SI_TKILL`.
        const BY_PROCESS: [i32; 3] = [0, -1, -6];
        const BY_KERNEL: i32 = 0x80;
        let terminal = [
            Signal::HUP,
            Signal::INT,
            Signal::QUIT,
            Signal::TSTP,
            Signal::WINCH,
        ];
        let sender = i32::try_from(info.pid).unwrap_or(0);
        let outside = if BY_PROCESS.contains(&info.code) {
            !self.is_own(sender) || self.is_helper(sender, task)
        } else {
            info.code == BY_KERNEL && terminal.contains(&info.signal)
        };
        let (true, Some(actor)) = (outside, self.actor(task)) else {
            return;
        };
        let signal = u8::try_from(info.signal.raw()).unwrap_or(0);
        self.record(&actor, Fact::SignalReceived { signal }, None);
    }
}

fn message_pid(pid: Pid) -> io::Result<Option<Pid>> {
    let number = ptrace::event_message(pid)?;
    Ok(i32::try_from(number).ok().and_then(Pid::from_raw))
}
