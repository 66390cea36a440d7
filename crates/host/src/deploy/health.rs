//! Whether a unit works after it was started, and goes on working.

use std::time::{Duration, Instant};

use ringfence_unit::name::{Kind, UnitName};
use rustix::time::{ClockId, clock_gettime};

use super::DeployError;
use super::affected::triggers;
use crate::systemd::{ActiveState, Systemctl, SystemctlError, UnitState};

/// How long a unit is waited for and watched, and who may stop that.
#[derive(Clone, Copy)]
pub struct Settling<'a> {
    /// How long it may take to become active.
    pub patience: Duration,
    /// How long it has to stay active without a restart to count as working.
    pub settle: Duration,
    /// Asked now and then; `false` ends the waiting with [`DeployError::Stopped`].
    pub go_on: &'a dyn Fn() -> bool,
}

impl std::fmt::Debug for Settling<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settling")
            .field("patience", &self.patience)
            .field("settle", &self.settle)
            .finish_non_exhaustive()
    }
}

/// Between two looks at a unit. The manager tells nobody without a bus, so it has to be asked.
const PAUSE: Duration = Duration::from_millis(100);

/// Restarts a unit and watches it until it counts as working.
pub fn restart(
    systemctl: &Systemctl,
    unit: &UnitName,
    settling: &Settling<'_>,
) -> Result<(), DeployError> {
    forget_failures(systemctl, unit)?;
    systemctl
        .restart(unit)
        .map_err(|error| unhealthy_job(unit, error))?;
    watch(systemctl, unit, settling)?;
    keep_sockets(systemctl, unit)
}

/// Runs a batch job once and waits until it ended well.
pub fn run(systemctl: &Systemctl, unit: &UnitName) -> Result<(), DeployError> {
    forget_failures(systemctl, unit)?;
    // The job of a oneshot lasts until its process has ended, and fails as that fails.
    systemctl
        .restart(unit)
        .map_err(|error| unhealthy_job(unit, error))
}

/// Stops a batch job that is still at it. One that is not is left as it ended.
pub fn end_job(systemctl: &Systemctl, unit: &UnitName) -> Result<(), DeployError> {
    if systemctl.state(unit)?.active == ActiveState::Activating {
        systemctl.stop(unit)?;
    }
    forget_failures(systemctl, unit)
}

