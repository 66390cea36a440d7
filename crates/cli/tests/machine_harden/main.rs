//! Ten packaged services of Debian 12, hardened on a running system: everything that worked still works, also
//! what was not part of the learned workload. Prints the table of exposure and attacks, before and after.
//!
//! The folders of `testbed/services` say what a service is and when it works.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

mod bench;
mod dness;
mod give_back;
mod kinds;
mod row;
mod subject;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Failed, Trial};

use row::{Row, table};
use subject::Subject;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each has a machine of its own, and the processors are few.
    arguments.test_threads.get_or_insert(2);
    let rows = Arc::new(Mutex::new(Vec::<Row>::new()));
    let services = Subject::all().into_iter().map(|subject| {
        let rows = Arc::clone(&rows);
        let name = format!("{}_still_passes_everything_once_hardened", subject.name);
        Trial::test(name.replace('-', "_"), move || {
            let row = subject.harden().map_err(Failed::from)?;
            let verdict = row.verdict();
            rows.lock().unwrap().push(row);
            verdict.map_err(Failed::from)
        })
    });
    let dness = Trial::test("dness_keeps_no_secret_and_no_root", || {
        dness::harden().map_err(Failed::from)
    });
    let trials = services
        .chain([dness])
        .chain(give_back::trials())
        .chain(kinds::trials())
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let mut rows = rows.lock().unwrap();
    rows.sort();
    if !rows.is_empty() {
        println!("\n{}", table(&rows));
    }
    conclusion.exit_code()
}
