//! `ringfence scan` over a small tree: what is found, how it is ranked, and in which form.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

mod places;
#[expect(dead_code, reason = "this test needs a part of it")]
mod program;

use std::collections::BTreeSet;

use places::{link, tree, unit};
use program::Bench;
use serde_json::Value;

fn scan(bench: &Bench, more: &[&str]) -> String {
    let mut arguments = vec!["scan", "--root", "root", "--systemd", "257"];
    arguments.extend_from_slice(more);
    bench.run(&arguments).with(0).to_owned()
}

fn json(bench: &Bench, format: &str) -> Value {
    serde_json::from_str(&scan(bench, &["--format", format])).unwrap()
}

#[test]
fn a_tree_is_ranked_with_three_answers_each_and_ends_in_a_table() {
    insta::assert_snapshot!("scan", scan(&tree(), &[]));
}

#[test]
fn a_brief_scan_is_the_findings_and_the_table() {
    let (full, brief) = (scan(&tree(), &[]), scan(&tree(), &["--brief"]));
    assert!(full.ends_with(&brief));
    assert!(!brief.contains("it can read"));
}

#[test]
fn aliases_count_once_and_masked_units_not_at_all() {
    let found = json(&tree(), "json");
    assert_eq!(found["schema"], "ringfence.scan/1");
    let services = found["services"].as_array().unwrap();
    let names: BTreeSet<_> = services
        .iter()
        .map(|own| own["unit"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        BTreeSet::from([
            "confined.service",
            "mixed.service",
            "open.service",
            "plus.service",
            "quoted.service",
            "t@.service"
        ])
    );
    assert_eq!(services.len(), names.len());
    assert_eq!(found["masked"], serde_json::json!(["masked.service"]));
    assert_eq!(found["not_loaded"][0]["unit"], "broken.service");
    let template = services
        .iter()
        .find(|own| own["unit"] == "t@.service")
        .unwrap();
    assert_eq!(template["template"], true);
}

#[test]
fn every_service_has_its_total_and_what_it_can_do() {
    let found = json(&tree(), "json");
    for service in found["services"].as_array().unwrap() {
        let name = &service["unit"];
        assert!(service["exposure"].as_f64().unwrap() <= 10.0, "{name}");
        assert!(service["weight_sum"].as_u64().unwrap() > 50_000, "{name}");
        for answer in ["exploited", "reads", "exhausts"] {
            assert!(
                !service[answer].as_str().unwrap().is_empty(),
                "{name}: {answer}"
            );
        }
    }
    // The grade of the quoted list is better, and the finding says why that is worth nothing.
    let of = |name: &str| {
        let services = found["services"].as_array().unwrap();
        services
            .iter()
            .find(|own| own["unit"] == name)
            .unwrap()
            .clone()
    };
    let exposure = |name: &str| of(name)["exposure"].as_f64().unwrap();
    assert!(exposure("quoted.service") < exposure("plus.service"));
    assert_eq!(
        of("quoted.service")["findings"][0]["rule"],
        "empty-allow-list"
    );
    assert_eq!(of("quoted.service")["findings"][0]["line"], 3);
}

#[test]
fn the_sarif_log_has_what_the_standard_requires() {
    let log = json(&tree(), "sarif");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "ringfence");
    let rules: BTreeSet<_> = driver["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    let base = run["originalUriBaseIds"]["ROOT"]["uri"].as_str().unwrap();
    assert!(
        base.starts_with("file:///") && base.ends_with("/root/"),
        "{base}"
    );
    let results = run["results"].as_array().unwrap();
    let exposures = results
        .iter()
        .filter(|result| result["ruleId"] == "exposure");
    assert_eq!(exposures.count(), 6);
    for result in results {
        assert!(
            rules.contains(result["ruleId"].as_str().unwrap()),
            "{result}"
        );
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        // A result that is no failure has the level `none` (SARIF 2.1.0, 3.27.10).
        assert_eq!(result["kind"] == "informational", result["level"] == "none");
        let location = &result["locations"][0]["physicalLocation"];
        let uri = location["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.starts_with("usr/lib/systemd/system/"), "{uri}");
        assert!(location["region"]["startLine"].as_u64().unwrap() >= 1);
    }
    let notification = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(notification["properties"]["unit"], "broken.service");
}

#[test]
fn no_service_is_nothing_matched_but_a_log_all_the_same() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("root")).unwrap();
    bench
        .run(&["scan", "--root", "root", "--systemd", "257"])
        .with(3);
    assert_eq!(
        json(&bench, "sarif")["runs"][0]["results"],
        serde_json::json!([])
    );
    let missing = bench.run(&["scan", "--root", "nowhere", "--systemd", "257"]);
    assert_eq!(missing.code, 1);
    assert!(missing.stderr.contains("nowhere"), "{}", missing.stderr);
}

#[test]
fn a_release_without_a_profile_is_wrong_usage_and_names_one_that_is_like_it() {
    let ran = tree().run(&["scan", "--root", "root", "--systemd", "258"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--systemd 257"), "{}", ran.stderr);
}

#[test]
fn a_unit_cannot_steer_the_terminal() {
    let bench = tree();
    unit(
        &bench,
        "esc.service",
        "ExecStart=/bin/a\nPrivateTmp=\x1b[2Jyes\n",
    );
    let text = scan(&bench, &[]);
    assert!(
        text.contains("esc.service") && !text.contains('\x1b'),
        "{text}"
    );
}

#[test]
fn links_do_not_lead_out_of_the_tree() {
    let bench = tree();
    bench.write(
        "outside.service",
        "[Service]\nExecStart=/bin/secret\nPrivateTmp=nonsense\n",
    );
    let outside = bench.path("outside.service");
    link(
        &bench,
        "usr/lib/systemd/system/out.service",
        outside.to_str().unwrap(),
    );
    let text = scan(&bench, &[]);
    assert!(!text.contains("nonsense"), "{text}");
}
