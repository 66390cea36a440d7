//! Watches a service, writes its least-privilege policy, enforces it and attacks the result.
//!
//! This crate is arguments, printing and exit codes: what is typed becomes what is meant in [`verb`], and
//! the work is done by the crates below.

mod args;
mod baseline;
mod capture;
mod check;
mod client;
mod confined;
mod coverage_table;
mod denials;
mod deployment;
mod enforcement;
mod error;
mod exit;
mod generate;
mod http;
mod interruption;
mod listening;
mod output;
mod policy_file;
mod progress;
mod proof;
mod rehearsal;
mod report;
mod scan;
mod score;
mod session;
mod site;
mod store;
mod survey;
mod table;
mod unit_hardening;
mod unit_learning;
mod unit_policy;
mod verb;
mod workload;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(verb::main())
}
