//! A process becomes a program.

use std::fs::File;

use ringfence_policy::path::AbsPath;
use ringfence_policy::trace::{Fact, Phase};
use rustix::process::Pid;

use super::exit::{Pending, Work};
use super::file::descriptor_path;
use super::image::{Executed, Image, Interpreter, interpreter};
use super::task::Actor;
use super::tracer::Tracer;
use super::view::{View, proc_link};
use super::{operand, status};
use crate::watch::Event;

/// Arguments of the main process that are kept.
const MOST_ARGUMENTS: usize = 4096;
/// Scripts run by scripts, as in the kernel.
const MOST_INTERPRETERS: usize = 5;
const AT_SYMLINK_NOFOLLOW: u64 = 0x100;
const AT_FDCWD: u64 = 0xffff_ff9c;

impl Tracer {
    pub(super) fn enter_exec(&mut self, actor: &Actor, pending: &mut Pending, at: bool) -> bool {
        let args = pending.args;
        let (directory, path, list, flags) = if at {
            (args[0], args[1], args[2], args[4])
        } else {
            (AT_FDCWD, args[0], args[1], 0)
        };
        pending.work = Work::Unreadable;
        let (Ok(path), Some(view)) = (operand::path(actor.task, path), self.view(actor)) else {
            return true;
        };
        let found = if path.is_empty() {
            match descriptor_path(actor.task, directory) {
                Some(path) => view.at(&path),
                None => return true,
            }
        } else {
            let base = if path.first() == Some(&b'/') {
                Vec::new()
            } else {
                descriptor_path(actor.task, directory).unwrap_or_else(|| b"/".to_vec())
            };
            view.resolve(&base, &path, flags & AT_SYMLINK_NOFOLLOW == 0, actor.looker)
        };
        let may_stay = match &self.unit {
            Some(_) => true,
            None => actor.process == self.main && self.phase == Phase::Start,
        };
        let words = if may_stay {
            operand::strings(actor.task, list, MOST_ARGUMENTS).unwrap_or_default()
        } else {
            Vec::new()
        };
        pending.work = Work::Exec(Executed { found, argv: words });
        true
    }

    /// An exec that failed: a shell that searches `PATH`, or a denial.
    pub(super) fn failed_exec(&mut self, actor: &Actor, executed: &Executed, errno: Option<i32>) {
        if errno.is_none() {
            // A success is told by the stop of the exec itself.
            return;
        }
        self.record_links(actor, &executed.found.links);
        if let Some(path) = self.absolute(&executed.found.path) {
            let fact = Fact::File {
                path,
                touch: ringfence_policy::trace::Touch::Probe,
                object: executed.found.stat.as_ref().map_or(
                    ringfence_policy::trace::Object::Unknown,
                    super::file::object,
                ),
                permission: ringfence_policy::trace::Permission::Unknown,
                outcome: super::exit::outcome(errno),
                beneath: false,
            };
            self.record(actor, fact, errno);
        }
    }

