//! `ringfence prove`: attacks the sandbox that a policy makes, or that a unit has.

use ringfence_policy::grant::User;
use ringfence_policy::manifest::{Kind, Manifest, Service};

use crate::args::{Format, Prove};
use crate::enforcement;
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::Output;
use crate::policy_file::PolicyFile;
use crate::proof;
use crate::report;
use crate::site;

/// Attacks, and reports what was reached.
pub fn prove(typed: &Prove, output: &Output) -> Result<ExitCode, Failure> {
    let (manifest, policy, lock) = if let Some(path) = &typed.policy {
        let file = PolicyFile::read(path, output)?;
        let policy = file.policy()?;
        (file.manifest, policy, file.lock)
    } else {
        let manifest = empty();
        let policy = manifest
            .policy(None)
            .map_err(|error| Failure::cannot("make the empty policy").because(error))?;
        (manifest, policy, None)
    };
    let policy = site::limited(policy, &typed.site, output)?;
    let proof = if let Some(unit) = &typed.unit {
        super::prove_unit::attack(unit, typed.as_packaged, &policy, output)?
    } else {
        let target = enforcement::target()?;
        let command = manifest.service.exec.clone();
        let (plan, _) = enforcement::plan(&manifest, lock.as_ref(), &policy, command, &target)?;
        proof::attack(&manifest, &policy, &plan, output)?
    };
    match typed.format {
        Format::Json => output.json(&proof)?,
        Format::Plain => output.result(&report::proved(&proof, output))?,
    }
    Ok(proof::verdict(&proof))
}

/// The policy that grants nothing beyond what every service gets.
fn empty() -> Manifest {
    Manifest::new(Service {
        name: "empty".to_owned(),
        exec: vec!["/usr/bin/true".to_owned()],
        kind: Kind::Simple,
        timer: None,
        user: User::Dynamic,
        user_why: None,
        directory: None,
        environment: Vec::new(),
    })
}
