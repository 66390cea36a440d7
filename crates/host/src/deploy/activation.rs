//! From files to running units, and back.

use ringfence_policy::path::AbsPath;
use ringfence_unit::name::{Kind, UnitName};

use super::DeployError;
use super::affected::usable;
use super::health::{self, Settling};
use super::record::{Affected, Course};
use super::transition::Step;
use super::tree::Content;
use crate::systemd::{LoadState, Systemctl, SystemctlError, UnitState, make_files, make_users};

/// Where units of the administrator lie.
const UNITS: &str = "/etc/systemd/system/";

/// What a set of changed files means to the manager.
#[derive(Debug, Default)]
pub struct Brought {
    /// Sockets and timers that were not there before.
    new_triggers: Vec<UnitName>,
    /// Units whose file is taken away.
    gone: Vec<UnitName>,
    /// Sockets that listen differently now.
    sockets: Vec<UnitName>,
    /// Drop-ins, each with the name of its directory without the `.d`.
    drop_ins: Vec<(String, AbsPath)>,
    users: Vec<AbsPath>,
    files: Vec<AbsPath>,
}

impl Brought {
    /// Looks at the paths of a change.
    pub fn by(steps: &[Step]) -> Self {
        let mut brought = Self::default();
        for step in steps {
            let path = step.path.to_string();
            let is_there = step.after != Content::Absent;
            let was_there = step.before != Content::Absent;
            if let Some(below) = path.strip_prefix(UNITS) {
                brought.unit_file(below, &step.path, was_there, is_there);
            } else if is_there && path.starts_with("/etc/sysusers.d/") {
                brought.users.push(step.path.clone());
            } else if is_there && path.starts_with("/etc/tmpfiles.d/") {
                brought.files.push(step.path.clone());
            }
        }
        brought
    }

    fn unit_file(&mut self, below: &str, path: &AbsPath, was_there: bool, is_there: bool) {
        if let Some((directory, _)) = below.split_once('/') {
            let Some(name) = directory.strip_suffix(".d") else {
                return;
            };
            let unit = UnitName::parse(name).ok();
            self.sockets
                .extend(unit.filter(|unit| unit.kind() == Kind::Socket));
            if is_there {
                self.drop_ins.push((name.to_owned(), path.clone()));
            }
        } else if let Ok(unit) = UnitName::parse(below) {
            match (was_there, is_there, unit.kind()) {
                (_, false, _) => self.gone.push(unit),
                (false, true, Kind::Socket | Kind::Timer) => self.new_triggers.push(unit),
                (true, true, Kind::Socket) => self.sockets.push(unit),
                _ => {}
            }
        }
    }
}

/// Has the manager read changed files, and brings every unit to where it belongs.
pub fn activate(
    systemctl: &Systemctl,
    units: &[Affected],
    brought: &Brought,
    settling: &Settling<'_>,
) -> Result<(), DeployError> {
    for file in &brought.users {
        make_users(file.as_path())?;
    }
    for file in &brought.files {
        make_files(file.as_path())?;
    }
    systemctl.daemon_reload()?;
    for unit in named(units) {
        let state = systemctl.state(&unit)?;
        usable(&unit, &state, false)?;
        reads_drop_ins(&unit, &state, brought)?;
    }
    reopen_sockets(systemctl, units, brought)?;
    for trigger in &brought.new_triggers {
        systemctl.enable(trigger)?;
        systemctl.start(trigger)?;
    }
    for affected in units {
        let Ok(unit) = UnitName::parse(&affected.name) else {
            continue;
        };
        match affected.course {
            Course::Restart => health::restart(systemctl, &unit, settling)?,
            Course::Run => health::run(systemctl, &unit)?,
            Course::Leave => {}
        }
    }
    Ok(())
}

/// Stops what is about to lose its file, while the manager still knows what it is.
pub fn retire(systemctl: &Systemctl, brought: &Brought) {
    for unit in &brought.gone {
        if matches!(unit.kind(), Kind::Socket | Kind::Timer) {
            // What was never started or enabled cannot be stopped or disabled, and need not be.
            let _ = systemctl.stop(unit);
            let _ = systemctl.disable(unit);
        }
    }
}