    /// An exec succeeded. Only one thread is left, under the number of the process.
    pub(super) fn exec_stop(&mut self, process: Pid, former: Pid) {
        self.activity += 1;
        let before = self.actor(former).or_else(|| self.actor(process));
        let pending = self.tasks.get_mut(&former).and_then(|t| t.pending.take());
        if former != process
            && let Some(task) = self.tasks.remove(&former)
        {
            self.tasks.insert(process, task);
        }
        // The kernel lets an exec succeed only after the tracer has heard of the end of every other thread
        // but the leader, whose number the survivor takes.
        self.tasks
            .retain(|tid, task| task.process != process || *tid == process);
        let program = proc_link(process, "exe").and_then(|text| {
            let text = text.strip_suffix(b" (deleted)").unwrap_or(&text);
            AbsPath::from_bytes(text).ok()
        });
        let (Some(before), Some(program)) = (before, program) else {
            self.ledger
                .lose(1, 0, "a process vanished before its program was read");
            return;
        };
        if let Some(status) = status::read(process)
            && let Some(task) = self.tasks.get_mut(&process)
        {
            task.identity = status.identity;
        }
        let alone = self.tasks.len() == 1;
        let joined = self.is_joining(&before);
        let stage = process == self.main
            && self.phase == Phase::Start
            && !self.attached
            && self.unit.is_none()
            && (self.image.count == 0 || alone);
        if stage && self.image.count > 0 {
            self.ledger.was_wrapper();
            self.forget_all();
        }
        let index = self.ledger.program(&program);
        if let Some(process) = self.processes.get_mut(&process) {
            process.program = index;
        }
        let Some(Pending {
            work: Work::Exec(executed),
            ..
        }) = pending
        else {
            // What prepares a sandbox executes before it loads the filter.
            if !self.attached {
                self.ledger
                    .lose(1, 0, "the operands of an exec were not seen");
            }
            return;
        };
        let after = self.actor(process).unwrap_or_else(|| before.clone());
        let Some(view) = self.view(&after) else {
            self.ledger
                .lose(1, 0, "a process vanished before its program was read");
            return;
        };
        // The first program of a stage has nobody before it that belongs to the service.
        let by = if stage || joined {
            after.clone()
        } else {
            before
        };
        self.record_program(&by, &view, &executed);
        if self.unit.is_some() {
            self.note_privileged(process, &executed, &program);
            if let Some(image) = self.image_of(&after, &view, executed) {
                self.became(process, image);
                self.tell_started(process, &program);
            }
        } else if stage {
            self.new_image(&after, &view, executed);
        } else if process == self.main && self.image.count > 0 {
            self.tell_started(process, &program);
        }
    }

    /// Records the chain of interpreters down to the dynamic linker.
    fn record_program(&mut self, by: &Actor, view: &View, executed: &Executed) {
        self.record_links(by, &executed.found.links);
        let mut at = executed.found.path.clone();
        for _ in 0..MOST_INTERPRETERS {
            let Some(path) = self.absolute(&at) else {
                return;
            };
            let (next, more) = match view.open_file(&at).map(|fd| interpreter(&File::from(fd))) {
                Some(Interpreter::Script(next)) => (Some(next), true),
                Some(Interpreter::Elf(next)) => (Some(next), false),
                Some(Interpreter::None) | None => (None, false),
            };
            let next = next.map(|text| {
                let base = proc_link(by.task, "cwd").unwrap_or_else(|| b"/".to_vec());
                view.resolve(&base, &text, true, by.looker)
            });
            if let Some(next) = &next {
                self.record_links(by, &next.links);
            }
            let interpreter = next.as_ref().and_then(|next| self.absolute(&next.path));
            self.record(by, Fact::Exec { path, interpreter }, None);
            match next {
                Some(next) if more => at = next.path,
                _ => return,
            }
        }
    }

    /// The main process is a program that it may stay.
    fn new_image(&mut self, actor: &Actor, view: &View, executed: Executed) {
        let Some(image) = self.image_of(actor, view, executed) else {
            return;
        };
        self.image = Image {
            typed: std::mem::take(&mut self.image.typed),
            count: self.image.count + 1,
            uid: self.image.uid,
            gid: self.image.gid,
            ..image
        };
        self.failure = None;
        if let Some(exec) = self.image.exec.clone() {
            self.tell_started(actor.process, &exec);
        }
    }

    /// The program that a process became.
    fn image_of(&mut self, actor: &Actor, view: &View, executed: Executed) -> Option<Image> {
        Some(Image {
            exec: Some(self.absolute(&executed.found.path)?),
            file: view.open_file(&executed.found.path),
            argv: executed.argv,
            directory: proc_link(actor.task, "cwd")
                .and_then(|text| AbsPath::from_bytes(&text).ok()),
            ..Image::default()
        })
    }

    /// Says so when the program's file would have changed the ids of who runs it.
    fn note_privileged(&mut self, process: Pid, executed: &Executed, program: &AbsPath) {
        const SET_IDS: u32 = 0o6000;
        let mode = executed.found.stat.as_ref().map_or(0, |stat| stat.st_mode);
        if mode & SET_IDS != 0 {
            self.note_lost_privileges(process, program);
        }
    }

    fn tell_started(&mut self, pid: Pid, program: &AbsPath) {
        self.outbox.push_back(Event::Started {
            pid,
            program: program.clone(),
        });
    }
}
