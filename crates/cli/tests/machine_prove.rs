//! Units attacked on a running system: what is open is said to be open, whatever the unit file claims, and
//! the service does not notice.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use ringfence_prove::{ConfinedResult, Report};
use ringfence_testbed::{Image, Kind, Machine, Reply};

/// What a proof takes is seconds; other tests run beside this one.
const PATIENCE: Duration = Duration::from_mins(4);

fn machine(image: Image) -> Machine {
    machine_of(image, Kind::Nspawn)
}

fn machine_of(image: Image, kind: Kind) -> Machine {
    let machine = Machine::boot(image, kind).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_ringfence"));
    machine.push(program, "/usr/bin/ringfence").unwrap();
    machine
}

/// A unit that runs until it is stopped.
fn install(machine: &Machine, name: &str, settings: &str) {
    let start = if settings.contains("ExecStart=") {
        ""
    } else {
        "ExecStart=/usr/bin/sleep infinity\n"
    };
    let text = format!("[Service]\n{start}{settings}");
    machine
        .write(&format!("/etc/systemd/system/{name}"), text)
        .unwrap();
    machine.check(["systemctl", "daemon-reload"]).unwrap();
}

fn prove(machine: &Machine, arguments: &[&str]) -> Reply {
    let mut argv = vec!["ringfence", "prove", "--format", "json", "--unit"];
    argv.extend(arguments);
    machine.exec_within(PATIENCE, argv).unwrap()
}

