//! `ringfence rollback`: an earlier generation again.

use ringfence_host::deploy::{Claim, Pending};

use crate::args::Rollback;
use crate::deployment::{Stage, edits, failure};
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::Output;

/// Goes back, and says to what.
pub fn rollback(typed: &Rollback, output: &Output) -> Result<ExitCode, Failure> {
    let stage = Stage::set(&typed.health, output)?;
    if let Some(generation) = typed.if_unconfirmed {
        return unless_confirmed(typed, generation, &stage, output);
    }
    let claim = stage.claim_untouched(&typed.unit)?;
    let cut_off = claim.ledger().map_err(failure)?.pending;
    let claim = stage.recovered(claim)?;
    if let (Some(Pending::Apply { generation }), None) = (cut_off, typed.to) {
        // That was the rollback.
        output.result(&format!(
            "rolled back  {} from generation {generation}, which was never finished\n",
            typed.unit
        ))?;
        return Ok(ExitCode::Fine);
    }
    go_back(typed, &claim, &stage, typed.replace_edits, output)
}

/// What the dead man's switch runs.
fn unless_confirmed(
    typed: &Rollback,
    generation: u64,
    stage: &Stage<'_>,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let claim = stage.claim_in_time(&typed.unit)?;
    if !claim.is_unconfirmed(generation).map_err(failure)? {
        claim.disarm(&stage.systemctl).map_err(failure)?;
        output.result(&format!(
            "confirmed    generation {generation} of {}, or gone since; nothing to roll back\n",
            typed.unit
        ))?;
        return Ok(ExitCode::Fine);
    }
    let cut_off = claim.ledger().map_err(failure)?.pending.is_some();
    let claim = stage.recovered(claim)?;
    if cut_off {
        return Ok(ExitCode::Fine);
    }
    // Nobody is there to ask what shall become of an edit; it is kept.
    go_back(typed, &claim, stage, true, output)
}

fn go_back(
    typed: &Rollback,
    claim: &Claim,
    stage: &Stage<'_>,
    replace_edits: bool,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let rollback = claim.rollback(typed.to).map_err(failure)?;
    let (from, to) = (rollback.from(), rollback.to());
    let diff = rollback.diff();
    let kept = stage
        .settling(|settling| rollback.carry_out(&stage.systemctl, settling, edits(replace_edits)))
        .map_err(failure)?;
    for path in kept {
        output.note(&format!("an edit that was replaced is kept in {path}"));
    }
    output.result(&format!(
        "{diff}rolled back  {} from generation {from} to {to}\n",
        typed.unit
    ))?;
    Ok(ExitCode::Fine)
}
