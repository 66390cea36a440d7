//! `ringfence prove --unit`: attacks a copy of a unit.

use ringfence_host::systemd::Systemctl;
use ringfence_host::units::HostUnits;
use ringfence_policy::policy::Policy;
use ringfence_prove::Report;
use ringfence_prove::unit::{AsPackaged, Probe, UnitError, prove_unit};
use ringfence_unit::load::{LoadError, Unit, load};
use ringfence_unit::name::UnitName;

use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::progress::Progress;

/// Attacks the unit as it is installed, or as it was packaged.
pub fn attack(
    unit: &UnitName,
    as_packaged: bool,
    policy: &Policy,
    output: &Output,
) -> Result<Report, Failure> {
    if !rustix::process::geteuid().is_root() {
        let refused = Failure::new(
            ExitCode::HostCannot,
            format!("prove {unit}: you are not root"),
        );
        return Err(refused.help("run it as root: it makes a unit of the system"));
    }
    let unit = loaded(unit, as_packaged)?;
    // Not /proc/self/exe: the manager looks the path up in its own process.
    let program =
        std::env::current_exe().or_cannot(|| "find this program's own file".to_owned())?;
    let mut progress = Progress::new(output, format!("attacking {}", unit.name));
    prove_unit(
        &unit,
        policy,
        &Systemctl::default(),
        Probe::of_program(&program),
        &mut |row| progress.step(format!("attacking {}: {}", unit.name, row.title)),
    )
    .map_err(|error| failure(&error))
}

fn loaded(name: &UnitName, as_packaged: bool) -> Result<Unit, Failure> {
    let host = HostUnits::of_host().or_cannot(|| format!("prove {name}"))?;
    let unit = if as_packaged {
        load(name, &AsPackaged(&host))
    } else {
        load(name, &host)
    };
    unit.map_err(|error| {
        let code = match error {
            LoadError::Missing { .. } => ExitCode::NothingMatched,
            _ => ExitCode::Cannot,
        };
        Failure::new(code, error.to_string())
    })
}

fn failure(error: &UnitError) -> Failure {
    let failure = |code| Failure::new(code, error.to_string());
    match error {
        UnitError::Interrupted { .. } => failure(ExitCode::Interrupted),
        UnitError::Owner { .. } => failure(ExitCode::Cannot)
            .help("apply the new settings first, so that the directories are its own"),
        UnitError::Start { unit, .. } => failure(ExitCode::Cannot).help(format!(
            "`journalctl -u ringfence-prove-{unit}` has what the service manager says"
        )),
        UnitError::Busy { .. } => failure(ExitCode::Cannot).help("wait until that is done"),
        _ => failure(ExitCode::Cannot),
    }
}
