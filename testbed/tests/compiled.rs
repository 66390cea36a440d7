//! What is compiled for systemd denies on the real one, and would not if it were written in a void form.
//!
//! The void forms are negative controls: the compiled text with one thing changed, and the attack gets through. If the
//! back end ever wrote such a form, the first half of the test would fail in just that way.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

use std::cell::Cell;

use ringfence_compile::coverage::{Coverage, Status};
use ringfence_compile::native::syscall::Arch;
use ringfence_compile::systemd::{CgroupMode, Form, Target, compile};
use ringfence_policy::manifest::Manifest;
use ringfence_testbed::{Image, Kind, Machine, probe};
use ringfence_unit::load::Unit;

const PROBE: &str = "/usr/lib/testbed/probe";
const IMAGES: [Image; 2] = [Image::Bookworm, Image::Trixie];

/// A machine, and a unit in it that is to be confined.
struct Scene {
    machine: Machine,
    target: Target,
    attacks: Cell<u32>,
}

impl Scene {
    fn new(image: Image, kind: Kind) -> Self {
        let machine = Machine::boot(image, kind).unwrap();
        machine.push(&probe().unwrap(), PROBE).unwrap();
        machine.write("/srv/marker", "").unwrap();
        machine.write("/home/marker", "").unwrap();
        machine.check(["ip", "link", "set", "lo", "up"]).unwrap();
        let target = target(&machine);
        Self {
            machine,
            target,
            attacks: Cell::new(0),
        }
    }

    /// What the probe answers within the unit beside these lines.
    fn attack(&self, lines: &str, probe: &str) -> String {
        // A unit of its own each time, so that nothing of the one before is left.
        self.attacks.set(self.attacks.get() + 1);
        let name = format!("attacked-{}.service", self.attacks.get());
        let path = format!("/run/systemd/system/{name}");
        self.machine.write(&path, unit(probe)).unwrap();
        self.machine
            .write(&format!("{path}.d/50-ringfence.conf"), lines)
            .unwrap();
        self.machine.write("/run/answer", "").unwrap();
        self.machine.check(["systemctl", "daemon-reload"]).unwrap();
        let started = self.machine.exec(["systemctl", "start", &name]).unwrap();
        let answer = self.machine.check(["cat", "/run/answer"]).unwrap();
        if answer.is_empty() {
            let log = self.machine.check(["journalctl", "--unit", &name]).unwrap();
            panic!("no answer: {}\n{log}\n{lines}", started.complaint());
        }
        answer
    }

    /// The drop-in that is compiled for this machine from a manifest, and what is said of it.
    fn compiled(&self, net: &str) -> (String, Coverage) {
        let text = format!(
            "ringfence = 1\n[service]\nname = \"attacked\"\nexec = [\"{PROBE}\"]\n\
             user = {{ name = \"root\", why = \"as root, file permissions deny nothing\" }}\n{net}"
        );
        let manifest =
            Manifest::parse(&text).unwrap_or_else(|e| panic!("{}", e.render("x", false)));
        let policy = manifest.policy(None).unwrap();
        let unit = Unit::of_text(
            "attacked.service".parse().unwrap(),
            "/run/systemd/system/attacked.service".into(),
            unit("true").as_bytes(),
        );
        let unit = unit.unwrap();
        let (artifacts, coverage) =
            compile(&policy, &manifest, None, Form::DropIn(&unit), &self.target).unwrap();
        let dropin = artifacts
            .into_iter()
            .find(|file| file.text.contains("[Service]"));
        (dropin.unwrap().text, coverage)
    }
}

fn unit(probe: &str) -> String {
    format!(
        "[Service]\nType=oneshot\nStandardOutput=truncate:/run/answer\nExecStart={PROBE} {probe}\n"
    )
}

/// The facts of a machine, by its own words.
fn target(machine: &Machine) -> Target {
    let features = machine.check(["systemctl", "--version"]).unwrap();
    let root = machine
        .check(["stat", "--file-system", "--format=%T", "/sys/fs/cgroup"])
        .unwrap();
    let mut target = Target::of_version(machine.image().systemd(), Arch::X86_64);
    target.kernel = machine.check(["uname", "-r"]).unwrap();
    target.bpf_framework = features.contains("+BPF_FRAMEWORK");
    if root != "cgroup2fs" {
        target.cgroups = CgroupMode::Hybrid;
        target.controllers.clear();
    }
    target.lsm.clear();
    target
}

