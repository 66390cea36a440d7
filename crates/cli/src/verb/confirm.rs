//! `ringfence confirm`: what was applied stays.

use crate::args::{Confirm, Health};
use crate::deployment::{Stage, failure};
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::Output;

/// Disarms the rollback.
pub fn confirm(typed: &Confirm, output: &Output) -> Result<ExitCode, Failure> {
    let health = Health::default();
    let stage = Stage::set(&health, output)?;
    let claim = stage.claim_untouched(&typed.unit)?;
    let generation = claim.confirm(&stage.systemctl).map_err(failure)?;
    output.result(&format!(
        "confirmed    generation {generation} of {}\n",
        typed.unit
    ))?;
    Ok(ExitCode::Fine)
}
