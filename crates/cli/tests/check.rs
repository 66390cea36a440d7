//! `ringfence check --baseline`: what services have may shrink and not grow.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

mod places;
#[expect(dead_code, reason = "this test needs a part of it")]
mod program;

use std::fs;

use places::{tree, unit};
use program::{Bench, Ran};

/// A tree without the broken unit, and a baseline of it.
fn with_baseline() -> Bench {
    let bench = tree();
    fs::remove_file(bench.path("root/usr/lib/systemd/system/broken.service")).unwrap();
    let written = check(&bench, &["--update", "--systemd", "257"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    bench
}

fn check(bench: &Bench, more: &[&str]) -> Ran {
    let mut arguments = vec!["check", "--baseline", "baseline.toml", "--root", "root"];
    arguments.extend_from_slice(more);
    bench.run(&arguments)
}

#[test]
fn without_a_file_the_way_to_one_is_said() {
    let ran = check(&tree(), &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--update"), "{}", ran.stderr);
}

#[test]
fn services_that_stayed_the_same_pass() {
    let bench = with_baseline();
    let ran = check(&bench, &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let baseline = bench.read("baseline.toml");
    assert!(
        baseline.contains("systemd = 257\nas = \"manager\"\n"),
        "{baseline}"
    );
    assert!(
        baseline.contains("\"finding:unconfined-command\""),
        "{baseline}"
    );
    check(&bench, &["--update"]).with(0);
    assert_eq!(bench.read("baseline.toml"), baseline);
}

#[test]
fn one_protection_does_not_make_up_for_another() {
    let bench = with_baseline();
    unit(
        &bench,
        "open.service",
        "ExecStart=/usr/bin/open\nNoNewPrivileges=yes\n",
    );
    unit(
        &bench,
        "plus.service",
        "ExecStart=/usr/bin/plus\nExecReload=/bin/kill -HUP $MAINPID\nDelegate=yes\n",
    );
    let ran = check(&bench, &[]);
    assert_eq!(ran.code, 13);
    insta::assert_snapshot!("check", ran.stdout);
    // Even so, what was won is kept, and what grew is not let in.
    assert_eq!(check(&bench, &["--update"]).code, 13);
    let baseline = bench.read("baseline.toml");
    assert!(
        !baseline.contains("finding:unconfined-command") && !baseline.contains("Delegate"),
        "{baseline}"
    );
    unit(&bench, "open.service", "ExecStart=/usr/bin/open\n");
    let ran = check(&bench, &[]);
    assert!(
        ran.stdout.contains("open.service") && ran.stdout.contains("NoNewPrivileges="),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_sign_before_a_command_is_a_privilege_that_grew() {
    let bench = with_baseline();
    unit(&bench, "open.service", "ExecStart=+/usr/bin/open\n");
    let ran = check(&bench, &[]);
    assert_eq!(ran.code, 13);
    assert!(ran.stdout.contains("unconfined-command"), "{}", ran.stdout);
}

#[test]
fn a_new_service_starts_from_nothing_until_it_is_accepted() {
    let bench = with_baseline();
    unit(&bench, "late.service", "ExecStart=/usr/bin/late\n");
    let ran = check(&bench, &[]);
    assert_eq!(ran.code, 13);
    assert!(
        ran.stdout.starts_with("new  late.service  "),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("ringfence score late.service"),
        "{}",
        ran.stdout
    );
    assert_eq!(
        check(&bench, &["--update"]).code,
        13,
        "an update alone lets nothing new in"
    );
    let ran = check(&bench, &["--update", "--accept", "late.service"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    check(&bench, &[]).with(0);
    let ran = check(&bench, &["--update", "--accept", "never.service"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    fs::remove_file(bench.path("root/usr/lib/systemd/system/late.service")).unwrap();
    let ran = check(&bench, &[]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.stdout.contains("gone") && ran.stderr.contains("--update"),
        "{}",
        ran.stdout
    );
    check(&bench, &["--update"]).with(0);
    assert!(!bench.read("baseline.toml").contains("late.service"));
}

#[test]
fn a_service_that_does_not_load_is_unknown_and_keeps_its_place() {
    let bench = with_baseline();
    let path = "root/usr/lib/systemd/system/open.service";
    bench.write(path, "[Service\n");
    let ran = check(&bench, &["--update"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("open.service: line 1, column 1"),
        "{}",
        ran.stderr
    );
    assert!(bench.read("baseline.toml").contains("\"open.service\" = ["));
}

#[test]
fn a_verdict_of_another_release_is_not_compared() {
    let bench = with_baseline();
    for other in [["--systemd", "252"], ["--as", "offline"]] {
        let ran = check(&bench, &other);
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains("systemd 257"), "{}", ran.stderr);
    }
}

#[test]
fn a_wrong_baseline_is_shown_where_it_is_wrong_and_stays_as_it_is() {
    let bench = with_baseline();
    let wrong = bench
        .read("baseline.toml")
        .replacen("\"AmbientCapabilities\"", "\"Ambient\"", 1);
    let wrong = wrong.replacen(
        "  \"CapabilityBoundingSet_CAP_AUDIT\"",
        "  \"Capability\"",
        1,
    );
    bench.write("baseline.toml", &wrong);
    let ran = check(&bench, &["--update"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("baseline.toml: line ") && ran.stderr.contains("`Capability`"),
        "{}",
        ran.stderr
    );
    assert_eq!(bench.read("baseline.toml"), wrong);
}

#[test]
fn programs_get_the_differences_as_json() {
    let bench = with_baseline();
    unit(
        &bench,
        "open.service",
        "ExecStart=/usr/bin/open\nDelegate=yes\n",
    );
    let ran = check(&bench, &["--format", "json"]);
    assert_eq!(ran.code, 13);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["schema"], "ringfence.check/1");
    assert_eq!(report["grew"], true);
    assert_eq!(
        report["changes"],
        serde_json::json!([{"unit": "open.service", "change": "grown", "entry": "Delegate", "is": 1, "may": 0}])
    );
}
