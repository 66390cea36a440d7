//! One small unit of each kind, with what makes watching it hard.

use ringfence_policy::derive::{Options, derive};
use ringfence_policy::grant::{DirectoryKind, Grant, User};
use ringfence_policy::trace::Exercise::{Reload, SecondStart, Stop, Workload};
use ringfence_policy::trace::Fact;

use ringfence_testbed::{Image, Kind};

use super::scene::Scene;

/// A server in Python that greets; how it says that it is up is its first argument.
const SERVER: &str = r#"
import os, signal, socket, sys, time
how, port, *rest = sys.argv[1:]
def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(os.environ["NOTIFY_SOCKET"]); s.send(text.encode())
signal.signal(signal.SIGHUP, lambda *_: open("/etc/hostname").read())
if how == "fork":
    if os.fork(): time.sleep(0.2); sys.exit(0)
    os.setsid()
    with open(rest[0], "w") as pid: pid.write(str(os.getpid()))
if how == "handed":
    assert os.environ["LISTEN_PID"] == str(os.getpid())
    s = socket.socket(fileno=3)
else:
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", int(port))); s.listen()
if how == "notify":
    open(rest[0] + "/state", "a").write("x"); notify("READY=1")
s.settimeout(0.5)
while True:
    if how == "notify": notify("WATCHDOG=1")
    try: c, _ = s.accept()
    except TimeoutError: continue
    c.sendall(b"hello\n"); c.close()
"#;

/// The machine with the server, and a client that is content only with its greeting.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("/opt/greet/server.py", SERVER);
    scene.write(
        "/opt/greet/client.py",
        "import socket, sys\n\
         s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n\
         sys.exit(s.recv(10) != b'hello\\n')\n",
    );
    scene
}

const CLIENT: &str = "python3 /opt/greet/client.py 7001";

#[test]
fn helpers_signs_and_late_drop_ins_stay_what_they_are() {
    let scene = scene();
    scene.unit(
        "plain.service",
        "[Service]\n\
         ExecStartPre=/bin/sh -c 'mkdir -p /run/plain && echo \"a  b\" > /run/plain/pre'\n\
         ExecStartPre=-/bin/false\n\
         ExecStartPost=+/bin/touch /run/plain/unconfined\n\
         ExecStart=/bin/false\n",
    );
    scene.write(
        "/etc/systemd/system/plain.service.d/override.conf",
        "[Service]\nUser=nobody\nPermissionsStartOnly=yes\nIgnoreSIGPIPE=no\nEnvironment=PORT=7001\n\
         ExecStart=\nExecStart=@/bin/sh greeter -c 'exec python3 /opt/greet/server.py plain $PORT'\n",
    );
    scene.shell("systemctl daemon-reload");
    let plain = scene.learn("plain", &[CLIENT]);
    plain.assert_complete();
    plain.assert_exercised(&[Workload, SecondStart, Stop]);
    assert_eq!(
        plain.argv(),
        ["python3", "/opt/greet/server.py", "plain", "7001"]
    );
    assert_eq!(plain.run().user.as_deref(), Some("nobody"));
    assert!(plain.touches("/run/plain/pre") && plain.executes("/usr/bin/false"));
    assert!(!plain.touches("/run/plain/unconfined"));
    assert_eq!(scene.shell("cat /run/plain/pre"), "a  b");
    scene.shell("test -e /run/plain/unconfined");
}

#[test]
fn a_dynamic_user_keeps_its_directory_and_is_reloaded() {
    let scene = scene();
    scene.unit(
        "dynamic.service",
        "[Service]\nType=notify\nDynamicUser=yes\nStateDirectory=dynamic\nWatchdogSec=10\n\
         TimeoutStartSec=10\nExecReload=/bin/kill -HUP $MAINPID\n\
         ExecStart=/usr/bin/python3 /opt/greet/server.py notify 7001 /var/lib/dynamic\n",
    );
    scene.shell("systemctl start dynamic");
    let dynamic = scene.learn("dynamic", &[CLIENT]);
    dynamic.assert_complete();
    dynamic.assert_exercised(&[Workload, Reload, SecondStart, Stop]);
    assert!(dynamic.has(|fact| matches!(fact, Fact::SignalReceived { signal: 1 })));
    let manifest = derive(&dynamic.trace, &Options::default())
        .unwrap()
        .manifest;
    assert_eq!(manifest.service.user, User::Dynamic);
    let own = Grant::Directory(DirectoryKind::State, "dynamic".to_owned());
    assert!(manifest.entries.iter().any(|entry| entry.grant == own));
}

