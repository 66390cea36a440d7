//! `apply`, `rollback`, `status` and `confirm` on a running system: what works stays, what does not leaves
//! everything as it was.

#![expect(
    clippy::unwrap_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

use std::path::Path;
use std::time::Duration;

use ringfence_testbed::{Image, Kind, Machine, Reply};

const PATIENCE: Duration = Duration::from_mins(2);

/// What sleep(1) and true(1) call beyond what every service may.
const CALLS: &str =
    "\"access\", \"clock_nanosleep\", \"newfstatat\", \"openat\", \"prctl\", \"prlimit64\"";

/// A host with `demo.service`, which runs, and a policy for it.
struct Host(Machine);

impl Host {
    fn boot(image: Image) -> Self {
        let host = Self(Machine::boot(image, Kind::Nspawn).unwrap());
        let program = Path::new(env!("CARGO_BIN_EXE_ringfence"));
        host.0.push(program, "/usr/bin/ringfence").unwrap();
        host.unit(
            "demo.service",
            "[Service]\nExecStart=/usr/bin/sleep infinity\n",
        );
        host.ok(&["systemctl", "start", "demo"]);
        host.policy("");
        host
    }

    fn unit(&self, name: &str, text: &str) {
        let path = format!("/etc/systemd/system/{name}");
        self.0.write(&path, text).unwrap();
        self.ok(&["systemctl", "daemon-reload"]);
    }

    /// Writes /root/demo.toml. With more lines at its end, which may open tables.
    fn policy(&self, more: &str) {
        self.policy_of("demo", "\"/usr/bin/sleep\", \"infinity\"", "", more);
    }

    fn policy_of(&self, name: &str, exec: &str, service: &str, more: &str) {
        let text = format!(
            "ringfence = 1\n\n[service]\nname = \"{name}\"\nexec = [{exec}]\nuser = \"dynamic\"\n{service}\n\
             [process]\nsyscalls = [{CALLS}]\n{more}"
        );
        self.0.write(&format!("/root/{name}.toml"), text).unwrap();
    }

    fn run(&self, argv: &[&str]) -> Reply {
        self.0.exec_within(PATIENCE, argv).unwrap()
    }

    fn ok(&self, argv: &[&str]) -> String {
        let reply = self.run(argv);
        assert!(reply.is_success(), "{argv:?}: {reply:?}");
        reply.text().into_owned()
    }

    /// Applies /root/demo.toml to a unit.
    fn apply(&self, unit: &str, more: &[&str]) -> Reply {
        let mut argv = vec![
            "ringfence",
            "apply",
            "--yes",
            "--settle",
            "1s",
            "--unit",
            unit,
        ];
        argv.extend(more);
        argv.push("/root/demo.toml");
        self.run(&argv)
    }

    fn applied(&self, unit: &str, more: &[&str]) -> String {
        let reply = self.apply(unit, more);
        assert!(reply.is_success(), "{reply:?}");
        reply.text().into_owned()
    }

    /// Fails with this status, and says this. Everything stays what it was.
    fn refused(&self, argv: &[&str], status: i32, says: &str) {
        let before = self.everything();
        let reply = self.run(argv);
        assert_eq!(reply.status, status, "{argv:?}: {reply:?}");
        let complaint = reply.complaint();
        assert!(complaint.contains(says), "{argv:?}: {complaint}");
        assert_eq!(complaint.matches("error:").count(), 1, "{complaint}");
        assert!(!complaint.contains("panicked"), "{complaint}");
        assert_eq!(self.everything(), before, "{argv:?}");
    }

