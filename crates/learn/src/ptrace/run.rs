//! The loop: wait, handle, tell, obey.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::{Duration, Instant};

use ringfence_policy::path::{AbsPath, escape};
use ringfence_policy::trace::{Phase, Run, Trace};
use ringfence_sys::alarm::Alarm;
use ringfence_sys::ptrace::{WaitFlags, wait_any};
use ringfence_sys::signal::{self, Signal, SignalSet};
use rustix::io::Errno;
use rustix::process::Pid;

use super::LearnError;
use super::gather::PERIOD;
use super::image::{self, Image};
use super::tracer::{Tracer, awaited};
use crate::watch::{Control, Ending, Event};

/// Reports handled before the clock is looked at.
const BATCH: usize = 64;

/// Whether the service is doing something.
#[derive(Default)]
struct Quiet {
    activity: u64,
    cpu: u64,
    since: Option<Instant>,
    told: bool,
}

impl Tracer {
    /// Watches until every process of the service is gone, and returns what was seen.
    pub fn run(mut self, callback: &mut dyn FnMut(Event) -> Control) -> Result<Trace, LearnError> {
        match self.follow(callback) {
            Ok(()) => self.finish(),
            Err(error) => {
                if self.unit.is_some() {
                    self.abandon();
                }
                Err(error)
            }
        }
    }

    fn follow(&mut self, callback: &mut dyn FnMut(Event) -> Control) -> Result<(), LearnError> {
        // Waiting for the tracees alone, and letting a clock interrupt it, costs half of what it does to
        // wait for a signal and then look for the tracee that sent it.
        let period = match &self.unit {
            Some(_) => PERIOD.min(self.options.tick),
            None => self.options.tick,
        };
        let alarm = Alarm::every(period).map_err(LearnError::Prepare)?;
        let mut next_tick = Instant::now() + self.options.tick;
        let mut quiet = Quiet::default();
        while self.goes_on() {
            self.gather()?;
            let childless = self.drain()?;
            self.deliver(callback);
            if childless {
                if self.unit.is_none() {
                    break;
                }
                // Between two starts of a unit there is nothing to wait for.
                std::thread::sleep(period);
            }
            let now = Instant::now();
            if now >= next_tick {
                next_tick = now + self.options.tick;
                self.obey_signals()?;
                self.tick(&mut quiet, now);
                self.deliver(callback);
            }
        }
        drop(alarm);
        self.deliver(callback);
        Ok(())
    }

    /// Ends a unit's processes that nobody will follow any more. Left as they are, they would stand still, and
    /// the service manager could not stop them: a tracee that was killed waits for its tracer once more.
    fn abandon(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(2);
        let since = Instant::now();
        while !self.tasks.is_empty() && since.elapsed() < PATIENCE {
            self.kill();
            match wait_any(WaitFlags::NO_HANG) {
                // What goes wrong with one that dies is of no interest here.
                Ok(Some(event)) => drop(self.report(event)),
                Ok(None) => std::thread::sleep(PERIOD),
                Err(_) => return,
            }
        }
    }

    /// Whether there is more to see.
    fn goes_on(&self) -> bool {
        !self.tasks.is_empty() || self.unit.as_ref().is_some_and(|unit| !unit.finished)
    }

    /// Handles what the kernel has to report, until there is something to tell or the clock strikes.
    /// Returns whether no tracee and no child is left.
    fn drain(&mut self) -> Result<bool, LearnError> {
        // Blocked elsewhere, so that a callback's own calls are not interrupted.
        let clock: SignalSet = [Signal::ALRM].into_iter().collect();
        signal::unblock(clock).map_err(LearnError::Wait)?;
        let childless = self.reports();
        signal::block(clock).map_err(LearnError::Wait)?;
        childless
    }

    fn reports(&mut self) -> Result<bool, LearnError> {
        for _ in 0..BATCH {
            match wait_any(WaitFlags::empty()) {
                Ok(Some(event)) => self.report(event).map_err(LearnError::Wait)?,
                Ok(None) => break,
                Err(error) if is(&error, Errno::CHILD) => return Ok(true),
                Err(error) if is(&error, Errno::INTR) => break,
                Err(error) => return Err(LearnError::Wait(error)),
            }
            if !self.outbox.is_empty() || !self.goes_on() {
                break;
            }
        }
        Ok(false)
    }

    /// Looks for signals to ourselves.
    fn obey_signals(&mut self) -> Result<(), LearnError> {
        match signal::wait(awaited(), Some(Duration::ZERO)) {
            Ok(Some(info)) => {
                self.outbox.push_back(Event::Interrupted {
                    signal: info.signal.raw(),
                });
                if self.unit.is_none() {
                    self.stop(Ending {
                        signal: info.signal.raw(),
                        ..Ending::default()
                    });
                }
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) if is(&error, Errno::INTR) => Ok(()),
            Err(error) => Err(LearnError::Wait(error)),
        }
    }

    fn deliver(&mut self, callback: &mut dyn FnMut(Event) -> Control) {
        while let Some(event) = self.outbox.pop_front() {
            match callback(event) {
                Control::Continue => {}
                Control::Steady => {
                    if self.phase == Phase::Start {
                        self.phase = Phase::Steady;
                    }
                }
                Control::Stop(ending) => self.stop(ending),
                Control::Serving(main) => self.serve(main),
                Control::Stopping => self.phase = Phase::Stop,
                Control::Leaving => {
                    self.phase = Phase::Stop;
                    if let Some(unit) = &mut self.unit {
                        unit.finished = true;
                    }
                }
                Control::Exercised(exercise) => {
                    if let Some(unit) = &mut self.unit {
                        unit.exercise(exercise);
                    }
                }
                Control::Finish => {
                    if let Some(unit) = &mut self.unit {
                        unit.finished = true;
                    }
                    self.phase = Phase::Stop;
                    self.kill();
                }
            }
        }
    }