fn report(machine: &Machine, arguments: &[&str]) -> Report {
    let reply = prove(machine, arguments);
    serde_json::from_slice(&reply.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", reply.complaint()))
}

fn reached(report: &Report) -> BTreeSet<&str> {
    report.reached().map(|row| row.id.as_str()).collect()
}

fn stopped(report: &Report) -> BTreeSet<&str> {
    report.stopped().map(|row| row.id.as_str()).collect()
}

/// What is left of proofs.
const LEFT: &str = "
    ls -A /run/ringfence/prove 2>/dev/null || true
    ls -A /run/systemd/system | grep ringfence || true
    systemctl list-units --all --no-legend --plain 'ringfence-*'
    ls -d /tmp/ringfence-* 2>/dev/null || true";

/// Nothing is left. The manager forgets a unit without a file only when it has nothing else to do.
fn assert_nothing_is_left(machine: &Machine) {
    machine
        .wait_until(
            "nothing is left",
            Duration::from_secs(30),
            ["sh", "-euc", LEFT],
            |reply| reply.text().is_empty(),
        )
        .unwrap();
}

#[test]
fn a_service_is_attacked_as_packaged_and_does_not_notice() {
    let machine = machine(Image::BookwormServices);
    machine
        .check(["systemctl", "start", "redis-server"])
        .unwrap();
    machine.check(["redis-cli", "set", "key", "kept"]).unwrap();
    let state = || {
        machine
            .shell(
                "systemctl show -P MainPID -P NRestarts -P InvocationID redis-server
                stat -c '%n %i %U %G %a %Y' /run/redis /run/redis/* /var/lib/redis /var/log/redis /etc/redis/redis.conf
                redis-cli get key",
            )
            .unwrap()
    };
    let before = state();
    let report = report(&machine, &["redis-server"]);
    assert_eq!(before, state());
    assert_nothing_is_left(&machine);
    assert!(
        report.host.starts_with("systemd 252, Linux "),
        "{}",
        report.host
    );

    let reached = reached(&report);
    // It scores 1.2 and has these: a loop around NoExecPaths=/, its own settings, and everyone's names.
    for id in [
        "run-dropped-program",
        "run-memory-file",
        "change-own-settings",
        "read-accounts",
        "system-bus",
        "loopback-tcp",
        "use-all-tasks",
        "use-all-memory",
    ] {
        assert!(reached.contains(id), "{id}: {reached:?}");
    }
    let stopped = stopped(&report);
    for id in [
        "write-and-run-memory",
        "user-namespace",
        "run-setuid-program",
        "run-shell",
        "see-others",
    ] {
        assert!(stopped.contains(id), "{id}: {stopped:?}");
    }
    assert!(!reached.contains("order-over-bus"));
}

#[test]
fn root_without_a_sandbox_reaches_everything() {
    let machine = machine(Image::BookwormServices);
    machine.check(["systemctl", "start", "nginx"]).unwrap();
    let reply = prove(&machine, &["nginx"]);
    assert_eq!(reply.status, 11, "{}", reply.complaint());
    let report: Report = serde_json::from_slice(&reply.stdout).unwrap();
    assert!(stopped(&report).is_empty(), "{:?}", stopped(&report));
    let reached = reached(&report);
    assert!(reached.len() > 80, "{}", reached.len());
    for id in [
        "read-shadow",
        "trace-others",
        "systemd-socket",
        "order-over-bus",
        "listening-sockets",
        "change-state",
        "replace-own-program",
    ] {
        assert!(reached.contains(id), "{id}: {reached:?}");
    }
    machine.check(["curl", "-sf", "http://127.0.0.1/"]).unwrap();
    assert_nothing_is_left(&machine);
}

/// Forms that look closed and are not, each beside the one that is.
const TRAPS: [(&str, &str, &str); 3] = [
    (
        "read-accounts",
        "TemporaryFileSystem=/\nBindReadOnlyPaths=/usr /lib /lib64 /bin\nProtectSystem=strict\n",
        "TemporaryFileSystem=/etc:ro /var:ro\nProtectSystem=strict\n",
    ),
    (
        "replace-programs",
        "ProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr/lib /usr/bin\n",
        "ProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr/lib /usr/bin\n\
         BindReadOnlyPaths=/usr/lib /usr/bin\n",
    ),
    (
        "run-dropped-program",
        "PrivateTmp=yes\nProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr/bin/sleep /usr/lib\n",
        "PrivateTmp=yes\nProtectSystem=strict\nNoExecPaths=/ /tmp /var/tmp /dev/shm\n\
         ExecPaths=/usr/bin/sleep /usr/lib\n",
    ),
];

fn traps_are_open(image: Image) {
    let machine = machine(image);
    for (id, trap, way_out) in TRAPS {
        install(&machine, "trap.service", trap);
        let open = report(&machine, &["trap"]);
        assert!(
            reached(&open).contains(id),
            "{id} in {trap}: {:?}",
            reached(&open)
        );
        install(&machine, "trap.service", way_out);
        let closed = report(&machine, &["trap"]);
        assert!(
            stopped(&closed).contains(id),
            "{id} in {way_out}: {:?}",
            reached(&closed)
        );
    }
    assert_nothing_is_left(&machine);
}

#[test]
fn directives_that_do_nothing_are_shown_open_on_systemd_252() {
    traps_are_open(Image::Bookworm);
}

#[test]
fn directives_that_do_nothing_are_shown_open_on_systemd_257() {
    traps_are_open(Image::Trixie);
}

#[test]
fn an_invented_user_keeps_its_directories_and_one_process_is_enough() {
    for image in [Image::Bookworm, Image::Trixie] {
        let machine = machine(image);
        install(
            &machine,
            "tight.service",
            "Type=exec\nDynamicUser=yes\nStateDirectory=tight\nRuntimeDirectory=tight\nTasksMax=1\n\
             PrivateNetwork=yes\nCapabilityBoundingSet=\nSystemCallFilter=@system-service\n\
             SystemCallFilter=~@process\nNoExecPaths=/\nExecPaths=/usr/bin/sleep /usr/lib\n",
        );
        machine.check(["systemctl", "start", "tight"]).unwrap();
        machine
            .shell(
                "for directory in /var/lib/tight /run/tight; do
                    touch $directory/data; chown --reference=$directory/. $directory/data
                done",
            )
            .unwrap();
        let state = || {
            machine
                .shell(
                    "systemctl show -P MainPID tight
                    stat -c '%n %i %u %a %F' /var/lib/tight /var/lib/private/tight /run/tight \
                        /var/lib/tight/data /run/tight/data
                    ls -d /run/private 2>&1 || true",
                )
                .unwrap()
        };
        let before = state();
        let report = report(&machine, &["tight"]);
        assert_eq!(before, state());
        assert_nothing_is_left(&machine);
        let stopped = stopped(&report);
        for id in [
            "loopback-tcp",
            "user-namespace",
            "run-shell",
            "use-all-tasks",
        ] {
            assert!(stopped.contains(id), "{id}: {:?}", report.rows);
        }
        let own = report
            .rows
            .iter()
            .find(|row| row.id == "read-accounts")
            .unwrap();
        assert!(matches!(own.confined, ConfinedResult::Reached { .. }));
    }
}

#[test]
fn what_was_made_for_a_unit_that_does_not_run_is_removed() {
    for image in [Image::Bookworm, Image::Trixie] {
        let machine = machine(image);
        install(
            &machine,
            "idle@.service",
            "ExecStart=-@/usr/bin/sleep idle infinity\nUser=daemon\nStateDirectory=%p/%i\n\
             RuntimeDirectory=%N\nCacheDirectory=%p\nProtectSystem=strict\n",
        );
        install(
            &machine,
            "invented.service",
            "DynamicUser=yes\nStateDirectory=invented\nRuntimeDirectory=invented\n",
        );
        let listed = || {
            machine
                .shell("ls -A /run /run/private /var/lib /var/lib/private /var/cache /var/log 2>&1 | grep -v ringfence")
                .unwrap()
        };
        let before = listed();
        let found = report(&machine, &["idle@a-b"]);
        assert!(reached(&found).contains("read-accounts"));
        assert!(stopped(&found).is_empty() || !reached(&found).contains("replace-programs"));
        assert!(reached(&report(&machine, &["invented"])).contains("read-accounts"));
        assert_nothing_is_left(&machine);
        let after = listed();
        // Where invented users have their directories stays; systemd made it and takes it for granted.
        let named = |text: &str| {
            text.lines()
                .filter(|line| line.starts_with("idle") || line.starts_with("invented"))
                .count()
        };
        assert_eq!(named(&before), named(&after), "{after}");
    }
}

#[test]
fn a_command_that_is_exempt_from_the_sandbox_is_proven_to_be() {
    let machine = machine(Image::Bookworm);
    let sandbox = "User=daemon\nProtectSystem=strict\nNoNewPrivileges=yes\nPrivateNetwork=yes\n";
    install(
        &machine,
        "exempt.service",
        &format!("ExecStart=+/usr/bin/sleep infinity\n{sandbox}"),
    );
    let report_exempt = report(&machine, &["exempt"]);
    assert!(reached(&report_exempt).contains("replace-programs"));
    assert!(reached(&report_exempt).contains("become-root"));
    // As root, but inside the rest of it.
    install(
        &machine,
        "exempt.service",
        &format!("ExecStart=!/usr/bin/sleep infinity\n{sandbox}"),
    );
    let report_own = report(&machine, &["exempt"]);
    assert!(reached(&report_own).contains("become-root"));
    assert!(stopped(&report_own).contains("replace-programs"));
    assert!(stopped(&report_own).contains("loopback-tcp"));
}

#[test]
fn a_program_is_stood_in_for_wherever_and_whatever_it_is() {
    let machine = machine(Image::Bookworm);
    machine
        .shell(
            "mkdir -p /srv/jail/opt '/opt/my app:x'
            install -m 755 /dev/null /srv/jail/opt/program
            cp /usr/bin/sleep '/opt/my app:x/a program'
            ln -s '/opt/my app:x/a program' /usr/bin/aliased
            printf '#!/bin/sh\nexec sleep infinity\n' >/usr/local/bin/script
            chmod 755 /usr/local/bin/script",
        )
        .unwrap();
    for (start, settings, stops) in [
        (
            "/opt/program",
            "RootDirectory=/srv/jail\nUser=daemon\n",
            "read-accounts",
        ),
        (
            "\"/opt/my app:x/a program\" infinity",
            "ProtectSystem=strict\n",
            "replace-own-program",
        ),
        (
            "/usr/bin/aliased infinity",
            "ProtectSystem=strict\n",
            "replace-programs",
        ),
        (
            "script",
            "User=daemon\nLimitFSIZE=0\nPrivateIPC=yes\n",
            "share-memory",
        ),
    ] {
        install(
            &machine,
            "somewhere.service",
            &format!("ExecStart={start}\n{settings}"),
        );
        let report = report(&machine, &["somewhere"]);
        assert!(
            stopped(&report).contains(stops),
            "{start}: {:?}",
            report.rows
        );
        assert!(
            reached(&report).contains("abstract-socket"),
            "{start}: {:?}",
            report.rows
        );
    }
    assert_nothing_is_left(&machine);
}

/// A container here may have neither memory nor process limits, nor AppArmor; this kernel has.
#[test]
fn limits_that_end_the_unit_and_profiles_by_path_are_proven_to_hold() {
    let machine = machine_of(Image::Trixie, Kind::UserMode);
    install(
        &machine,
        "limited.service",
        "User=daemon\nMemoryMax=96M\nMemorySwapMax=0\nTasksMax=20\nOOMPolicy=kill\n",
    );
    let limited = report(&machine, &["limited"]);
    for id in ["use-all-memory", "use-all-tasks"] {
        assert!(stopped(&limited).contains(id), "{id}: {:?}", limited.rows);
    }
    // What came after the unit was taken down is known all the same.
    assert!(
        reached(&limited).contains("share-memory"),
        "{:?}",
        limited.rows
    );

    machine
        .shell(
            "cp /usr/bin/sleep /usr/bin/profiled
            mount | grep -q securityfs || mount -t securityfs none /sys/kernel/security
            printf '%s\n' 'profile profiled /usr/bin/profiled {' '  file,' '  network,' '  unix,' \
                '  deny /etc/passwd r,' '  deny /etc/group r,' '}' | apparmor_parser -r",
        )
        .unwrap();
    install(
        &machine,
        "profiled.service",
        "ExecStart=/usr/bin/profiled infinity\nUser=daemon\n",
    );
    let profiled = report(&machine, &["profiled"]);
    assert!(
        stopped(&profiled).contains("read-accounts"),
        "{:?}",
        profiled.rows
    );
    assert!(reached(&profiled).contains("read-configuration"));
    assert_nothing_is_left(&machine);
}

#[test]
fn our_drop_in_counts_unless_left_out() {
    let machine = machine(Image::Bookworm);
    install(&machine, "open.service", "");
    machine
        .write(
            "/etc/systemd/system/open.service.d/50-ringfence.conf",
            "[Service]\nProtectSystem=strict\nPrivateNetwork=yes\n",
        )
        .unwrap();
    let packaged = report(&machine, &["open", "--as-packaged"]);
    let hardened = report(&machine, &["open"]);
    for id in ["loopback-tcp", "replace-programs", "add-service"] {
        assert!(reached(&packaged).contains(id), "{id}");
        assert!(stopped(&hardened).contains(id), "{id}");
    }
}

#[test]
fn a_copy_never_hands_directories_to_another_user() {
    let machine = machine(Image::Bookworm);
    install(
        &machine,
        "owner.service",
        "User=daemon\nStateDirectory=owner\n",
    );
    machine.check(["systemctl", "start", "owner"]).unwrap();
    let whose = || {
        machine
            .check(["stat", "-c", "%U %i", "/var/lib/owner"])
            .unwrap()
    };
    let before = whose();
    // Written and not yet read by the manager: the service runs as it did.
    machine
        .write(
            "/etc/systemd/system/owner.service.d/50-ringfence.conf",
            "[Service]\nDynamicUser=yes\nUser=\n",
        )
        .unwrap();
    let refused = prove(&machine, &["owner"]);
    assert_eq!(refused.status, 1);
    assert!(
        refused
            .complaint()
            .contains("would hand over /var/lib/owner"),
        "{}",
        refused.complaint()
    );
    assert_eq!(before, whose());
    assert_nothing_is_left(&machine);
}

#[test]
fn a_unit_that_cannot_start_is_an_error_and_not_a_success() {
    let machine = machine(Image::Bookworm);
    install(&machine, "broken.service", "User=nosuchuser\n");
    let reply = prove(&machine, &["broken"]);
    assert_eq!(reply.status, 1);
    assert!(
        reply.complaint().contains("217/USER"),
        "{}",
        reply.complaint()
    );
    let missing = prove(&machine, &["no-such-service"]);
    assert_eq!(missing.status, 3);
    assert_nothing_is_left(&machine);
}

#[test]
fn an_interrupted_proof_takes_everything_down_and_a_killed_one_is_cleared_by_the_next() {
    let machine = machine(Image::Bookworm);
    install(&machine, "a.service", "User=daemon\nStateDirectory=a\n");
    install(&machine, "b.service", "User=daemon\n");
    let during = "
        ringfence prove --unit a >/tmp/out 2>&1 & proof=$!
        until systemctl -q is-active ringfence-bare-a.service; do kill -0 $proof; done";
    let reply = machine
        .exec([
            "sh",
            "-euc",
            &format!("{during}\nkill -INT $proof; wait $proof"),
        ])
        .unwrap();
    assert_eq!(reply.status, 130, "{}", reply.complaint());
    assert_nothing_is_left(&machine);

    machine
        .shell(&format!("{during}\nkill -KILL $proof; wait $proof || true"))
        .unwrap();
    // Nobody gives orders any more, so both copies end by themselves.
    machine
        .wait_until(
            "the copies have ended",
            Duration::from_secs(30),
            [
                "systemctl",
                "is-active",
                "ringfence-prove-a",
                "ringfence-bare-a",
            ],
            |reply| reply.text() == "inactive\ninactive",
        )
        .unwrap();
    assert_ne!(machine.shell(LEFT).unwrap(), "");
    // A directory in /tmp is given the time to be locked by whoever has just made it.
    machine
        .shell("touch -d -1min /tmp/ringfence-prove-*")
        .unwrap();
    report(&machine, &["b"]);
    assert_nothing_is_left(&machine);
    let made = machine.exec(["test", "-e", "/var/lib/a"]).unwrap();
    assert!(!made.is_success());
}
