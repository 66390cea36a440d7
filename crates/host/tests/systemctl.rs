//! What systemctl(1) and journalctl(1) say, and what is made of it. The programs are scripts that say it.

#![expect(
    clippy::unwrap_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use ringfence_host::systemd::{Job, Since, Systemctl, SystemctlError};
use ringfence_unit::name::UnitName;

/// A systemctl and a journalctl that are this script.
fn programs(script: &str) -> (tempfile::TempDir, Systemctl) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    let log = folder.path().join("log");
    fs::write(
        &program,
        format!("#!/bin/sh\necho \"$*\" >> {}\n{script}", log.display()),
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let systemctl = Systemctl::new(&program, &program);
    (folder, systemctl)
}

fn unit() -> UnitName {
    UnitName::parse("demo.service").unwrap()
}

#[test]
fn errors_are_told_apart_by_what_systemd_says() {
    type Is = fn(&SystemctlError) -> bool;
    let cases: [(&str, Is); 10] = [
        (
            "Failed to stop demo.timer: Unit demo.timer not loaded.",
            |error| matches!(error, SystemctlError::NotFound { .. }),
        ),
        (
            "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down",
            |error| matches!(error, SystemctlError::NoManager { .. }),
        ),
        (
            "Failed to connect to bus: No such file or directory",
            |error| matches!(error, SystemctlError::NoManager { .. }),
        ),
        (
            "Failed to connect to system scope bus via local transport: No such file or directory",
            |error| matches!(error, SystemctlError::NoManager { .. }),
        ),
        (
            "Failed to restart demo.service: Access denied\nSee system logs and 'systemctl status demo.service' for details.",
            |error| matches!(error, SystemctlError::Denied { .. }),
        ),
        (
            "Failed to restart demo.service: Interactive authentication required.",
            |error| matches!(error, SystemctlError::Denied { .. }),
        ),
        (
            "Failed to restart demo.service: Unit demo.service not found.",
            |error| matches!(error, SystemctlError::NotFound { .. }),
        ),
        (
            "Failed to restart demo.service: Unit demo.service is masked.",
            |error| matches!(error, SystemctlError::Masked { .. }),
        ),
        (
            "Failed to restart demo.service: Unit demo.service has a bad unit file setting.\nSee system logs and 'systemctl status demo.service' for details.",
            |error| matches!(error, SystemctlError::BadUnit { .. }),
        ),
        (
            "Failed to restart demo.service: Transaction is destructive.",
            |error| matches!(error, SystemctlError::Failed { .. }),
        ),
    ];
    for (said, is) in cases {
        let quoted = said.replace('\'', "'\\''");
        let (_folder, systemctl) = programs(&format!("echo '{quoted}' >&2; exit 1"));
        let error = systemctl.restart(&unit()).unwrap_err();
        assert!(is(&error), "{said}: {error:?}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn a_job_that_fails_tells_how_the_unit_is_and_what_it_said() {
    let (_folder, systemctl) = programs(
        r#"case "$*" in
*show*) printf 'ActiveState=failed\nSubState=failed\nResult=exit-code\nInvocationID=77\n' ;;
*_SYSTEMD_INVOCATION_ID=77*INVOCATION_ID=77*) printf '{"__CURSOR":"c","MESSAGE":"no config"}\n' ;;
*) echo 'Job for demo.service failed because the control process exited with error code.' >&2; exit 1 ;;
esac
"#,
    );
    let error = systemctl.restart(&unit()).unwrap_err();
    let SystemctlError::JobFailed { lines, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(lines, &["no config"]);
    assert_eq!(
        error.to_string(),
        "restart demo.service: its job failed; the unit is failed (failed), result `exit-code`"
    );
}

#[test]
fn a_job_that_takes_too_long_is_given_up() {
    let (_folder, systemctl) = programs("exec sleep 1000");
    let systemctl = systemctl.with_job_patience(Duration::from_millis(200));
    let error = systemctl.start(&unit()).unwrap_err();
    assert!(
        matches!(error, SystemctlError::TimedOut { .. }),
        "{error:?}"
    );
}

#[test]
fn a_program_that_is_not_there_is_said_by_its_name() {
    let systemctl = Systemctl::new("/nonexistent/systemctl", "/nonexistent/journalctl");
    let error = systemctl.version().unwrap_err();
    assert_eq!(
        error.to_string(),
        "run /nonexistent/systemctl: it is not installed"
    );
}

#[test]
fn nobody_is_asked_for_a_password_and_names_are_no_options() {
    let (folder, systemctl) = programs("exit 0");
    let strange = UnitName::parse("-.service").unwrap();
    systemctl.start(&strange).unwrap();
    systemctl.enqueue(Job::Restart, &strange).unwrap();
    systemctl.reset_failed(&strange).unwrap();
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    for line in log.lines() {
        assert!(line.contains("--no-ask-password"), "{line}");
        assert!(line.ends_with(" -- -.service"), "{line}");
    }
    assert_eq!(log.lines().count(), 3);
}

#[test]
fn services_and_instances_are_listed_by_name() {
    let (_folder, systemctl) = programs(
        r"case $* in
*list-unit-files*) echo 'a.service enabled enabled'; echo 't@.service static -' ;;
*t@\*.service*) echo 't@1.service loaded active running One'; echo 't@2.service loaded failed failed Two' ;;
*) echo 'b.service loaded active running B'; echo 'a.service not-found inactive dead A' ;;
esac
",
    );
    let names = |list: Vec<UnitName>| {
        let names: Vec<_> = list.iter().map(UnitName::to_string).collect();
        names.join(" ")
    };
    assert_eq!(
        names(systemctl.list_services().unwrap()),
        "a.service b.service t@.service"
    );
    let template = UnitName::parse("t@.service").unwrap();
    assert_eq!(
        names(systemctl.instances(&template).unwrap()),
        "t@1.service t@2.service"
    );
}

#[test]
fn the_journal_is_read_from_where_it_was_left() {
    let (_folder, systemctl) = programs(
        r#"case "$*" in
*--lines=1*) printf '{"__CURSOR":"s=1;i=2","MESSAGE":"x"}\n' ;;
*'--after-cursor=s=1;i=2 --unit demo.service'*) printf '{"__CURSOR":"s=1;i=3","MESSAGE":"new","PRIORITY":"4"}\n' ;;
*) exit 1 ;;
esac
"#,
    );
    let cursor = systemctl.journal_end().unwrap().unwrap();
    let lines = systemctl.journal(&unit(), &Since::Cursor(cursor)).unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].message.as_str(), lines[0].priority), ("new", 4));
    let nothing = Since::Invocation("none".to_owned());
    assert_eq!(systemctl.journal(&unit(), &nothing).unwrap(), []);
}