/// The text without the lines of some directives.
fn without(text: &str, keys: &[&str]) -> String {
    let kept = |line: &&str| !keys.iter().any(|key| line.split('=').next() == Some(*key));
    text.lines()
        .filter(kept)
        .map(|line| line.to_owned() + "\n")
        .collect()
}

/// The text without a word in the lines of a directive.
fn without_word(text: &str, key: &str, word: &str) -> String {
    let prefix = format!("{key}=");
    let edit = |line: &str| match line.strip_prefix(&prefix) {
        Some(words) if !words.is_empty() => {
            let words: Vec<_> = words
                .split(' ')
                .filter(|w| w.trim_start_matches('-') != word)
                .collect();
            prefix.clone() + &words.join(" ") + "\n"
        }
        _ => line.to_owned() + "\n",
    };
    text.lines().map(edit).collect()
}

/// Tries an attack bare, compiled, and on the compiled text after it was made void.
fn denied_unless_void(probe: &str, void: impl Fn(&str) -> String) {
    for image in IMAGES {
        let scene = Scene::new(image, Kind::Nspawn);
        let (text, _) = scene.compiled("");
        let bare = scene.attack("", probe);
        assert!(bare.starts_with("OK"), "{image:?}: bare: {bare}");
        let confined = scene.attack(&text, probe);
        assert!(!confined.starts_with("OK"), "{image:?}: {confined}\n{text}");
        let changed = void(&text);
        assert_ne!(changed, text, "the control changes nothing");
        let through = scene.attack(&changed, probe);
        assert!(
            through.starts_with("OK"),
            "{image:?}: void: {through}\n{changed}"
        );
    }
}

#[test]
fn files_that_are_not_granted_are_hidden() {
    denied_unless_void("stat /srv/marker", |text| {
        without(text, &["TemporaryFileSystem"]) + "TemporaryFileSystem=/\n"
    });
}

#[test]
fn libraries_cannot_be_written_by_root() {
    denied_unless_void("create /usr/lib/planted", |text| {
        without(text, &["BindReadOnlyPaths"])
    });
}

#[test]
fn a_program_that_was_written_does_not_run() {
    denied_unless_void("carry /tmp/own", |text| {
        without_word(text, "NoExecPaths", "/tmp")
    });
}

#[test]
fn homes_are_hidden() {
    denied_unless_void("stat /home/marker", |text| {
        without(text, &["ProtectHome"]) + "TemporaryFileSystem=/home\nDynamicUser=yes\n"
    });
}

#[test]
fn a_port_that_is_not_granted_is_denied_or_said_to_be_open() {
    for (image, denied) in [(Image::Bookworm, false), (Image::Trixie, true)] {
        let scene = Scene::new(image, Kind::Nspawn);
        let (text, coverage) = scene.compiled("[net]\nbind = [\"tcp:80\"]\n");
        let answer = scene.attack(&text, "bind 8123");
        assert_eq!(
            answer.starts_with("EPERM"),
            denied,
            "{image:?}: {answer}\n{text}"
        );
        let exact = status(&coverage, "socket-bind-deny") == Some(Status::Exact);
        assert_eq!(exact, denied, "{image:?}:\n{coverage}");
    }
}

#[test]
fn an_address_that_is_not_granted_is_denied_or_said_to_be_open() {
    for (kind, denied) in [(Kind::Nspawn, true), (Kind::NspawnHybrid, false)] {
        let scene = Scene::new(Image::Bookworm, kind);
        let (text, coverage) = scene.compiled("[net]\nconnect = [\"udp:192.0.2.1:9\"]\n");
        let answer = scene.attack(&text, "loopback");
        assert_eq!(
            !answer.starts_with("OK"),
            denied,
            "{kind:?}: {answer}\n{text}"
        );
        let exact = status(&coverage, "ip-address-deny") == Some(Status::Exact);
        assert_eq!(exact, denied, "{kind:?}:\n{coverage}");
    }
}

fn status(coverage: &Coverage, subject: &str) -> Option<Status> {
    let row = coverage
        .rows()
        .iter()
        .find(|row| row.subject.to_string() == subject);
    row.map(|row| row.status.clone())
}
