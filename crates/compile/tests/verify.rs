//! systemd-analyze(1) of this machine accepts what is written, without a warning.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic; Clippy does not see that its helpers are tests"
)]

use std::path::Path;
use std::process::Command;

use ringfence_compile::native::syscall::Arch;
use ringfence_compile::systemd::{Artifact, Form, Target, compile};
use ringfence_policy::manifest::Manifest;
use ringfence_unit::load::Unit;

/// Programs that every Debian has, so that the unit can be started.
const MANIFEST: &str = r#"
ringfence = 1
[service]
name = "checked"
exec = ["/usr/bin/env", "-i", "sleep 1; %n $HOME"]
user = "dynamic"
timer = "5min"
[files]
read = ["/srv/a b:c%d"]
write = ["/var/lib/checked"]
exec = ["/usr/bin/sleep"]
use = ["nameservice", "ssl_certs", "system_stats"]
devices = ["/dev/net/tun rw"]
[dirs]
state = ["checked"]
private = ["/run"]
[net]
dns = true
bind = ["tcp:80", "udp:127.0.0.1:53", "tcp:8000-8100"]
connect = ["tcp:10.0.0.0/8:22", "tcp:any:443"]
[[listen]]
unix = "/run/checked.sock"
mode = "0660"
[process]
capabilities = ["CAP_NET_BIND_SERVICE"]
namespaces = ["user", "net"]
syscalls = ["openat", "cachestat", "bpf"]
[[secret]]
name = "token"
from = "/etc/checked/token"
as = "file"
[resources]
memory_max = "64M"
tasks_max = 16
nofile = 4096
cpu_quota = 50
runtime_max = "2min"
"#;

/// The version of systemd on this machine.
fn version() -> u32 {
    let output = Command::new("systemd-analyze")
        .arg("--version")
        .output()
        .expect("systemd-analyze is installed: package systemd");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What systemd-analyze says against the files; empty when nothing.
fn complaints(below: &Path, unit: &str) -> String {
    let units = below.join("etc/systemd/system");
    let path = format!("{}:", units.display());
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--recursive-errors=no"])
        .arg(units.join(unit))
        .env("SYSTEMD_UNIT_PATH", path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let about_ours = |line: &&str| line.contains("checked");
    text.lines()
        .filter(about_ours)
        .collect::<Vec<_>>()
        .join("\n")
}

fn put(below: &Path, artifacts: &[Artifact]) {
    for artifact in artifacts {
        let path = below.join(artifact.path.as_path().strip_prefix("/").unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &artifact.text).unwrap();
    }
}

fn made(manifest: &Manifest, form: Form<'_>) -> Vec<Artifact> {
    let policy = manifest.policy(None).unwrap();
    let target = Target::of_version(version(), Arch::native().unwrap());
    compile(&policy, manifest, None, form, &target).unwrap().0
}

#[test]
fn a_whole_unit_and_what_is_beside_it_are_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = Manifest::parse(MANIFEST).unwrap();
    let artifacts = made(&manifest, Form::Whole);
    assert_eq!(artifacts.len(), 3, "{artifacts:?}");
    put(folder.path(), &artifacts);
    for unit in ["checked.service", "checked.timer", "checked.socket"] {
        assert_eq!(complaints(folder.path(), unit), "", "{unit}");
    }
}

#[test]
fn a_drop_in_is_accepted_beside_units_of_every_type() {
    let manifest = Manifest::parse(MANIFEST).unwrap();
    for body in [
        "Type=notify\nExecStart=/usr/bin/sleep 1\nUser=daemon\nReadWritePaths=/var/lib/x\n",
        "Type=forking\nPIDFile=/run/checked.pid\nExecStart=!/usr/bin/sleep 1\nIPAddressDeny=any\n",
        "Type=oneshot\nExecStart=-/usr/bin/sleep 1\nExecReload=+/bin/kill -HUP $MAINPID\n",
        "Type=dbus\nBusName=org.checked\nExecStart=@/usr/bin/sleep x\nSystemCallFilter=~@mount\n",
        "ExecStart=/usr/bin/sleep 1\nStateDirectory=checked\nRestrictNamespaces=yes\nDeviceAllow=char-rtc r\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("[Service]\n{body}");
        let name = "checked.service".parse().unwrap();
        let unit = Unit::of_text(name, "/checked.service".into(), text.as_bytes()).unwrap();
        put(folder.path(), &made(&manifest, Form::DropIn(&unit)));
        let file = folder.path().join("etc/systemd/system/checked.service");
        std::fs::write(file, &text).unwrap();
        assert_eq!(complaints(folder.path(), "checked.service"), "", "{body}");
    }
}

#[test]
fn what_is_wrong_is_complained_about() {
    let folder = tempfile::tempdir().unwrap();
    let units = folder.path().join("etc/systemd/system");
    std::fs::create_dir_all(&units).unwrap();
    let text = "[Service]\nExecStart=/usr/bin/sleep 1\nNoSuchDirective=yes\n";
    std::fs::write(units.join("checked.service"), text).unwrap();
    assert!(complaints(folder.path(), "checked.service").contains("NoSuchDirective"));
}
