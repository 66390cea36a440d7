//! Real programs under the tracer.
//!
//! Each test starts this program again as the watcher, which writes the trace to its standard output.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::exit,
    reason = "this is a test without the harness that would exempt it"
)]

mod acts;
mod files;
mod processes;
mod sockets;
mod trace;
mod walks;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

type Test = (&'static str, fn(&Path));

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next();
    if first.as_deref().is_some_and(|word| word == "--act") {
        let act = arguments.next().expect("an act");
        acts::perform(&act.to_string_lossy(), arguments.collect());
        return;
    }
    let wanted = first
        .map(|word| word.to_string_lossy().into_owned())
        .filter(|word| !word.starts_with('-'));
    let mut failed = Vec::new();
    let tests = files::TESTS
        .iter()
        .chain(processes::TESTS)
        .chain(sockets::TESTS)
        .chain(walks::TESTS);
    for (name, test) in tests {
        if wanted
            .as_ref()
            .is_some_and(|wanted| !name.contains(wanted.as_str()))
        {
            continue;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let top = directory.path().canonicalize().expect("its path");
        let passed = catch_unwind(AssertUnwindSafe(|| test(&top))).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        if !passed {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}