#[test]
fn daemons_and_jobs_are_told_by_what_they_leave_behind() {
    let scene = scene();
    scene.unit(
        "forks.service",
        "[Service]\nType=forking\nPIDFile=/run/forks/pid\nRuntimeDirectory=forks\n\
         ExecStart=-/usr/bin/python3 /opt/greet/server.py fork 7001 /run/forks/pid\n\
         ExecStop=/bin/kill -TERM $MAINPID\n",
    );
    let forks = scene.learn("forks", &[CLIENT]);
    forks.assert_complete();
    forks.assert_exercised(&[Workload, SecondStart, Stop]);
    assert!(forks.touches("/run/forks/pid") && forks.executes("/usr/bin/kill"));

    scene.unit(
        "job.service",
        "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo one > /run/job'\nExecStart=/bin/cat /run/job\n",
    );
    let job = scene.learn("job", &[]);
    job.assert_complete();
    job.assert_exercised(&[SecondStart]);
    assert_eq!(job.run().ended.as_deref(), Some("exit 0"));
    assert!(job.executes("/usr/bin/dash") && job.executes("/usr/bin/cat"));

    scene.unit(
        "remains.service",
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/touch /run/remains\nExecStop=/bin/rm /run/remains\n",
    );
    scene.shell("systemctl start remains");
    let remains = scene.learn("remains", &[]);
    remains.assert_exercised(&[SecondStart, Stop]);
    assert!(remains.executes("/usr/bin/rm"));
    scene.shell("test -e /run/remains");
}

#[test]
fn a_socket_that_was_handed_over_is_served_and_not_bound() {
    let scene = scene();
    scene.unit("handed.socket", "[Socket]\nListenStream=127.0.0.1:7001\n");
    scene.unit(
        "handed.service",
        "[Service]\nExecStart=/usr/bin/python3 /opt/greet/server.py handed 0\n",
    );
    scene.shell("systemctl start handed.socket");
    let handed = scene.learn("handed", &[CLIENT]);
    handed.assert_complete();
    assert!(handed.serves("127.0.0.1:7001"));
    assert!(!handed.has(|fact| matches!(fact, Fact::Bind { .. } | Fact::Listen { .. })));
}

#[test]
fn an_instance_behind_a_tight_sandbox_is_learned_as_it_is() {
    let scene = scene();
    scene.shell("ln -s python3 /usr/bin/tight-one");
    scene.unit(
        "tight@.service",
        "[Service]\nUser=daemon\nNoNewPrivileges=yes\nCapabilityBoundingSet=\nProtectSystem=strict\n\
         ProtectHome=yes\nProtectProc=invisible\nProcSubset=pid\nPrivateTmp=yes\nPrivateDevices=yes\n\
         PrivateUsers=yes\nTemporaryFileSystem=/run /var /opt\nBindReadOnlyPaths=/opt/greet\nNoExecPaths=/\n\
         ExecPaths=/usr/bin /usr/lib /lib /lib64\nMemoryDenyWriteExecute=yes\nRestrictNamespaces=yes\n\
         RestrictAddressFamilies=AF_INET AF_UNIX\nSystemCallArchitectures=native\n\
         SystemCallFilter=@system-service\nSystemCallFilter=~@privileged @resources prctl seccomp\nLimitNPROC=20\n\
         ExecStart=/usr/bin/%p-%i /opt/greet/server.py plain 7001\n",
    );
    scene.shell("systemctl start tight@one");
    let tight = scene.learn("tight@one", &[CLIENT]);
    tight.assert_complete();
    tight.assert_exercised(&[Workload, SecondStart, Stop]);
    assert_eq!(tight.argv().first(), Some(&"/usr/bin/tight-one"));
    assert!(tight.serves("127.0.0.1:7001"));
}

#[test]
fn units_are_found_under_a_newer_systemd_and_in_both_versions_of_control_groups() {
    for (image, kind) in [
        (Image::Trixie, Kind::Nspawn),
        (Image::Bookworm, Kind::NspawnHybrid),
    ] {
        let scene = Scene::on(image, kind);
        scene.unit(
            "sleeps.service",
            "[Service]\nPrivateTmp=yes\nSlice=greet-one.slice\nExecStart=/bin/sh -c 'touch /tmp/x; exec sleep infinity'\n",
        );
        scene.shell("systemctl start sleeps");
        let sleeps = scene.learn("sleeps", &[]);
        sleeps.assert_complete();
        sleeps.assert_exercised(&[SecondStart, Stop]);
        assert_eq!(sleeps.argv(), ["sleep", "infinity"]);
        // As the unit sees it, not as the host does.
        assert!(sleeps.touches("/tmp/x"));
    }
}

#[test]
fn a_program_that_would_have_gained_privileges_makes_the_trace_incomplete() {
    let scene = Scene::new();
    scene.unit(
        "gains.service",
        "[Service]\nUser=daemon\nType=oneshot\nExecStart=/bin/su --version\n",
    );
    let gains = scene.learn("gains", &[]);
    let loss = &gains.run().loss.why;
    assert!(
        loss.iter()
            .any(|why| why.starts_with("/usr/bin/su gives privileges by its file mode")),
        "{loss:?}"
    );
}
