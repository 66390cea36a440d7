//! The unit as it was before: without the drop-in, and running if it ran.

use std::io;
use std::time::Duration;

use ringfence_host::systemd::{ActiveState, Job, Systemctl, UnitState};
use ringfence_learn::unit::Place;
use ringfence_unit::name::UnitName;

use super::guardian::Guardian;
use super::shown;
use crate::client::{Client, Verdict};
use crate::error::{Failure, OrFail};
use crate::output::Output;

/// Between two looks at the last job.
const GLANCE: Duration = Duration::from_millis(20);

/// Puts a unit back, at the latest when dropped.
#[derive(Debug)]
pub struct PutBack<'a> {
    manager: &'a Systemctl,
    unit: &'a UnitName,
    before: &'a UnitState,
    place: &'a Place,
    removed: bool,
    done: bool,
    _guardian: Guardian,
}

impl<'a> PutBack<'a> {
    /// For a unit that was in this state. From now on it is put back even when this process is killed.
    pub fn stand_by(
        manager: &'a Systemctl,
        unit: &'a UnitName,
        before: &'a UnitState,
        place: &'a Place,
    ) -> io::Result<Self> {
        let guardian = Guardian::stand_by(|| {
            // Nobody is left to tell of what fails here.
            let _ = place.uninstall();
            let _ = manager.daemon_reload();
            let _ = manager.job(job(before), unit);
            place.clear();
        })?;
        Ok(Self {
            manager,
            unit,
            before,
            place,
            removed: false,
            done: false,
            _guardian: guardian,
        })
    }

    fn job(&self) -> Job {
        job(self.before)
    }

    /// Takes the drop-in away and has the manager begin to put the unit back. The old processes may still need
    /// their watcher to come to an end, so this does not wait.
    pub fn begin(&mut self, output: &Output) -> Result<Client, Failure> {
        self.remove()?;
        let verb = self.job().verb();
        let command = self
            .manager
            .command(&["--no-ask-password", verb, "--", self.unit.as_str()]);
        let text = format!("systemctl {verb} {}", self.unit);
        Client::run(command, &text, output.echo()).or_cannot(|| self.what())
    }

    fn remove(&mut self) -> Result<(), Failure> {
        if !self.removed {
            self.place
                .uninstall()
                .map_err(|error| Failure::cannot(error.to_string()))?;
            self.manager.daemon_reload().or_cannot(|| self.what())?;
            self.removed = true;
        }
        Ok(())
    }

    fn what(&self) -> String {
        format!("put {} back as it was", self.unit)
    }

    /// Waits until it is put back, and makes sure that it is. `job` is what [`PutBack::begin`] returned, unless
    /// its end was heard of already.
    pub fn finish(mut self, job: Option<Client>, output: &Output) -> Result<(), Failure> {
        if !self.removed {
            // The watch broke off before it came to this.
            self.remove()?;
            // What it says is what the state says, which is asked for below.
            let _ = self.manager.job(self.job(), self.unit);
        }
        if let Some(mut job) = job {
            wait(&mut job).or_cannot(|| self.what())?;
        }
        self.done = true;
        self.check(output)
    }

    fn check(&self, output: &Output) -> Result<(), Failure> {
        let state = self.manager.state(self.unit).or_cannot(|| self.what())?;
        if self.before.is_active() && !state.is_active() && !self.before.is_batch() {
            let lines = self.manager.last_lines(self.unit, &state);
            return Err(Failure::cannot(format!(
                "{}: it is {} ({}), result `{}`",
                self.what(),
                state.active.word(),
                state.sub,
                state.result
            ))
            .lines(&shown(&lines))
            .help(format!(
                "nothing of ringfence is left in it; see `systemctl status {}`",
                self.unit
            )));
        }
        if state.active == ActiveState::Failed && self.before.active != ActiveState::Failed {
            // It failed while it was watched, which is told elsewhere; it did not before.
            self.manager
                .reset_failed(self.unit)
                .or_cannot(|| self.what())?;
        }
        output.detail(&format!("{} is {} again", self.unit, state.active.word()));
        Ok(())
    }
}

/// Which job brings a unit back to where it was.
fn job(before: &UnitState) -> Job {
    if before.is_active() {
        Job::Restart
    } else {
        Job::Stop
    }
}

fn wait(job: &mut Client) -> io::Result<Verdict> {
    loop {
        job.drain();
        if let Some(verdict) = job.has_ended()? {
            return Ok(verdict);
        }
        std::thread::sleep(GLANCE);
    }
}

impl Drop for PutBack<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        // On the way out of an error that is told already; the rest is what can be done without words.
        if self.remove().is_ok() {
            let _ = self.manager.job(self.job(), self.unit);
        }
    }
}