    /// Whatever a deployment could change, and how the unit is.
    fn everything(&self) -> String {
        self.0
            .shell(
                "cd /etc/systemd/system
                find . /etc/sysusers.d /etc/tmpfiles.d /run/systemd/system 2>/dev/null | sort
                find . -type f | sort | xargs cat
                systemctl show -P ActiveState -P NeedDaemonReload -P DropInPaths demo
                ls -d /var/lib/ringfence/units/*/[0-9]* 2>/dev/null || true",
            )
            .unwrap()
    }

    fn active(&self, unit: &str) -> String {
        self.run(&["systemctl", "is-active", unit])
            .text()
            .into_owned()
    }

    fn dynamic(&self, unit: &str) -> String {
        self.ok(&["systemctl", "show", "-P", "DynamicUser", unit])
    }

    fn until(&self, what: &str, argv: &[&str], wanted: impl Fn(&Reply) -> bool) {
        self.0.wait_until(what, PATIENCE, argv, wanted).unwrap();
    }

    /// Until a unit runs without what was applied.
    fn rolled_back(&self, unit: &str) {
        let back = |reply: &Reply| reply.text() == "no\nactive";
        let argv = [
            "systemctl",
            "show",
            "-P",
            "DynamicUser",
            "-P",
            "ActiveState",
            unit,
        ];
        self.until("it runs without what was applied", &argv, back);
    }
}

fn on_both(test: impl Fn(&Host)) {
    for image in [Image::Bookworm, Image::Trixie] {
        test(&Host::boot(image));
    }
}

const DROP_IN: &str = "/etc/systemd/system/demo.service.d/50-ringfence.conf";

#[test]
fn a_policy_is_shown_applied_and_rolled_back() {
    on_both(|host| {
        let before = host.everything();
        let shown = host.run(&[
            "ringfence",
            "apply",
            "--unit",
            "demo",
            "--dry-run",
            "/root/demo.toml",
        ]);
        assert_eq!(shown.status, 12, "{shown:?}");
        assert!(shown.text().contains("+DynamicUser=yes"), "{shown:?}");
        assert!(shown.text().contains("\nexact "), "{shown:?}");
        assert_eq!(host.everything(), before);

        let text = host.applied("demo", &[]);
        assert!(
            text.ends_with("applied      generation 1 of demo.service; it works with it"),
            "{text}"
        );
        assert_eq!(
            (host.active("demo").as_str(), host.dynamic("demo").as_str()),
            ("active", "yes")
        );
        let again = host.applied("demo", &[]);
        assert!(again.contains("unchanged    demo.service"), "{again}");

        let status = host.ok(&["ringfence", "status", "demo", "--format", "json"]);
        assert!(
            status.contains("\"schema\": \"ringfence.status/1\""),
            "{status}"
        );
        assert!(status.contains("\"generation\": 1,"), "{status}");

        let text = host.ok(&["ringfence", "rollback", "demo", "--settle", "1s"]);
        assert!(
            text.ends_with("rolled back  demo.service from generation 1 to 0"),
            "{text}"
        );
        assert_eq!(
            (host.active("demo").as_str(), host.dynamic("demo").as_str()),
            ("active", "no")
        );
        let files = host
            .0
            .shell("ls /etc/systemd/system; ls -d /etc/systemd/system/demo.service.d || true");
        assert!(!files.unwrap().contains("demo.service.d"));
        host.ok(&[
            "ringfence",
            "rollback",
            "demo",
            "--to",
            "1",
            "--settle",
            "1s",
        ]);
        assert_eq!(host.dynamic("demo"), "yes");
    });
}

#[test]
fn a_unit_that_does_not_start_or_does_not_stay_up_gets_everything_back() {
    on_both(|host| {
        // Without these calls its C library does not even load.
        host.policy("");
        let text = host.ok(&["cat", "/root/demo.toml"]);
        let text = text.replace("\"openat\", ", "");
        host.0.write("/root/demo.toml", text).unwrap();
        let argv = [
            "ringfence",
            "apply",
            "--yes",
            "--unit",
            "demo",
            "/root/demo.toml",
        ];
        host.refused(
            &argv,
            1,
            "cannot keep demo.service running under this policy: it is failed",
        );
        assert_eq!(
            (host.active("demo").as_str(), host.dynamic("demo").as_str()),
            ("active", "no")
        );
        // One that the manager starts again and again never fails, and does not work either.
        host.unit(
            "demo.service",
            "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=50ms\n\
             ExecStart=/usr/bin/sleep infinity\n",
        );
        host.ok(&["systemctl", "restart", "demo"]);
        host.refused(
            &argv,
            1,
            "cannot keep demo.service running under this policy: it ",
        );
        assert_eq!(
            (host.active("demo").as_str(), host.dynamic("demo").as_str()),
            ("active", "no")
        );
    });
}

#[test]
fn a_check_that_fails_takes_everything_back() {
    let host = Host::boot(Image::Bookworm);
    let argv = [
        "ringfence",
        "apply",
        "--yes",
        "--settle",
        "1s",
        "--unit",
        "demo",
        "/root/demo.toml",
    ];
    host.policy(
        "[check]\nworkload = [\"sh\", \"-c\", \"echo no answer; exit 3\"]\ntimeout = \"2s\"\n",
    );
    host.refused(
        &argv,
        1,
        "its check fails: `sh -c 'echo no answer; exit 3'`: exit 3\n  | no answer\n",
    );
    host.policy("[check]\nhttp = \"http://127.0.0.1:9/\"\ntimeout = \"1s\"\n");
    host.refused(
        &argv,
        1,
        "its check fails: http://127.0.0.1:9/: Connection refused",
    );
    host.policy("[check]\nhttp = \"https://127.0.0.1:9/\"\n");
    host.refused(
        &argv,
        2,
        "cannot use the URL of `[check]`: only `http://` is asked here",
    );
    assert_eq!(host.active("demo"), "active");
    host.policy("[check]\nworkload = [\"systemctl\", \"is-active\", \"demo\"]\n");
    host.applied("demo", &[]);
}

#[test]
fn what_nobody_confirms_is_rolled_back_without_the_session() {
    on_both(|host| {
        let before = host.everything();
        let text = host.applied("demo", &["--confirm-within", "5s"]);
        assert!(
            text.contains("unconfirmed  it is rolled back unless"),
            "{text}"
        );
        host.ok(&["systemctl", "daemon-reload"]);
        assert_eq!(host.dynamic("demo"), "yes");
        let status = host.ok(&["ringfence", "status", "demo"]);
        assert!(
            status.contains("unconfirmed  generation 1 is rolled back"),
            "{status}"
        );
        // Neither is anything put on top of it meanwhile.
        let reply = host.apply("demo", &[]);
        assert!(
            reply.complaint().contains("waits to be confirmed"),
            "{reply:?}"
        );
        host.rolled_back("demo");
        let gone = [
            "sh",
            "-c",
            "! ls -R /etc/systemd/system /run/systemd/system | grep ringfence",
        ];
        host.until("the switch is gone", &gone, Reply::is_success);
        let store = "/var/lib/ringfence/units/demo.service/1";
        assert_eq!(host.everything(), format!("{before}\n{store}"));
    });
}

#[test]
fn what_is_confirmed_stays() {
    on_both(|host| {
        host.applied("demo", &["--confirm-within", "5s"]);
        let text = host.ok(&["ringfence", "confirm", "demo"]);
        assert_eq!(text, "confirmed    generation 1 of demo.service");
        let timers = host.ok(&[
            "systemctl",
            "list-units",
            "--all",
            "--no-legend",
            "ringfence-*",
        ]);
        assert_eq!(timers, "");
        let files = host.0.shell(
            "ls -R /etc/systemd/system /run/systemd/system | grep ringfence-confirm || true",
        );
        assert_eq!(files.unwrap(), "");
        assert_eq!(host.dynamic("demo"), "yes");
        let again = host.run(&["ringfence", "confirm", "demo"]);
        assert_eq!(again.status, 3, "{again:?}");
    });
}

#[test]
fn a_reboot_before_the_confirmation_rolls_back() {
    on_both(|host| {
        host.applied("demo", &["--confirm-within", "1h"]);
        // After a reboot /run is empty, and whatever the default target wants is started.
        let wanted = host.ok(&[
            "systemctl",
            "list-dependencies",
            "--plain",
            "default.target",
        ]);
        assert!(
            wanted.contains("ringfence-confirm-demo.service"),
            "{wanted}"
        );
        host.0
            .shell(
                "systemctl stop ringfence-confirm-demo.timer
                rm /run/systemd/system/ringfence-confirm-demo.timer
                systemctl daemon-reload
                systemctl start ringfence-confirm-demo.service",
            )
            .unwrap();
        host.rolled_back("demo");
        let gone = ["sh", "-c", "! ls -R /etc/systemd/system | grep ringfence"];
        host.until("the switch is gone", &gone, Reply::is_success);
    });
}

#[test]
fn an_apply_that_is_asked_to_stop_takes_everything_back() {
    let host = Host::boot(Image::Bookworm);
    host.policy("[check]\nworkload = [\"sh\", \"-c\", \"touch /run/checking; sleep 1000\"]\ntimeout = \"1h\"\n");
    for signal in ["INT", "TERM", "HUP"] {
        let before = host.everything();
        let script = format!(
            "rm -f /run/checking
            ringfence apply --yes --settle 1s --unit demo /root/demo.toml >/dev/null 2>/run/said & pid=$!
            while ! [ -e /run/checking ]; do sleep 0.05; done
            systemctl show -P DynamicUser demo
            kill -{signal} $pid; wait $pid; echo $?; cat /run/said; pgrep -c 'sleep 1000'"
        );
        let said = host.run(&["sh", "-c", &script]).text().into_owned();
        assert!(
            said.starts_with("yes\n130\nerror: cannot go on with demo.service: interrupted\n"),
            "{said}"
        );
        assert_eq!(host.everything(), before);
        assert_eq!(host.active("demo"), "active");
    }
}

#[test]
fn an_apply_that_was_killed_is_taken_back_by_whoever_comes_next() {
    let host = Host::boot(Image::Bookworm);
    let killed = || {
        host.policy("[check]\nworkload = [\"sh\", \"-c\", \"touch /run/checking; sleep 1000\"]\ntimeout = \"1h\"\n");
        let script = "rm -f /run/checking
            ringfence apply --yes --settle 1s --unit demo /root/demo.toml >/dev/null & pid=$!
            while ! [ -e /run/checking ]; do sleep 0.05; done
            kill -KILL $pid; wait $pid";
        host.run(&["sh", "-c", script]);
        let status = host.run(&["ringfence", "status", "demo"]);
        assert_eq!(status.status, 12, "{status:?}");
        assert!(
            status.text().contains("cut off      generation"),
            "{status:?}"
        );
        assert_eq!(host.dynamic("demo"), "yes");
    };
    killed();
    let text = host.ok(&["ringfence", "rollback", "demo", "--settle", "1s"]);
    assert!(text.contains("which was never finished"), "{text}");
    assert_eq!(
        (host.active("demo").as_str(), host.dynamic("demo").as_str()),
        ("active", "no")
    );
    killed();
    host.policy("");
    let reply = host.apply("demo", &[]);
    assert!(reply.is_success(), "{reply:?}");
    assert!(
        reply
            .complaint()
            .contains("was cut off while it was applied; it is taken back"),
        "{reply:?}"
    );
    assert_eq!(host.dynamic("demo"), "yes");
}

#[test]
fn a_terminal_is_asked_before_anything_is_written() {
    let host = Host::boot(Image::Bookworm);
    let answered = |answer: &str| {
        let script = format!(
            "printf '{answer}' | script -qec 'ringfence apply --settle 1s --unit demo /root/demo.toml' /dev/null"
        );
        host.run(&["sh", "-c", &script]).text().into_owned()
    };
    let before = host.everything();
    for answer in ["n\\n", "\\n"] {
        let text = answered(answer);
        assert!(
            text.contains("Apply this to demo.service, and restart it? [y/N]"),
            "{text}"
        );
        assert!(text.contains("nothing is changed"), "{text}");
        assert_eq!(host.everything(), before);
    }
    let text = answered("y\\n");
    assert!(
        text.contains("generation 1 of demo.service; it works with it"),
        "{text}"
    );
    assert_eq!(host.dynamic("demo"), "yes");
}

#[test]
fn an_edit_of_the_unit_that_the_manager_has_not_read_is_said() {
    let host = Host::boot(Image::Bookworm);
    host.0
        .write(
            "/etc/systemd/system/demo.service",
            "[Service]\nExecStart=/usr/bin/sleep infinity\n# edited\n",
        )
        .unwrap();
    let reply = host.apply("demo", &[]);
    assert!(reply.is_success(), "{reply:?}");
    assert!(
        reply
            .complaint()
            .contains("files of demo.service changed since"),
        "{reply:?}"
    );
}

#[test]
fn a_unit_that_does_not_run_stays_so() {
    let host = Host::boot(Image::Bookworm);
    host.ok(&["systemctl", "stop", "demo"]);
    let text = host.applied("demo", &[]);
    assert!(
        text.ends_with("it does not run, and has it when it is started"),
        "{text}"
    );
    assert_eq!(host.active("demo"), "inactive");
    assert_eq!(host.dynamic("demo"), "yes");
    host.ok(&["ringfence", "rollback", "demo"]);
    assert_eq!(host.active("demo"), "inactive");
}

#[test]
fn all_instances_of_a_template_get_its_policy() {
    on_both(|host| {
        host.unit(
            "tenant@.service",
            "[Service]\nExecStart=/usr/bin/sleep infinity\n",
        );
        host.ok(&["systemctl", "start", "tenant@one", "tenant@two"]);
        // A policy is the template's, whichever instance it is applied to.
        for name in ["tenant@one", "tenant@.service"] {
            let text = host.applied(name, &[]);
            assert!(
                text.contains("of tenant@.service; it works with it"),
                "{text}"
            );
            for instance in ["tenant@one", "tenant@two"] {
                let runs_with_it = "systemctl show -P MainPID \"$0\" | xargs -I@ grep NoNewPrivs:.1 /proc/@/status";
                host.ok(&["sh", "-c", runs_with_it, instance]);
            }
            host.ok(&["ringfence", "rollback", name, "--settle", "1s"]);
            for instance in ["tenant@one", "tenant@two"] {
                assert_eq!(
                    (
                        host.dynamic(instance).as_str(),
                        host.active(instance).as_str()
                    ),
                    ("no", "active")
                );
            }
        }
    });
}

#[test]
fn a_socket_goes_on_listening_while_its_service_changes() {
    on_both(|host| {
        host.unit("handed.socket", "[Socket]\nListenStream=/run/handed.sock\n");
        host.unit(
            "handed.service",
            "[Service]\nExecStart=/usr/bin/sleep infinity\n",
        );
        host.ok(&["systemctl", "start", "handed.socket"]);
        host.applied("handed", &[]);
        assert_eq!(
            (
                host.active("handed.socket").as_str(),
                host.active("handed").as_str()
            ),
            ("active", "inactive")
        );
        host.ok(&["ringfence", "rollback", "handed"]);
        host.ok(&["systemctl", "start", "handed.service"]);
        host.applied("handed", &[]);
        assert_eq!(
            (
                host.active("handed.socket").as_str(),
                host.active("handed").as_str()
            ),
            ("active", "active")
        );
        assert_eq!(host.dynamic("handed"), "yes");
    });
}

#[test]
fn a_batch_job_of_a_timer_is_run_once_to_see_that_it_works() {
    on_both(|host| {
        host.unit("job.timer", "[Timer]\nOnActiveSec=1d\n");
        host.unit(
            "job.service",
            "[Service]\nType=oneshot\nExecStart=/usr/bin/true\n",
        );
        host.ok(&["systemctl", "start", "job.timer"]);
        host.applied("job", &[]);
        assert_eq!(host.active("job.timer"), "active");
        host.ok(&["ringfence", "rollback", "job"]);
        // One that fails confined is found out before the timer finds out.
        let text = host.ok(&["cat", "/root/demo.toml"]);
        host.0
            .write("/root/demo.toml", text.replace("\"openat\", ", ""))
            .unwrap();
        let reply = host.apply("job", &[]);
        assert_eq!(reply.status, 1, "{reply:?}");
        assert!(reply.complaint().contains("it does not start"), "{reply:?}");
        assert_eq!(host.dynamic("job"), "no");
        assert_eq!(host.active("job.timer"), "active");
    });
}

#[test]
fn a_policy_may_bring_the_whole_unit_and_its_timer() {
    on_both(|host| {
        host.policy_of(
            "whole",
            "\"/usr/bin/true\"",
            "type = \"oneshot\"\ntimer = \"1d\"\n",
            "",
        );
        let reply = host.run(&[
            "ringfence",
            "apply",
            "--yes",
            "--unit",
            "whole",
            "/root/whole.toml",
        ]);
        assert!(reply.is_success(), "{reply:?}");
        assert_eq!(host.active("whole.timer"), "active");
        assert_eq!(
            host.ok(&["systemctl", "is-enabled", "whole.timer"]),
            "enabled"
        );
        host.ok(&["systemctl", "start", "whole"]);
        let again = host.run(&[
            "ringfence",
            "apply",
            "--yes",
            "--unit",
            "whole",
            "/root/whole.toml",
        ]);
        assert!(again.text().contains("unchanged"), "{again:?}");
        host.ok(&["ringfence", "rollback", "whole"]);
        assert_eq!(host.active("whole.timer"), "inactive");
        let found = host.run(&["systemctl", "cat", "whole.timer", "whole.service"]);
        assert!(!found.is_success(), "{found:?}");
        let after = host
            .0
            .shell("find /etc/systemd/system | grep -c whole || true");
        assert_eq!(after.unwrap(), "0");
    });
}

#[test]
fn bad_input_is_one_clear_error_and_changes_nothing() {
    on_both(|host| {
        let apply = |unit: &'static str| {
            [
                "ringfence",
                "apply",
                "--yes",
                "--unit",
                unit,
                "/root/demo.toml",
            ]
        };
        host.refused(
            &apply("missing"),
            2,
            "cannot find missing.service: no unit directory has it",
        );
        host.refused(&apply("de/mo"), 2, "de/mo");
        host.ok(&["systemctl", "mask", "--now", "systemd-update-done"]);
        host.refused(&apply("systemd-update-done"), 2, "masked");
        host.unit("broken.service", "[Service]\nType=notify\n");
        host.refused(&apply("broken"), 2, "broken.service");
        host.unit("garbled.service", "[Service\nExecStart=/usr/bin/true\n");
        host.refused(&apply("garbled"), 2, "garbled.service");
        let unlike = ["ringfence", "apply", "--unit", "demo", "/root/demo.toml"];
        host.refused(&unlike, 2, "this is no terminal");
        host.refused(
            &["ringfence", "rollback", "demo"],
            3,
            "nothing of ringfence is applied to it",
        );
        host.refused(&["ringfence", "confirm", "demo"], 3, "nothing waits for it");
        host.refused(
            &["ringfence", "status", "missing"],
            3,
            "nothing was ever applied to it",
        );
        let nobody = "chmod a+rx /root; setpriv --reuid 65534 --clear-groups ringfence apply --yes --unit demo /root/demo.toml";
        host.refused(
            &["sh", "-c", nobody],
            4,
            "it takes root\nhelp: run it as root",
        );
        let apart = |script: &str| {
            format!("{script}\nexec ringfence apply --yes --unit demo /root/demo.toml")
        };
        for (script, status, says) in [
            (
                "mount -t tmpfs none /run",
                4,
                "cannot reach the service manager",
            ),
            (
                "mount --bind /etc /etc; mount -o remount,ro,bind /etc",
                1,
                "Read-only file system",
            ),
            (
                "mount -t tmpfs -o size=4k,mode=755 none /var/lib; head -c 9999 /dev/zero >/var/lib/x 2>/dev/null",
                1,
                "No space left on device",
            ),
            (
                "mkdir /run/full; mount -t tmpfs -o size=8k,mode=755 none /run/full; cp /etc/systemd/system/demo.service /run/full; head -c 9999 /dev/zero >/run/full/x 2>/dev/null; mount --bind /run/full /etc/systemd/system",
                1,
                "No space left on device",
            ),
        ] {
            let script = apart(script);
            host.refused(&["unshare", "-m", "sh", "-c", &script], status, says);
            host.0.shell("rm -rf /run/full").unwrap();
        }
        host.0.shell("install -d -o nobody /tmp/theirs; ln -s /tmp/theirs /etc/systemd/system/demo.service.d").unwrap();
        host.refused(&apply("demo"), 1, "demo.service.d: it is a symbolic link");
        assert_eq!(host.0.shell("ls -A /tmp/theirs").unwrap(), "");
        host.0
            .shell("rm /etc/systemd/system/demo.service.d; chmod g+w /etc/systemd/system")
            .unwrap();
        host.refused(&apply("demo"), 1, "others than its owner can write to it");
        assert_eq!(host.active("demo"), "active");
    });
}

#[test]
fn an_edit_by_hand_is_respected() {
    let host = Host::boot(Image::Bookworm);
    host.applied("demo", &[]);
    host.0
        .shell(&format!(
            "echo '# mine' >>{DROP_IN}; systemctl daemon-reload"
        ))
        .unwrap();
    let status = host.run(&["ringfence", "status"]);
    assert_eq!(status.status, 12, "{status:?}");
    assert!(
        status.text().contains(&format!("edited       {DROP_IN}")),
        "{status:?}"
    );
    let apply = [
        "ringfence",
        "apply",
        "--yes",
        "--unit",
        "demo",
        "/root/demo.toml",
    ];
    host.refused(
        &apply,
        12,
        "it was edited since ringfence wrote it\nhelp: put the edit into a drop-in",
    );
    host.refused(
        &["ringfence", "rollback", "demo"],
        12,
        "it was edited since ringfence wrote it",
    );
    let reply = host.run(&[
        "ringfence",
        "rollback",
        "demo",
        "--replace-edits",
        "--settle",
        "1s",
    ]);
    assert!(reply.is_success(), "{reply:?}");
    let path = reply.complaint().rsplit(' ').next().unwrap().to_owned();
    assert!(host.ok(&["cat", &path]).ends_with("# mine"));
}