    fn stop(&mut self, ending: Ending) {
        self.phase = Phase::Stop;
        let deadline = Instant::now() + ending.patience;
        self.kill_at = Some(
            self.kill_at
                .map_or(deadline, |earlier| earlier.min(deadline)),
        );
        let Some(signal) = Signal::from_raw(ending.signal) else {
            return;
        };
        let main_lives = self.processes.contains_key(&self.main);
        for pid in self.processes.keys() {
            if ending.everyone || !main_lives || *pid == self.main {
                // A process that is gone by now needs no signal.
                let _ = signal::send(*pid, signal);
            }
        }
    }

    fn kill(&mut self) {
        self.kill_at.get_or_insert_with(Instant::now);
        for pid in self.processes.keys() {
            let _ = signal::send(*pid, Signal::KILL);
        }
        for pid in &self.early {
            let _ = signal::send(*pid, Signal::KILL);
        }
    }

    fn tick(&mut self, quiet: &mut Quiet, now: Instant) {
        if self.kill_at.is_some_and(|at| now >= at) {
            // Again at every tick: a process may have been born after the last.
            self.kill();
        }
        let changed = self.activity != quiet.activity;
        let cpu = self.asleep_at();
        if changed || cpu != Some(quiet.cpu) || quiet.since.is_none() {
            // Memory grows without a traced call too, but not without the CPU.
            let processes: Vec<Pid> = self.processes.keys().copied().collect();
            for process in processes {
                self.peaks.sample(process);
            }
        }
        if changed || cpu != Some(quiet.cpu) || quiet.since.is_none() {
            *quiet = Quiet {
                activity: self.activity,
                cpu: cpu.unwrap_or(u64::MAX),
                since: Some(now),
                told: quiet.told && !changed,
            };
        }
        let long = quiet
            .since
            .is_some_and(|since| now.duration_since(since) >= self.options.quiet);
        if long && !quiet.told && quiet.cpu != u64::MAX {
            quiet.told = true;
            self.outbox.push_back(Event::Idle);
        }
        self.outbox.push_back(Event::Tick);
    }

    /// The CPU time that all tasks have used, if all of them sleep.
    fn asleep_at(&self) -> Option<u64> {
        let mut sum = 0_u64;
        for task in self.tasks.keys() {
            let path = format!("/proc/{}/stat", task.as_raw_nonzero());
            let text = std::fs::read(path).ok()?;
            // The name is in parentheses and may hold any of them.
            let end = text.iter().rposition(|byte| *byte == b')')?;
            let rest = std::str::from_utf8(text.get(end + 1..)?).ok()?;
            let mut fields = rest.split_whitespace();
            if !matches!(fields.next()?, "S" | "I" | "T") {
                return None;
            }
            let user: u64 = fields.nth(10)?.parse().ok()?;
            let system: u64 = fields.next()?.parse().ok()?;
            sum = sum.wrapping_add(user).wrapping_add(system);
        }
        Some(sum)
    }

    fn finish(mut self) -> Result<Trace, LearnError> {
        if self.image.count == 0 && !self.attached && self.unit.is_none() {
            return Err(self.start_error());
        }
        let mut trace = self.ledger.to_trace();
        self.peaks.record(&mut trace);
        let run = match &self.unit {
            None => self.run_of(&self.image),
            Some(unit) => unit.image.as_ref().and_then(|image| {
                let origin = unit.origin.as_ref()?;
                let image = Image {
                    typed: origin
                        .typed
                        .iter()
                        .map(|word| OsString::from_vec(word.clone()))
                        .collect(),
                    exec: image.exec.clone(),
                    argv: image.argv.clone(),
                    count: image.count,
                    file: image.file.as_ref().and_then(|file| file.try_clone().ok()),
                    directory: image.directory.clone(),
                    uid: origin.uid,
                    gid: origin.gid,
                };
                Some(Run {
                    unit: Some(unit.run()),
                    ..self.run_of(&image)?
                })
            }),
        };
        if let Some(run) = run {
            trace.record_run(run);
        }
        Ok(trace)
    }

    /// The run of a main process that stayed this program; `None` when there was no program.
    fn run_of(&self, image: &Image) -> Option<Run> {
        let typed = image.typed.iter().map(|word| text(word.as_bytes()));
        Some(Run {
            tracer: "ptrace".to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            exec: image.exec.clone()?,
            sha256: image.file.as_ref().map(image::sha256).unwrap_or_default(),
            typed: if image.count > 1 {
                typed.collect()
            } else {
                Vec::new()
            },
            argv: image.argv.iter().map(|word| text(word)).collect(),
            directory: image.directory.clone().unwrap_or_else(AbsPath::root),
            uid: image.uid,
            user: self.accounts.user(image.uid),
            gid: image.gid,
            ended: self.ended.map(|ended| ended.to_string()),
            loss: self.ledger.loss().clone(),
            unit: None,
        })
    }

    /// Why the child never became its program.
    fn start_error(&mut self) -> LearnError {
        let program = self.image.typed.first().cloned().unwrap_or_default();
        let mut raw = [0; 4];
        let told = self
            .failure
            .take()
            .and_then(|pipe| rustix::io::read(pipe, &mut raw).ok());
        let source = match (told, i32::from_ne_bytes(raw)) {
            (Some(4), number) if number != 0 => io::Error::from_raw_os_error(number),
            _ => io::Error::other("the child ended before it executed anything"),
        };
        LearnError::Start { program, source }
    }
}

fn text(bytes: &[u8]) -> String {
    escape(bytes).into_owned()
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}