/// Has the manager read restored files, and brings what ran back to running. Nobody can stop this half-way.
pub fn restore(
    systemctl: &Systemctl,
    units: &[Affected],
    brought: &Brought,
    settling: &Settling<'_>,
) -> Result<(), DeployError> {
    let settling = Settling {
        go_on: &|| true,
        ..*settling
    };
    systemctl.daemon_reload()?;
    for unit in &brought.gone {
        let state = systemctl.state(unit)?;
        if state.load == LoadState::NotFound && (state.is_active() || state.has_job) {
            systemctl.stop(unit)?;
        }
    }
    reopen_sockets(systemctl, units, brought)?;
    for trigger in &brought.new_triggers {
        systemctl.enable(trigger)?;
        systemctl.start(trigger)?;
    }
    let mut first = Ok(());
    for affected in units {
        let Ok(unit) = UnitName::parse(&affected.name) else {
            continue;
        };
        if brought.gone.contains(&unit) && systemctl.state(&unit)?.load == LoadState::NotFound {
            continue;
        }
        let restored = match affected.course {
            Course::Restart => health::restart(systemctl, &unit, &settling),
            // A job that hangs under what was applied ends; the timer starts the next one.
            Course::Run => health::end_job(systemctl, &unit),
            Course::Leave => Ok(()),
        };
        // The other units are restored all the same.
        if let (Err(error), true) = (restored, first.is_ok()) {
            first = Err(DeployError::NotRestored {
                unit: affected.name.clone(),
                source: Box::new(error),
            });
        }
    }
    first
}

/// Sockets that listen already and were changed are opened anew. A socket cannot be restarted while its
/// service runs, so that is stopped before; it is started again with the others.
fn reopen_sockets(
    systemctl: &Systemctl,
    units: &[Affected],
    brought: &Brought,
) -> Result<(), SystemctlError> {
    for socket in &brought.sockets {
        let state = systemctl.state(socket)?;
        if !state.is_active() || state.load != LoadState::Loaded {
            continue;
        }
        for unit in named(units) {
            systemctl.stop(&unit)?;
        }
        systemctl.restart(socket)?;
    }
    Ok(())
}

/// Whether the manager took notice of the drop-ins meant for a unit.
fn reads_drop_ins(
    unit: &UnitName,
    state: &UnitState,
    brought: &Brought,
) -> Result<(), DeployError> {
    let names = unit.dropin_names();
    for (name, path) in &brought.drop_ins {
        let meant = state.names.iter().any(|own| own == name)
            || names.iter().any(|own| own.as_str() == name);
        if meant && !state.drop_ins.iter().any(|read| read == path.as_path()) {
            return Err(DeployError::Unhealthy {
                unit: unit.to_string(),
                why: format!(
                    "the manager does not read {path}; something of the same name comes before it"
                ),
                lines: Vec::new(),
            });
        }
    }
    Ok(())
}

fn named(units: &[Affected]) -> impl Iterator<Item = UnitName> {
    units
        .iter()
        .filter_map(|affected| UnitName::parse(&affected.name).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(path: &str, before: bool, after: bool) -> Step {
        let content = |there| {
            if there {
                Content::File {
                    bytes: Vec::new(),
                    mode: 0o644,
                }
            } else {
                Content::Absent
            }
        };
        Step {
            path: path.parse().unwrap(),
            before: content(before),
            after: content(after),
        }
    }

    #[test]
    fn what_files_mean_to_the_manager_is_told_by_their_paths() {
        let brought = Brought::by(&[
            step(
                "/etc/systemd/system/a.service.d/50-ringfence.conf",
                false,
                true,
            ),
            step("/etc/systemd/system/b.socket", false, true),
            step("/etc/systemd/system/c.socket", true, true),
            step(
                "/etc/systemd/system/d.socket.d/50-ringfence.conf",
                false,
                true,
            ),
            step("/etc/systemd/system/e.timer", true, false),
            step("/etc/systemd/system/f.service", false, true),
            step("/etc/sysusers.d/a.conf", false, true),
            step("/etc/tmpfiles.d/a.conf", true, false),
        ]);
        let names = |units: &[UnitName]| {
            let names: Vec<_> = units.iter().map(UnitName::to_string).collect();
            names.join(" ")
        };
        assert_eq!(names(&brought.new_triggers), "b.socket");
        assert_eq!(names(&brought.sockets), "c.socket d.socket");
        assert_eq!(names(&brought.gone), "e.timer");
        assert_eq!(brought.drop_ins.len(), 2);
        assert_eq!((brought.users.len(), brought.files.len()), (1, 0));
    }
}
