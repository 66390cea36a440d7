//! What was typed after `apply`, `rollback`, `status` and `confirm`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use ringfence_policy::manifest::Seconds;
use ringfence_unit::name::UnitName;

use super::{Format, Site};

/// Enforce a policy on a unit of the service manager, and go back when the unit does not work with it.
///
/// Compiles the manifest for this host, shows what would change and what that is worth here, writes the
/// files, restarts the unit if it runs, watches it, and runs the manifest's `[check]`. When any of this fails,
/// everything is put back as it was and the unit is restarted. A unit that does not run is not started.
///
/// On a terminal it asks before anything is written; elsewhere it wants `--yes`.
#[derive(Debug, Args)]
pub struct Apply {
    /// The unit; `.service` may be left out.
    #[arg(long, value_name = "UNIT", value_parser = unit_name)]
    pub unit: UnitName,
    /// Write without asking.
    #[arg(long, short)]
    pub yes: bool,
    /// Only show what would change. Exits with 12 when something would.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Roll back by itself unless `ringfence confirm UNIT` comes in this time: 2min, 90s.
    ///
    /// The switch is armed before the unit is restarted, outlasts this session, and also rolls back at a
    /// reboot. For units on the way to the machine, such as ssh.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub confirm_within: Option<Seconds>,
    /// Replace files of ringfence's that were edited by hand since. Their content is kept.
    #[arg(long)]
    pub replace_edits: bool,
    #[command(flatten)]
    pub health: Health,
    #[command(flatten)]
    pub site: Site,
    /// The manifest. Its lock is the file beside it with the extension `lock`.
    #[arg(value_name = "POLICY", value_hint = ValueHint::FilePath)]
    pub policy: PathBuf,
}

/// Take back what was applied to a unit.
///
/// Restores the files of an earlier generation, and restarts the unit if it runs. Without `--to` that is
/// the one before the current; generation 0 is what was there before ringfence came.
///
/// An apply that was cut off is undone first.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The generation to go to; a later one than the current is possible too.
    #[arg(long, value_name = "GENERATION")]
    pub to: Option<u64>,
    /// Only if this generation is applied and nobody confirmed it. What the switch of `--confirm-within` runs.
    #[arg(long, value_name = "GENERATION", conflicts_with = "to")]
    pub if_unconfirmed: Option<u64>,
    /// Replace files of ringfence's that were edited by hand since. Their content is kept.
    #[arg(long)]
    pub replace_edits: bool,
    #[command(flatten)]
    pub health: Health,
    /// The unit; `.service` may be left out.
    #[arg(value_name = "UNIT", value_parser = unit_name)]
    pub unit: UnitName,
}

/// Show what is applied to units.
///
/// Exits with 3 when nothing was ever applied to the unit, and with 12 when the host is not as it was applied:
/// a file was edited, a change was cut off, or the service manager has not read its files since.
#[derive(Debug, Args)]
pub struct Status {
    /// The form of the result.
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub format: Format,
    /// The unit; `.service` may be left out [default: every unit that something was applied to].
    #[arg(value_name = "UNIT", value_parser = unit_name)]
    pub unit: Option<UnitName>,
}

/// Vouch for what `apply --confirm-within` applied, so that it stays.
#[derive(Debug, Args)]
pub struct Confirm {
    /// The unit; `.service` may be left out.
    #[arg(value_name = "UNIT", value_parser = unit_name)]
    pub unit: UnitName,
}

/// When a unit counts as working.
#[derive(Debug, Args)]
pub struct Health {
    /// How long the unit may take to become active, and its check to pass.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = span)]
    pub timeout: Seconds,
    /// How long the unit has to stay active without a restart.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = span)]
    pub settle: Seconds,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            timeout: Seconds(60),
            settle: Seconds(3),
        }
    }
}

/// A unit of the service manager.
pub fn unit_name(text: &str) -> Result<UnitName, String> {
    let parsed = UnitName::parse(text);
    let parsed = parsed.or_else(|error| {
        // The error about what was typed, should the longer name be wrong as well.
        UnitName::parse(&format!("{text}.service")).map_err(|_| error)
    });
    parsed.map_err(|error| error.to_string())
}

/// A span of time.
pub fn span(text: &str) -> Result<Seconds, String> {
    match text.parse() {
        Ok(Seconds(0)) | Err(()) => Err("write a time such as 90s, 2min or 1h".to_owned()),
        Ok(span) => Ok(span),
    }
}