/// Earlier failures count against the limit of starts; and the number of restarts starts from 0 again.
fn forget_failures(systemctl: &Systemctl, unit: &UnitName) -> Result<(), DeployError> {
    match systemctl.reset_failed(unit) {
        // One that is not loaded has nothing to forget.
        Ok(()) | Err(SystemctlError::NotFound { .. } | SystemctlError::BadUnit { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Watches a unit that was just started.
fn watch(
    systemctl: &Systemctl,
    unit: &UnitName,
    settling: &Settling<'_>,
) -> Result<(), DeployError> {
    let deadline = Instant::now() + settling.patience;
    let mut run: Option<String> = None;
    loop {
        if !(settling.go_on)() {
            return Err(DeployError::Stopped);
        }
        let state = systemctl.state(unit)?;
        let first = run.get_or_insert_with(|| state.invocation_id.clone());
        match judge(&state, first, settling.settle, monotonic()) {
            Verdict::Works => return Ok(()),
            Verdict::Fails(why) => return Err(unhealthy(systemctl, unit, &state, why)),
            Verdict::Waits if Instant::now() >= deadline => {
                let why = format!(
                    "it is {} ({}) after {} s",
                    state.active.word(),
                    state.sub,
                    settling.patience.as_secs()
                );
                return Err(unhealthy(systemctl, unit, &state, why));
            }
            Verdict::Settles | Verdict::Waits => {}
        }
        std::thread::sleep(PAUSE);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Works,
    /// It is active, and has to stay so for a while.
    Settles,
    Waits,
    Fails(String),
}

/// What a state says of a unit that was started as the run `first`. `now` is on the clock of the state.
fn judge(state: &UnitState, first: &str, settle: Duration, now: Duration) -> Verdict {
    if !state.is_well() {
        let status = state
            .exit_status
            .filter(|status| *status != 0)
            .map(|status| format!(", status {status}"));
        return Verdict::Fails(format!(
            "it is {} ({}), result `{}`{}",
            state.active.word(),
            state.sub,
            state.result,
            status.unwrap_or_default()
        ));
    }
    if state.restarts > 0 || state.invocation_id != first {
        return Verdict::Fails("it was restarted by the manager, so it had ended".to_owned());
    }
    match state.active {
        ActiveState::Active | ActiveState::Reloading => {
            let since = Duration::from_micros(state.active_since);
            if now.saturating_sub(since) >= settle {
                Verdict::Works
            } else {
                Verdict::Settles
            }
        }
        ActiveState::Inactive if state.is_batch() => Verdict::Works,
        // A service that its socket starts may end when it has nothing to do.
        ActiveState::Inactive if triggers(state, Kind::Socket).next().is_some() => Verdict::Works,
        ActiveState::Inactive => Verdict::Fails("it ended by itself".to_owned()),
        _ => Verdict::Waits,
    }
}

/// The clock of `ActiveEnterTimestampMonotonic=`.
fn monotonic() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or(0),
        u32::try_from(now.tv_nsec).unwrap_or(0),
    )
}

/// A service that fails takes its sockets with it; they have to listen again.
fn keep_sockets(systemctl: &Systemctl, unit: &UnitName) -> Result<(), DeployError> {
    let state = systemctl.state(unit)?;
    for socket in triggers(&state, Kind::Socket) {
        let found = systemctl.state(&socket)?;
        if found.active == ActiveState::Failed {
            let why = format!("its socket {socket} failed, result `{}`", found.result);
            return Err(unhealthy(systemctl, unit, &state, why));
        }
    }
    Ok(())
}

fn unhealthy(
    systemctl: &Systemctl,
    unit: &UnitName,
    state: &UnitState,
    why: String,
) -> DeployError {
    DeployError::Unhealthy {
        unit: unit.to_string(),
        why,
        lines: systemctl.last_lines(unit, state),
    }
}

/// A job that failed is the unit's fault; one that could not be begun is not.
fn unhealthy_job(unit: &UnitName, error: SystemctlError) -> DeployError {
    match error {
        SystemctlError::JobFailed {
            active,
            sub,
            result,
            lines,
            ..
        } => DeployError::Unhealthy {
            unit: unit.to_string(),
            why: format!("it does not start: it is {active} ({sub}), result `{result}`"),
            lines,
        },
        SystemctlError::TimedOut { patience, .. } => DeployError::Unhealthy {
            unit: unit.to_string(),
            why: format!("it does not start within {} s", patience.as_secs()),
            lines: Vec::new(),
        },
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::systemd::Properties;

    fn verdict(text: &str, now_seconds: u64) -> Verdict {
        let state = UnitState::from_properties(&Properties::parse(text));
        judge(
            &state,
            "a",
            Duration::from_secs(2),
            Duration::from_secs(now_seconds),
        )
    }

    const ACTIVE: &str = "ActiveState=active\nSubState=running\nResult=success\nInvocationID=a\nNRestarts=0\nActiveEnterTimestampMonotonic=10000000\n";

    #[test]
    fn a_unit_works_once_it_stayed_active_long_enough() {
        assert_eq!(verdict(ACTIVE, 11), Verdict::Settles);
        assert_eq!(verdict(ACTIVE, 12), Verdict::Works);
    }

    #[test]
    fn a_unit_that_the_manager_restarted_fails_even_when_it_runs() {
        for state in [
            ACTIVE.replace("NRestarts=0", "NRestarts=1"),
            ACTIVE.replace("InvocationID=a", "InvocationID=b"),
        ] {
            assert!(matches!(verdict(&state, 20), Verdict::Fails(_)), "{state}");
        }
    }

    #[test]
    fn a_unit_on_its_way_up_is_waited_for_and_one_that_failed_is_not() {
        let text = "ActiveState=activating\nSubState=start\nResult=success\nInvocationID=a\n";
        assert_eq!(verdict(text, 1), Verdict::Waits);
        let text = "ActiveState=activating\nSubState=auto-restart\nResult=signal\nInvocationID=a\n";
        assert!(matches!(verdict(text, 1), Verdict::Fails(_)));
        let text = "ActiveState=failed\nSubState=failed\nResult=exit-code\nExecMainStatus=226\nInvocationID=a\n";
        let Verdict::Fails(why) = verdict(text, 1) else {
            panic!("it failed");
        };
        assert_eq!(why, "it is failed (failed), result `exit-code`, status 226");
    }

    #[test]
    fn a_service_that_ended_is_fine_only_when_something_starts_it_again_or_it_was_a_batch_job() {
        let ended = "ActiveState=inactive\nSubState=dead\nResult=success\nInvocationID=a\n";
        assert!(matches!(verdict(ended, 1), Verdict::Fails(_)));
        assert_eq!(
            verdict(&format!("{ended}Type=oneshot\n"), 1),
            Verdict::Works
        );
        assert_eq!(
            verdict(&format!("{ended}TriggeredBy=x.socket\n"), 1),
            Verdict::Works
        );
        let timer = format!("{ended}TriggeredBy=x.timer\n");
        assert!(matches!(verdict(&timer, 1), Verdict::Fails(_)));
    }
}
