//! How a unit stands: its exposure, and what attacks on it reach.

use ringfence_host::systemd::Systemctl;
use ringfence_policy::policy::Policy;
use ringfence_prove::Report;
use ringfence_prove::unit::{Probe, prove_unit};
use ringfence_unit::load::Unit;
use ringfence_unit::score::{Exposure, Model, Profile, assess};
use serde::Serialize;

use crate::error::{Failure, OrFail};
use crate::output::Output;
use crate::progress::Progress;

/// A unit at one time.
#[derive(Debug)]
pub struct Standing {
    /// What `systemd-analyze security` would say of it.
    pub exposure: Exposure,
    /// What attacks from inside reached.
    pub attacks: Report,
}

/// The figures of a standing.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Ids of the attempts that reached something.
    pub reached: Vec<String>,
    /// Those of them that no grant explains.
    pub unexplained: Vec<String>,
    /// How many were stopped.
    pub stopped: usize,
    /// How many could not succeed here even without a sandbox, or did not answer.
    pub unproven: usize,
}

impl Standing {
    /// Scores a unit and attacks a copy of it. The service itself is left alone.
    pub fn of(
        unit: &Unit,
        policy: &Policy,
        systemctl: &Systemctl,
        profile: &Profile,
        when: &str,
        output: &Output,
    ) -> Result<Self, Failure> {
        // Not /proc/self/exe: the manager looks the path up in its own process.
        let program =
            std::env::current_exe().or_cannot(|| "find this program's own file".to_owned())?;
        let mut progress = Progress::new(output, format!("attacking {} {when}", unit.name));
        let attacks = prove_unit(
            unit,
            policy,
            systemctl,
            Probe::of_program(&program),
            &mut |row| progress.step(format!("attacking {} {when}: {}", unit.name, row.title)),
        )
        .map_err(|error| Failure::cannot(error.to_string()))?;
        Ok(Self {
            exposure: assess(unit, profile, Model::Manager).exposure(),
            attacks,
        })
    }

    /// The figures.
    pub fn figures(&self) -> Figures {
        let ids = |rows: &mut dyn Iterator<Item = &ringfence_prove::Row>| {
            rows.map(|row| row.id.clone()).collect::<Vec<_>>()
        };
        Figures {
            reached: ids(&mut self.attacks.reached()),
            unexplained: ids(&mut self.attacks.unexplained()),
            stopped: self.attacks.stopped().count(),
            unproven: self.attacks.unproven().count(),
        }
    }
}
