//! What holds for every unit, whatever it says.

use std::path::PathBuf;

use proptest::prelude::*;

use super::read::keys;
use super::{Model, Profile, assess};
use crate::load::Unit;
use crate::name::UnitName;

fn unit(text: &[u8]) -> Option<Unit> {
    let name = UnitName::parse("a-b@c.service").unwrap();
    Unit::of_text(name, PathBuf::from("/a-b@c.service"), text).ok()
}

/// Scores the unit in every way there is, with what would improve it.
fn score(unit: &Unit) {
    for version in Profile::versions() {
        for model in [Model::Offline, Model::Manager] {
            let assessment = assess(unit, &Profile::of(version).unwrap(), model);
            assert!(assessment.exposure().tenths() <= 100);
            for mark in assessment.marks.iter() {
                assert!(
                    mark.badness.unwrap_or(0) <= mark.row.range,
                    "{}",
                    mark.row.id
                );
            }
        }
    }
    let assessment = assess(unit, &Profile::newest(), Model::Manager);
    for better in assessment.improvements() {
        let mut marks = assessment.marks.iter();
        let before = marks.find(|mark| mark.row.id == better.row.id);
        assert!(before.is_some_and(|mark| mark.badness > Some(better.badness)));
        assert!(better.exposure <= assessment.exposure(), "{}", better.lines);
    }
}

/// Texts in which values mean something more often than not.
fn value() -> impl Strategy<Value = String> {
    let words = "(~|-|yes|no|any|none|native|AF_UNIX|CAP_[A-Z]{0,5}|@[a-z]{0,5}|/dev/|[0-9:./]{1,6}|%[a-zA-Z%]|\"|\\\\| ){0,6}";
    prop_oneof![words, ".{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_scored_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Some(unit) = unit(&bytes) {
            score(&unit);
        }
    }

    #[test]
    fn any_value_of_any_setting_is_scored(
        lines in prop::collection::vec((prop::sample::select(keys()), value()), 0..12),
    ) {
        let lines: Vec<String> = lines.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let text = format!("[Service]\nExecStart=/bin/true\n{}\n", lines.join("\n"));
        if let Some(unit) = unit(text.as_bytes()) {
            score(&unit);
        }
    }
}

#[test]
fn a_service_without_settings_is_nearly_as_exposed_as_can_be() {
    let unit = unit(b"[Service]\nExecStart=/bin/true\n").unwrap();
    let score = |version, model| {
        let profile = Profile::of(version).unwrap();
        assess(&unit, &profile, model).exposure().to_string()
    };
    assert_eq!(score(252, Model::Offline), "9.6");
    assert_eq!(score(252, Model::Manager), "9.6");
    assert_eq!(
        score(257, Model::Offline),
        "9.4",
        "PrivateMounts= counts as set"
    );
    assert_eq!(score(257, Model::Manager), "9.6");
}

#[test]
fn what_is_implied_counts_in_the_manager_alone() {
    let unit = unit(b"[Service]\nExecStart=/bin/true\nPrivateTmp=yes\nIPAddressDeny=any\nIPAddressAllow=127.0.0.1\n");
    let unit = unit.unwrap();
    let badness = |model, field: &str| {
        let assessment = assess(&unit, &Profile::of(252).unwrap(), model);
        let mut marks = assessment.marks.iter();
        marks.find(|mark| mark.row.field == field).unwrap().badness
    };
    assert_eq!(badness(Model::Offline, "PrivateMounts"), Some(1));
    assert_eq!(badness(Model::Manager, "PrivateMounts"), Some(0));
    assert_eq!(badness(Model::Offline, "IPAddressDeny"), Some(2));
    assert_eq!(
        badness(Model::Manager, "IPAddressDeny"),
        Some(5),
        "not the whole loopback network"
    );
}

#[test]
fn a_line_that_stops_a_drop_in_leaves_the_unit_loaded() {
    use crate::load::{Memory, load};
    let source = Memory::with_directories(["/units"])
        .file("/units/a.service", "[Service]\nExecStart=/bin/true\n")
        .file(
            "/units/a.service.d/x.conf",
            "[Service]\nPrivateTmp=yes\nUser=a/b\nPrivateDevices=yes\n",
        );
    let unit = load(&UnitName::parse("a.service").unwrap(), &source).unwrap();
    let assessment = assess(&unit, &Profile::newest(), Model::Manager);
    assert_eq!(assessment.refusal, None);
    let bad = |field: &str| {
        let mut marks = assessment.marks.iter();
        marks.find(|mark| mark.row.field == field).unwrap().badness
    };
    assert_eq!(
        (bad("PrivateTmp"), bad("PrivateDevices")),
        (Some(0), Some(1))
    );
}

#[test]
fn a_refusal_says_where_and_why() {
    let refusal = |lines: &str| {
        let text = format!("[Service]\n{lines}");
        let unit = unit(text.as_bytes()).unwrap();
        assess(&unit, &Profile::of(257).unwrap(), Model::Manager)
            .refusal
            .unwrap()
            .to_string()
    };
    assert_eq!(
        refusal("ExecStart=/bin/true\nUser=a:b\n"),
        "/a-b@c.service, line 3, column 6: User=: `a:b` cannot be a user or a group"
    );
    assert_eq!(
        refusal("ExecStart=/bin/true\nType=dbus\n"),
        "Type=dbus needs BusName="
    );
}
