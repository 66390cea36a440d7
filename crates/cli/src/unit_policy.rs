//! From a policy to the files that enforce it on one unit of this host.

use std::path::Path;

use ringfence_compile::coverage::Coverage;
use ringfence_compile::systemd::{self, Artifact, CompileError, Form, compile};
use ringfence_host::systemd::Systemctl;
use ringfence_host::target::{TargetError, detect, links};
use ringfence_host::units::HostUnits;
use ringfence_policy::lock::Lock;
use ringfence_policy::manifest::Manifest;
use ringfence_policy::policy::Policy;
use ringfence_unit::load::{LoadError, Unit, load};
use ringfence_unit::name::UnitName;

use crate::deployment::failure;
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;

/// A policy's files for a unit.
#[derive(Debug)]
pub struct Compiled {
    /// What is to be written.
    pub artifacts: Vec<Artifact>,
    /// What it is worth on this host.
    pub coverage: Coverage,
    /// What about this host could not be found out, in sentences without a full stop.
    pub unknown: Vec<String>,
}

/// The unit as this host has it; `None` when it has none of this name.
pub fn find(name: &UnitName) -> Result<Option<Unit>, Failure> {
    let units = HostUnits::of_host().or_cannot(|| "look for units".to_owned())?;
    match load(name, &units) {
        Ok(unit) => Ok(Some(unit)),
        Err(LoadError::Missing { .. }) => Ok(None),
        Err(error) => {
            let help = match &error {
                LoadError::Masked { .. } => {
                    Some(format!("`systemctl unmask {name}` makes it usable"))
                }
                LoadError::Broken { .. } => Some(format!(
                    "`systemd-analyze verify {name}` says what is wrong with it"
                )),
                _ => None,
            };
            let failure = Failure::usage(error.to_string());
            Err(match help {
                Some(help) => failure.help(help),
                None => failure,
            })
        }
    }
}

/// Compiles a policy for a unit that is there, or for one that the policy brings.
pub fn compile_for(
    unit: Option<&Unit>,
    manifest: &Manifest,
    lock: Option<&Lock>,
    policy: &Policy,
    systemctl: &Systemctl,
) -> Result<Compiled, Failure> {
    let detected = detect(systemctl).map_err(|error| match error {
        TargetError::Systemctl(error) => failure(error.into()),
        other => Failure::new(ExitCode::HostCannot, other.to_string()),
    })?;
    let mut target = detected.target;
    target.links = links(&systemd::paths(policy, manifest, lock));
    let form = unit.map_or(Form::Whole, Form::DropIn);
    let (artifacts, coverage) =
        compile(policy, manifest, lock, form, &target).map_err(|error| {
            let code = match error {
                CompileError::Inexact(_) => ExitCode::OpenControls,
                _ => ExitCode::Usage,
            };
            Failure::new(code, error.to_string())
        })?;
    Ok(Compiled {
        artifacts,
        coverage,
        unknown: detected.unknown,
    })
}

/// Whether a unit's main file is this one: where a policy that brings the whole unit puts it.
pub fn has_main_file(unit: &Unit, path: &Path) -> bool {
    unit.files.first().is_some_and(|file| file.path == path)
}
