//! Puts a policy in force on a unit of this host: compile, write, restart, use; and take back what fails.

use std::time::Duration;

use ringfence_host::deploy::{Awaiting, Change, Claim, Deployment, Papers, affected};
use ringfence_policy::denial::is_met;
use ringfence_policy::grant::Grant;
use ringfence_policy::lock::Lock;
use ringfence_policy::manifest::Check;
use ringfence_policy::policy::Policy;
use ringfence_unit::load::Unit;
use ringfence_unit::name::UnitName;

use super::give_back::{Enforcer, Paper, Refused};
use super::mask::Mask;
use super::secrets::Secrets;
use crate::args::Site;
use crate::check::Prepared;
use crate::deployment::{Stage, Trouble, edits, failure, guard_edits};
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::site;
use crate::unit_learning::{Exercises, learn_with_instances};
use crate::unit_policy::{Compiled, compile_for};
use crate::verb::policy_derive;
use crate::workload::Workload;

/// A unit, and everything that it takes to confine it.
pub struct Force<'a> {
    /// The service manager, and what all steps work with.
    pub stage: &'a Stage<'a>,
    /// The right to change the unit.
    pub claim: &'a Claim,
    /// The unit without ringfence; `None` when the policy brings it.
    pub unit: Option<&'a Unit>,
    /// Its name.
    pub name: &'a UnitName,
    /// What the site allows.
    pub site: &'a Site,
    /// How to use the service.
    pub workloads: &'a [Workload],
    /// How to see that it works.
    pub checks: &'a [Prepared],
    /// Roll back unless someone confirms within this time.
    pub confirm_within: Option<Duration>,
    /// Replace files of ours that were edited since.
    pub replace_edits: bool,
    /// What leaves the configuration with the first policy that is put in force.
    pub secrets: Secrets,
    /// What is in force, once something is.
    pub kept: Option<Kept>,
}

/// A policy that is in force.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// The number of its generation.
    pub generation: u64,
    /// Whether the unit runs with it, and does not just have it for when it is started.
    pub runs: bool,
    /// What waits for a confirmation.
    pub awaiting: Option<Awaiting>,
}

impl Force<'_> {
    /// What the site allows of a policy.
    pub fn policy(&self, paper: &Paper) -> Result<Policy, Failure> {
        let policy = paper
            .manifest
            .policy(paper.lock.as_ref())
            .or_cannot(|| "use the policy".to_owned())?;
        site::limited(policy, self.site, self.stage.output)
    }

    /// Compiles for this host.
    pub fn compile(&self, paper: &Paper) -> Result<Compiled, Failure> {
        compile_for(
            self.unit,
            &paper.manifest,
            paper.lock.as_ref(),
            &self.policy(paper)?,
            &self.stage.systemctl,
        )
    }

    /// What would change on this host.
    pub fn change(&self, compiled: &Compiled) -> Result<Change, Failure> {
        let change = self.claim.change(&compiled.artifacts).map_err(failure)?;
        guard_edits(&change, self.replace_edits)?;
        Ok(change)
    }

    /// Unless an earlier policy is in force, which needs the templates.
    fn put_secrets_back(&mut self) -> Result<(), Failure> {
        match self.kept {
            Some(_) => Ok(()),
            None => self.secrets.put_back(),
        }
    }

    fn try_out(&self, deployment: &Deployment<'_>) -> Result<Option<Awaiting>, Trouble> {
        let awaiting = self
            .confirm_within
            .map(|within| deployment.arm(&self.stage.systemctl, within))
            .transpose()
            .map_err(|error| Trouble::Failed(failure(error)))?;
        self.stage.try_out(deployment, self.checks)?;
        Ok(awaiting)
    }
}

impl Enforcer for Force<'_> {
    fn enforce(&mut self, paper: &Paper) -> Result<Result<(), Refused>, Failure> {
        if self.kept.is_some_and(|kept| kept.awaiting.is_some()) {
            // Of what comes next a confirmation is asked anew.
            let systemctl = &self.stage.systemctl;
            self.claim.confirm(systemctl).map_err(failure)?;
        }
        let change = self.change(&self.compile(paper)?)?;
        let provisional: Vec<_> = paper
            .lock
            .iter()
            .flat_map(|lock| lock.provisional.iter().map(ToString::to_string))
            .collect();
        let lock = paper.lock.as_ref().map(Lock::render);
        let papers = Papers {
            manifest: &paper.text,
            lock: lock.as_deref(),
            provisional: &provisional,
        };
        // A drop-in for an instance is one for all of its template's.
        let whole = self.unit.is_none();
        let units = affected(&self.stage.systemctl, self.claim.unit(), whole).map_err(failure)?;
        self.secrets.move_out()?;
        let written = self
            .claim
            .write(&change, &papers, units, edits(self.replace_edits));
        let deployment = match written {
            Ok(deployment) => deployment,
            Err(error) => {
                self.put_secrets_back()?;
                return Err(failure(error));
            }
        };
        match self.try_out(&deployment) {
            Ok(awaiting) => {
                if let Err(error) = deployment.keep(awaiting) {
                    let trouble = Trouble::Failed(failure(error));
                    self.put_secrets_back()?;
                    return Err(self.stage.take_back(deployment, self.name, trouble));
                }
                self.kept = Some(Kept {
                    generation: deployment.generation(),
                    runs: deployment.runs(),
                    awaiting,
                });
                Ok(Ok(()))
            }
            Err(Trouble::Broken { why, lines }) => {
                // What is restarted next reads the configuration as it was.
                self.put_secrets_back()?;
                self.stage
                    .settling(|settling| deployment.undo(&self.stage.systemctl, settling))
                    .map_err(failure)?;
                Ok(Err(Refused { why, lines }))
            }
            Err(trouble) => {
                self.put_secrets_back()?;
                Err(self.stage.take_back(deployment, self.name, trouble))
            }
        }
    }

    fn missing(&mut self, paper: &Paper) -> Result<Vec<Grant>, Failure> {
        let name = self.name;
        if self.unit.is_none() || name.is_template() {
            return Ok(Vec::new());
        }
        self.stage.output.say(&format!(
            "{name} does not work with it; watching it without, to see what it misses"
        ));
        let exercises = Exercises {
            workloads: self.workloads,
            reload: false,
            rotate: false,
            restart: false,
            timeout: Duration::from_secs(self.stage.health.timeout.0),
            pin: true,
        };
        let mask = Mask::put(&self.stage.systemctl, name)?;
        let learned = learn_with_instances(name, &exercises, self.stage.output);
        mask.lift()?;
        let learned = learned?;
        if learned.interrupted {
            let what = format!("go on with {name}: interrupted");
            return Err(Failure::new(ExitCode::Interrupted, what));
        }
        let service = &paper.manifest.service.name;
        let derived = policy_derive::from_trace(&learned.trace, Some(service))?;
        let needed = derived
            .manifest
            .policy(Some(&derived.lock))
            .or_cannot(|| "use what was watched".to_owned())?;
        let policy = self.policy(paper)?;
        Ok(needed
            .grants()
            .filter(|grant| !matches!(grant, Grant::Resource(..) | Grant::User(_)))
            .filter(|grant| !is_met(&policy, grant))
            .cloned()
            .collect())
    }
}

/// A workload as the check that it is.
pub fn checks(workloads: &[Workload], timeout: Duration) -> Result<Vec<Prepared>, Failure> {
    workloads
        .iter()
        .map(|workload| {
            let check = Check {
                workload: Some(workload.words()),
                http: None,
                timeout: None,
            };
            Prepared::new(&check, timeout)
        })
        .collect()
}
