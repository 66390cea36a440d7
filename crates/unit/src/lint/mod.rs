//! What raises the grade of a unit but protects nothing, or breaks the service.
//!
//! The score believes every line. It cannot tell a protection from a misspelled one, and it does not look at
//! the signs before a command. What a host makes void is not found here: that takes the facts of a host.

mod command;
mod finding;
mod ignored;
mod list;
mod misplaced;
mod syntax;
#[cfg(test)]
mod tests;
mod user;

pub use finding::{Finding, Harm, Rule};

use crate::load::Unit;
use crate::score::Assessment;

/// The findings about a unit, in the order in which its files are read.
pub fn lint(unit: &Unit, assessment: &Assessment<'_>) -> Vec<Finding> {
    let mut findings = ignored::findings(unit, assessment);
    findings.extend(list::findings(unit));
    findings.extend(command::findings(unit));
    findings.extend(misplaced::findings(unit));
    findings.extend(syntax::findings(unit));
    findings.extend(user::findings(unit));
    findings.sort_by_key(|finding| (finding.file, finding.at, finding.rule));
    findings.dedup();
    findings
}
