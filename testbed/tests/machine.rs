//! Machines boot, obey and leave nothing behind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
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
fn user_mode_linux_boots_debian_12() {
    boots(Image::Bookworm, Kind::UserMode);
}

#[test]
fn user_mode_linux_boots_debian_13() {
    boots(Image::Trixie, Kind::UserMode);
}

#[test]
fn qemu_boots_debian_13() {
    boots(Image::Trixie, Kind::Qemu);
}

#[test]
fn a_container_obeys() {
    obeys(Image::Bookworm, Kind::Nspawn);
}

#[test]
fn user_mode_linux_obeys() {
    obeys(Image::Bookworm, Kind::UserMode);
}

#[test]
fn qemu_obeys() {
    obeys(Image::Trixie, Kind::Qemu);
}

fn obeys(image: Image, kind: Kind) {
    let machine = Machine::boot(image, kind).unwrap();
    replies_carry_status_output_and_errors_apart(&machine);
    words_arrive_unchanged(&machine);
    a_command_that_hangs_is_ended_and_one_that_forks_is_not_waited_for(&machine);
    files_arrive_with_contents_and_permissions(&machine);
}

fn replies_carry_status_output_and_errors_apart(machine: &Machine) {
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

fn words_arrive_unchanged(machine: &Machine) {
    let said = machine.check([
        "printf",
        "%s|",
        "",
        "it's",
        "$HOME `x` \\",
        "two\nlines",
        "*",
    ]);
    assert_eq!(said.unwrap(), "|it's|$HOME `x` \\|two\nlines|*|");
}

fn a_command_that_hangs_is_ended_and_one_that_forks_is_not_waited_for(machine: &Machine) {
    let start = Instant::now();
    let reply = machine
        .exec_within(Duration::from_secs(1), ["sleep", "1000"])
        .unwrap();
    assert_eq!(reply.status, 124);
    machine.shell("sleep 1000 & echo started").unwrap();
    assert!(start.elapsed() < Duration::from_mins(1));
}

fn files_arrive_with_contents_and_permissions(machine: &Machine) {
    machine.write("/some/where/new", "one\n").unwrap();
    let seen = machine
        .shell("cat /some/where/new; stat -c %a /some/where/new")
        .unwrap();
    assert_eq!(seen, "one\n644");
    // Every byte there is, and more of them than any buffer on the way has room for.
    let bytes: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    file.as_file()
        .set_permissions(Permissions::from_mode(0o755))
        .unwrap();
    machine.push(file.path(), "/opt/bin/bytes").unwrap();
    machine.check(["test", "-x", "/opt/bin/bytes"]).unwrap();
    assert!(machine.exec(["cat", "/opt/bin/bytes"]).unwrap().stdout == bytes);
}

#[test]
fn machines_run_beside_each_other_and_share_nothing() {
    let one = Machine::boot(Image::Bookworm, Kind::Nspawn).unwrap();
    let other = Machine::boot(Image::Bookworm, Kind::Nspawn).unwrap();
    one.write("/marker", "one").unwrap();
    assert_eq!(other.exec(["cat", "/marker"]).unwrap().status, 1);
    let groups = "mkdir /sys/fs/cgroup/probe.slice && ls -d /sys/fs/cgroup/*.slice";
    one.shell(groups).unwrap();
    other.shell(groups).unwrap();
    drop(one);
    let third = Machine::boot(Image::Bookworm, Kind::Nspawn).unwrap();
    assert_eq!(third.exec(["cat", "/marker"]).unwrap().status, 1);
}

#[test]
fn a_machine_ends_with_its_value() {
    outlived_by_nothing("Nspawn", |victim| {
        writeln!(victim.stdin.take().unwrap(), "drop").unwrap();
    });
}

#[test]
fn a_container_ends_with_a_killed_process() {
    outlived_by_nothing("Nspawn", |victim| victim.kill().unwrap());
}

#[test]
fn user_mode_linux_ends_with_a_killed_process() {
    outlived_by_nothing("UserMode", |victim| victim.kill().unwrap());
}

#[test]
fn qemu_ends_with_a_killed_process() {
    outlived_by_nothing("Qemu", |victim| victim.kill().unwrap());
}

/// Has another process boot a machine, ends that process in some way, and waits until all it started is gone.
fn outlived_by_nothing(kind: &str, end: impl Fn(&mut Child)) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--ignored", "--nocapture"])
        .env("VICTIM", kind)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let started = lines.find_map(|line| line.unwrap().strip_prefix("started ").map(str::to_owned));
    let started = started.unwrap();
    let pids: Vec<u32> = started.split(' ').map(|pid| pid.parse().unwrap()).collect();
    assert!(!pids.is_empty());
    end(&mut victim);
    victim.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Some(pid) = pids
        .iter()
        .find(|pid| Path::new(&format!("/proc/{pid}")).exists())
    {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "other tests start it to end it"]
fn victim() {
    let kind = match std::env::var("VICTIM").as_deref() {
        Ok("UserMode") => Kind::UserMode,
        Ok("Qemu") => Kind::Qemu,
        _ => Kind::Nspawn,
    };
    let _machine = Machine::boot(Image::Trixie, kind).unwrap();
    let pids: Vec<_> = descendants(std::process::id())
        .iter()
        .map(u32::to_string)
        .collect();
    println!("\nstarted {}", pids.join(" "));
    std::io::stdin().lock().lines().next();
}

fn descendants(pid: u32) -> Vec<u32> {
    let mut all = Vec::new();
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    for task in tasks.into_iter().flatten().flatten() {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for child in children
            .split_ascii_whitespace()
            .map(|pid| pid.parse().unwrap())
        {
            all.push(child);
            all.extend(descendants(child));
        }
    }
    all
}
