//! The forms of a report: text and JSON.

use ringfence_prove::{BareResult, ConfinedResult, Group, Report, Row, Subject, schema};

fn row(id: &str, group: Group, title: &str, bare: bool, confined: ConfinedResult) -> Row {
    let bare = if bare {
        BareResult::Reached {
            detail: "opened it".into(),
        }
    } else {
        BareResult::Failed {
            why: "ENOSYS".into(),
        }
    };
    Row {
        id: id.into(),
        group,
        title: title.into(),
        bare,
        confined,
    }
}

fn example() -> Report {
    let stopped = |by: &str| ConfinedResult::Stopped { by: by.into() };
    let reached = |by: Option<&str>, detail: &str| ConfinedResult::Reached {
        by: by.map(Into::into),
        detail: detail.into(),
    };
    let unproven = |why: &str| ConfinedResult::Unproven { why: why.into() };
    let (exploited, reads, exhausts) = (Group::Exploited, Group::ReadsEverything, Group::Exhausts);
    let rows = vec![
        row(
            "load-module",
            exploited,
            "load a kernel module",
            false,
            unproven("cannot succeed here even unconfined: ENOSYS"),
        ),
        row(
            "mount",
            exploited,
            "mount file systems",
            true,
            stopped("EPERM"),
        ),
        row(
            "use-io-uring",
            exploited,
            "use io_uring",
            true,
            stopped("SIGSYS"),
        ),
        row(
            "loopback-tcp",
            exploited,
            "connect to any TCP service on the loopback device",
            true,
            reached(
                Some("net.connect tcp:127.0.0.1:any"),
                "connected to 127.0.0.1:6379",
            ),
        ),
        row(
            "read-shadow",
            reads,
            "read the password hashes",
            true,
            stopped("ENOENT"),
        ),
        row(
            "read-tls-keys",
            reads,
            "read private keys of TLS",
            true,
            reached(
                None,
                "opened /etc/ssl/private/a.key and /etc/ssl/private/b.key",
            ),
        ),
        row(
            "use-all-tasks",
            exhausts,
            "start processes without end",
            true,
            stopped("EAGAIN"),
        ),
    ];
    let subject = Subject {
        service: "redis-server".into(),
        host: "Linux 6.12".into(),
    };
    Report::new(subject, rows)
}

#[test]
fn the_text_starts_with_what_needs_looking_at() {
    insta::assert_snapshot!("plain", example().plain(false));
}

#[test]
fn the_text_shows_everything_when_asked() {
    insta::assert_snapshot!("plain_all", example().plain(true));
}

#[test]
fn the_json_is_as_promised() {
    let json = serde_json::to_string_pretty(&example()).unwrap();
    insta::assert_snapshot!("json", json);
}

#[test]
fn the_json_fits_the_schema_and_a_changed_one_does_not() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut json = serde_json::to_value(example()).unwrap();
    assert!(validator.is_valid(&json));
    json["rows"][0]["confined"]["verdict"] = "perhaps".into();
    assert!(!validator.is_valid(&json));
}

/// To write it anew: `RINGFENCE_BLESS=1 cargo test -p ringfence-prove --test report`.
#[test]
fn the_schema_file_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/report.json");
    let text = format!("{:#}\n", schema());
    if std::env::var_os("RINGFENCE_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), text);
}

#[test]
fn rows_are_counted_once() {
    let report = example();
    assert_eq!(report.stopped().count(), 4);
    assert_eq!(report.reached().count(), 2);
    assert_eq!(report.unproven().count(), 1);
    let holes: Vec<&str> = report.unexplained().map(|row| row.id.as_str()).collect();
    assert_eq!(holes, ["read-tls-keys"]);
    let of_groups: usize = report
        .groups
        .iter()
        .map(|g| g.stopped + g.reached + g.unproven)
        .sum();
    assert_eq!(of_groups, report.rows.len());
}
