//! Makes every attempt in the native sandbox under the least policy there is.
//!
//! A program of its own with one thread, because attempts fork. Secrets are decoys, as in `bare`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test, although not one that Clippy recognizes"
)]

#[path = "../bare/decoy.rs"]
mod decoy;

use std::panic::{AssertUnwindSafe, catch_unwind};

use decoy::Decoy;
use ringfence_compile::native::{Settings, compile};
use ringfence_policy::policy::Policy;
use ringfence_prove::{Bare, ConfinedResult, Context, Report, Subject, prove, sandboxed};

fn main() {
    let tests: &[(&str, fn())] = &[
        (
            "the_least_policy_leaves_nothing_that_no_grant_allows",
            the_least_policy_leaves_nothing_that_no_grant_allows,
        ),
        (
            "a_grant_opens_what_it_names_and_no_more",
            a_grant_opens_what_it_names_and_no_more,
        ),
    ];
    let mut failed = 0;
    for (name, test) in tests {
        let passed = catch_unwind(AssertUnwindSafe(test)).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    assert!(failed == 0, "{failed} tests failed");
}

fn run(policy: &Policy, decoy: &Decoy) -> Report {
    let settings = Settings {
        name: "example".into(),
        exec: vec!["/usr/bin/true".into()],
        code: Vec::new(),
        ..Settings::default()
    };
    let target = ringfence_sandbox::detect().unwrap();
    let (plan, _) = compile(policy, &settings, &target).unwrap();
    let context = Context::new(policy, decoy.root())
        .unwrap()
        .with_program(&settings.program().unwrap())
        .with_environment(vec!["EXAMPLE_TOKEN".into()], plan.environment.clone());
    let mut confined = sandboxed(plan);
    let subject = Subject::here("example");
    prove(
        subject,
        policy,
        &context,
        &mut Bare::new(),
        &mut confined,
        &mut |_| {},
    )
}

fn the_least_policy_leaves_nothing_that_no_grant_allows() {
    let policy: Policy = Policy::base().join(
        &["service.user dynamic"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect(),
    );
    let report = run(&policy, &Decoy::plant());
    print!("{}", report.plain(true));
    let holes: Vec<&str> = report.unexplained().map(|row| row.id.as_str()).collect();
    // A policy that does not bound memory leaves it unbounded, and the report says so.
    assert_eq!(holes, ["use-all-memory"]);
    assert!(
        report.stopped().count() >= 70,
        "{}",
        report.stopped().count()
    );
}

fn a_grant_opens_what_it_names_and_no_more() {
    let decoy = Decoy::plant();
    let accounts = format!("files.read {}/etc/passwd", decoy.root().display());
    let policy = Policy::base().join(
        &["service.user dynamic", &accounts]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect(),
    );
    let report = run(&policy, &decoy);
    let confined = |id: &str| {
        let row = report.rows.iter().find(|row| row.id == id);
        row.map(|row| row.confined.clone()).unwrap()
    };
    let ConfinedResult::Reached { by, .. } = confined("read-accounts") else {
        panic!("{:?}", confined("read-accounts"));
    };
    assert_eq!(by, Some(accounts));
    for id in [
        "change-accounts",
        "read-shadow",
        "read-user-keys",
        "docker-socket",
    ] {
        let stopped = matches!(confined(id), ConfinedResult::Stopped { .. });
        assert!(stopped, "{id}: {:?}", confined(id));
    }
}
