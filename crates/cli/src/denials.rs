//! What a confined command was refused, as rows for people: a grant, and who missed it.

use std::collections::BTreeMap;

use ringfence_policy::grant::Grant;
use ringfence_sandbox::{Denial, ExplainError};

use crate::error::Failure;
use crate::exit::ExitCode;
use crate::verb::not_started;

/// Each missing grant once, in canonical order.
pub fn rows(denials: &[Denial]) -> Vec<String> {
    let mut missing: BTreeMap<&Grant, &Denial> = BTreeMap::new();
    for denial in denials {
        for grant in &denial.missing {
            missing.entry(grant).or_insert(denial);
        }
    }
    missing
        .into_iter()
        .map(|(grant, denial)| format!("{grant}  (for {}{})", denial.by, advice(grant)))
        .collect()
}

/// What to write instead, where the missing grant is implied by others.
fn advice(grant: &Grant) -> &'static str {
    match grant {
        Grant::Family(family) if family == "inet" || family == "inet6" => {
            "; any grant of `net.bind`, `net.connect` or `net.dns` gives it"
        }
        Grant::Syscall(_) => "; learning it adds it to the lock",
        _ => "",
    }
}

/// A command that could not be run and watched.
pub fn failed(error: &ExplainError) -> Failure {
    match error {
        ExplainError::Sandbox(error) => not_started(error),
        other => Failure::new(ExitCode::HostCannot, other.to_string())
            .help("without --explain-denials no tracer is needed"),
    }
}
