//! Machines boot, obey and leave nothing behind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::{Duration, Instant};

use ringfence_testbed::{Image, Kind, Machine};

fn boots(image: Image, kind: Kind) {
    let machine = Machine::boot(image, kind).unwrap();
    let version = machine.check(["systemctl", "--version"]).unwrap();
    assert!(
        version.starts_with(&format!("systemd {}", image.systemd())),
        "{version}"
    );
    assert_eq!(
        machine.check(["ps", "-o", "comm=", "-p", "1"]).unwrap(),
        "systemd"
    );
}

#[test]
fn a_container_of_debian_12_boots() {
    boots(Image::Bookworm, Kind::Nspawn);
}

#[test]
fn a_container_of_debian_12_with_services_boots() {
    boots(Image::BookwormServices, Kind::Nspawn);
}

#[test]
fn a_container_of_debian_13_boots() {
    boots(Image::Trixie, Kind::Nspawn);
}

#[test]
fn replies_carry_status_output_and_errors_apart() {
    let machine = Machine::boot(Image::Bookworm, Kind::Nspawn).unwrap();
    let reply = machine
        .exec(["sh", "-c", "echo out; echo err >&2; exit 7"])
        .unwrap();
    assert_eq!(
        (reply.status, reply.stdout, reply.stderr),
        (7, b"out\n".into(), b"err\n".into())
    );
    let reply = machine.exec(["sh", "-c", "kill -9 $$"]).unwrap();
    assert_eq!(reply.status, 137);
    let error = machine
        .check(["cat", "/nonexistent"])
        .unwrap_err()
        .to_string();
    assert!(error.contains("No such file"), "{error}");
}

#[test]
fn a_command_that_hangs_is_ended_and_one_that_forks_is_not_waited_for() {
    let machine = Machine::boot(Image::Bookworm, Kind::Nspawn).unwrap();
    let start = Instant::now();
    let reply = machine
        .exec_within(Duration::from_secs(1), ["sleep", "1000"])
        .unwrap();
    assert_eq!(reply.status, 124);
    machine.shell("sleep 1000 & echo started").unwrap();
    assert!(start.elapsed() < Duration::from_mins(1));
}

#[test]
fn files_arrive_with_contents_and_permissions() {
    let machine = Machine::boot(Image::Bookworm, Kind::Nspawn).unwrap();
    machine.write("/some/where/new", "one\n").unwrap();
    assert_eq!(
        machine
            .shell("cat /some/where/new; stat -c %a /some/where/new")
            .unwrap(),
        "one\n644"
    );
    machine
        .push(Path::new("/bin/true"), "/opt/bin/true")
        .unwrap();
    machine.check(["test", "-x", "/opt/bin/true"]).unwrap();
}

#[test]
fn machines_run_beside_each_other_and_share_nothing() {
    let one = Machine::boot(Image::Bookworm, Kind::Nspawn).unwrap();
    let other = Machine::boot(Image::Bookworm, Kind::Nspawn).unwrap();
    one.write("/marker", "one").unwrap();
    assert_eq!(other.exec(["cat", "/marker"]).unwrap().status, 1);
    drop(one);
    let third = Machine::boot(Image::Bookworm, Kind::Nspawn).unwrap();
    assert_eq!(third.exec(["cat", "/marker"]).unwrap().status, 1);
}
