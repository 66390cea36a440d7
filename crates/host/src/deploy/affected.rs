//! Which units a deployment concerns, and what has to be done with each.

use ringfence_unit::name::{Kind, UnitName};

use super::DeployError;
use super::record::{Affected, Course};
use crate::systemd::{ActiveState, LoadState, Systemctl, SystemctlError, UnitState};

/// What a deployment for this unit has to act on. A template stands for those of its instances that run.
///
/// `whole` says that the deployment brings the unit itself, so that it need not exist yet.
pub fn affected(
    systemctl: &Systemctl,
    unit: &UnitName,
    whole: bool,
) -> Result<Vec<Affected>, DeployError> {
    let names = if unit.is_template() {
        systemctl.instances(unit)?
    } else {
        vec![unit.clone()]
    };
    let mut affected = Vec::new();
    for name in names {
        let state = systemctl.state(&name)?;
        usable(&name, &state, whole)?;
        affected.push(Affected {
            course: course(systemctl, &state)?,
            name: name.to_string(),
        });
    }
    Ok(affected)
}

/// Whether the manager can load the unit.
pub(super) fn usable(
    unit: &UnitName,
    state: &UnitState,
    whole: bool,
) -> Result<(), SystemctlError> {
    let action = format!("use {unit}");
    let unit = unit.to_string();
    match &state.load {
        LoadState::Masked => Err(SystemctlError::Masked { action, unit }),
        LoadState::NotFound if !whole => Err(SystemctlError::NotFound { action, unit }),
        LoadState::BadSetting | LoadState::Error => Err(SystemctlError::BadUnit {
            action,
            unit,
            message: state.load_error.clone(),
        }),
        _ => Ok(()),
    }
}

fn course(systemctl: &Systemctl, state: &UnitState) -> Result<Course, SystemctlError> {
    if state.is_batch() {
        // To run a batch job that nobody scheduled would be our idea, not the administrator's.
        return Ok(if has_active_timer(systemctl, state)? {
            Course::Run
        } else {
            Course::Leave
        });
    }
    Ok(match state.active {
        ActiveState::Inactive | ActiveState::Failed => Course::Leave,
        _ => Course::Restart,
    })
}

fn has_active_timer(systemctl: &Systemctl, state: &UnitState) -> Result<bool, SystemctlError> {
    for timer in triggers(state, Kind::Timer) {
        if systemctl.state(&timer)?.is_active() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The units of one kind that start this one.
pub(super) fn triggers(state: &UnitState, kind: Kind) -> impl Iterator<Item = UnitName> {
    state
        .triggered_by
        .iter()
        .filter_map(|name| UnitName::parse(name).ok())
        .filter(move |name| name.kind() == kind)
}
