//! Births and deaths of tasks.

use std::io;

use ringfence_sys::ptrace;
use rustix::process::Pid;

use super::status;
use super::task::{Process, Task};
use super::tracer::Tracer;
use crate::watch::{Ended, Event};

impl Tracer {
    /// A task made another.
    pub(super) fn born(&mut self, parent: Pid, child: Pid, maybe_thread: bool) -> io::Result<()> {
        self.activity += 1;
        if self.gone.remove(&child) && !self.early.contains(&child) {
            // Killed before it ran, and its end was reported first.
            return Ok(());
        }
        let Some(maker) = self.tasks.get(&parent) else {
            return Ok(());
        };
        let (mut process, identity) = (child, maker.identity.clone());
        let mut inner = child.as_raw_nonzero().get();
        if maybe_thread || self.many_roots {
            match status::read(child) {
                Some(status) => {
                    process = Pid::from_raw(status.process).unwrap_or(child);
                    inner = status.inner;
                }
                None if maybe_thread => process = maker.process,
                None => {}
            }
        }
        if !self.processes.contains_key(&process) {
            let maker = self.processes.get(&maker.process);
            let new = Process {
                program: maker.map_or(0, |process| process.program),
                inner,
                pidfd: None,
                origin: maker.and_then(|process| process.origin.clone()),
                image: maker.and_then(|process| process.image.clone()),
                joining: false,
            };
            self.processes.insert(process, new);
        }
        let new = Task {
            process,
            identity,
            pending: None,
        };
        self.tasks.insert(child, new);
        self.peaks.tasks(self.tasks.len());
        if self.early.remove(&child) {
            return ptrace::cont(child, None);
        }
        Ok(())
    }

    /// A task is on its way out, with its memory and descriptors still there.
    pub(super) fn leaving(&mut self, task: Pid) {
        self.activity += 1;
        let Some(process) = self.tasks.get(&task).map(|task| task.process) else {
            return;
        };
        if !self.has_other_task(process, task) {
            self.peaks.last_sample(process);
        }
    }

    fn has_other_task(&self, process: Pid, task: Pid) -> bool {
        // The leader is a task too, so a process with one thread needs no search.
        self.tasks.len() > 1
            && self
                .tasks
                .iter()
                .any(|(tid, other)| other.process == process && *tid != task)
    }

    /// A task or a child of ours is gone.
    pub(super) fn ended(&mut self, pid: Pid, ended: Ended) {
        let Some(task) = self.tasks.remove(&pid) else {
            if self.gone.remove(&pid) {
                return;
            }
            if self.early.remove(&pid) {
                // Its parent will still tell of it.
                self.gone.insert(pid);
                return;
            }
            self.outbox.push_back(Event::ChildExited { pid, ended });
            return;
        };
        self.activity += 1;
        if task
            .pending
            .is_some_and(|pending| pending.awaits_operands())
        {
            // The call never ended: what it would have told did not happen, or happened unseen.
            let killed = matches!(ended, Ended::Signaled(9));
            if killed && self.kill_at.is_none() {
                self.ledger
                    .lose(1, 0, "a process was killed in the middle of a call");
            }
        }
        // The last report of a process is that of its leader.
        if task.process == pid {
            self.tasks.retain(|_, other| other.process != pid);
            self.processes.remove(&pid);
            self.peaks.gone(pid);
            if pid == self.main {
                if !self.was_stopped() {
                    self.ended = Some(ended);
                }
                self.outbox.push_back(Event::MainExited(ended));
            }
        }
    }
}
