//! Combinations of directives that look as if they denied something, do not, and lower no score.
//!
//! Each is tried on the real systemd: the void form lets the attack through, and the good form, which differs by one
//! thing, denies it. When systemd changes its mind, these tests say so.

#![expect(
    clippy::unwrap_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

use ringfence_testbed::{Image, Kind, Machine, probe};

const PROBE: &str = "/usr/lib/testbed/probe";
const IMAGES: [Image; 2] = [Image::Bookworm, Image::Trixie];

/// A machine in which units are attacked.
struct Scene(Machine);

impl Scene {
    fn new(image: Image, kind: Kind) -> Self {
        let machine = Machine::boot(image, kind).unwrap();
        machine.push(&probe().unwrap(), PROBE).unwrap();
        Self(machine)
    }

    /// What the probe answers from within a unit with these lines.
    fn attack(&self, lines: &[&str], probe: &str) -> String {
        self.load(lines, probe);
        let started = self
            .0
            .exec(["systemctl", "start", "attacked.service"])
            .unwrap();
        let answer = self.0.check(["cat", "/run/answer"]).unwrap();
        assert!(!answer.is_empty(), "{lines:?}: {}", started.complaint());
        answer
    }

    /// The exposure that systemd-analyze(1) finds, with one digit after the point.
    fn score(&self, lines: &[&str]) -> String {
        self.load(lines, "true");
        let analyze = [
            "systemd-analyze",
            "security",
            "--no-pager",
            "attacked.service",
        ];
        let table = self.0.check(analyze).unwrap();
        let (_, verdict) = table
            .split_once("Overall exposure level for attacked.service: ")
            .unwrap();
        verdict.split_whitespace().next().unwrap().to_owned()
    }

    fn load(&self, lines: &[&str], probe: &str) {
        let service = format!(
            "[Service]\nType=oneshot\nStandardOutput=truncate:/run/answer\nExecStart={PROBE} {probe}\n{}\n",
            lines.join("\n")
        );
        self.0
            .write("/run/systemd/system/attacked.service", service)
            .unwrap();
        self.0.write("/run/answer", "").unwrap();
        self.0.check(["systemctl", "daemon-reload"]).unwrap();
    }
}

/// How many entries an answer of `entries` tells of.
fn count(answer: &str) -> u32 {
    answer
        .strip_prefix("OK ")
        .unwrap_or_else(|| unreachable!("{answer}"))
        .parse()
        .unwrap()
}

#[track_caller]
fn assert_starts(wanted: &str, answer: &str, image: Image) {
    assert!(answer.starts_with(wanted), "{image:?}: {answer}");
}

/// An empty root with nothing in it but the probe.
const EMPTY_ROOT: [&str; 2] = [
    "TemporaryFileSystem=/",
    "BindReadOnlyPaths=/usr/lib/testbed",
];

#[test]
fn an_empty_root_is_dropped_in_silence_beside_a_read_only_one() {
    for image in IMAGES {
        let scene = Scene::new(image, Kind::Nspawn);
        let everything = count(&scene.attack(&[], "entries /etc"));
        assert!(everything > 20, "{everything}");
        assert_eq!(scene.attack(&EMPTY_ROOT, "stat /etc/passwd"), "ENOENT");
        for void in ["ProtectSystem=strict", "DynamicUser=yes"] {
            let lines = [&EMPTY_ROOT[..], &[void]].concat();
            assert_eq!(
                count(&scene.attack(&lines, "entries /etc")),
                everything,
                "{image:?} {void}"
            );
        }
    }
}

#[test]
fn an_empty_root_is_dropped_beside_any_other_attribute_of_the_root_too() {
    for image in IMAGES {
        let scene = Scene::new(image, Kind::Nspawn);
        let everything = count(&scene.attack(&[], "entries /etc"));
        for also in [
            &["ReadOnlyPaths=/"][..],
            &["NoExecPaths=/", "ExecPaths=/usr/lib/testbed"],
        ] {
            let lines = [&EMPTY_ROOT[..], also].concat();
            assert_eq!(
                count(&scene.attack(&lines, "entries /etc")),
                everything,
                "{image:?} {also:?}"
            );
        }
    }
}

#[test]
fn an_empty_directory_each_is_kept_and_scores_like_what_is_dropped() {
    let around = [
        "ProtectSystem=strict",
        "NoExecPaths=/",
        "ExecPaths=/usr/lib/testbed",
    ];
    let void = [&EMPTY_ROOT[..], &around].concat();
    let good = [
        &["TemporaryFileSystem=/etc:ro /var:ro /opt:ro /srv:ro"],
        &around[..],
    ]
    .concat();
    for image in IMAGES {
        let scene = Scene::new(image, Kind::Nspawn);
        assert_eq!(count(&scene.attack(&good, "entries /etc")), 0, "{image:?}");
        let dynamic = [&good[..], &["DynamicUser=yes"]].concat();
        assert_eq!(
            count(&scene.attack(&dynamic, "entries /etc")),
            0,
            "{image:?}"
        );
        assert!(
            count(&scene.attack(&void, "entries /etc")) > 20,
            "{image:?}"
        );
        assert_eq!(scene.score(&good), scene.score(&void), "{image:?}");
    }
}

#[test]
fn a_path_to_execute_from_becomes_writable_on_a_read_only_root() {
    let void = [
        "ProtectSystem=strict",
        "NoExecPaths=/",
        "ExecPaths=/usr/lib /usr/bin",
    ];
    for image in IMAGES {
        let scene = Scene::new(image, Kind::Nspawn);
        let create = |lines: &[&str]| scene.attack(lines, "create /usr/lib/planted");
        assert_starts("EROFS", &create(&["ProtectSystem=strict"]), image);
        assert_starts("OK", &create(&void), image);
        let good = [&void[..], &["BindReadOnlyPaths=/usr/lib /usr/bin"]].concat();
        assert_starts("EROFS", &create(&good), image);
        assert_eq!(scene.score(&good), scene.score(&void), "{image:?}");
    }
}

#[test]
fn what_a_unit_mounts_for_itself_stays_executable_until_it_is_named() {
    let around = [
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "BindPaths=/opt:/mnt",
        "ExecPaths=/usr/lib",
    ];
    let void = [&around[..], &["TemporaryFileSystem=/srv", "NoExecPaths=/"]].concat();
    let named = "NoExecPaths=/ /tmp /var/tmp /dev/shm /mnt";
    let good = [&around[..], &["TemporaryFileSystem=/srv:noexec", named]].concat();
    for image in IMAGES {
        let scene = Scene::new(image, Kind::Nspawn);
        for path in [
            "/tmp/own",
            "/var/tmp/own",
            "/dev/shm/own",
            "/mnt/own",
            "/srv/own",
        ] {
            let carry = format!("carry {path}");
            assert_starts("OK", &scene.attack(&void, &carry), image);
            assert_starts("EACCES", &scene.attack(&good, &carry), image);
        }
        assert_eq!(scene.score(&good), scene.score(&void), "{image:?}");
    }
}

#[test]
fn an_empty_directory_is_dropped_beside_any_other_attribute_of_it() {
    for image in IMAGES {
        let scene = Scene::new(image, Kind::Nspawn);
        scene.0.write("/srv/marker", "").unwrap();
        for also in [
            "ReadOnlyPaths=/srv",
            "NoExecPaths=/srv",
            "ReadWritePaths=/srv",
        ] {
            let void = ["TemporaryFileSystem=/srv", also];
            assert_starts("OK", &scene.attack(&void, "stat /srv/marker"), image);
        }
        let good = ["TemporaryFileSystem=/srv:ro,noexec"];
        assert_starts("ENOENT", &scene.attack(&good, "stat /srv/marker"), image);
    }
}

#[test]
fn without_bpf_in_systemd_filters_of_sockets_do_nothing_and_say_nothing() {
    let bare = ["SyslogLevel=info"];
    for (line, probe) in [
        ("SocketBindDeny=any", "bind 8123"),
        ("RestrictNetworkInterfaces=~lo", "loopback"),
    ] {
        let [void, good] = IMAGES.map(|image| {
            let scene = Scene::new(image, Kind::Nspawn);
            scene.0.check(["ip", "link", "set", "lo", "up"]).unwrap();
            let answer = scene.attack(&[line], probe);
            let journal = scene
                .0
                .check(["journalctl", "--unit=attacked.service"])
                .unwrap();
            assert_eq!(scene.score(&[line]), scene.score(&bare), "{image:?} {line}");
            (answer, journal)
        });
        assert_starts("OK", &void.0, Image::Bookworm);
        let said = ["ignoring", "not supported"]
            .iter()
            .any(|word| void.1.contains(word));
        assert!(!said, "252: {line}: {}", void.1);
        assert_starts("EPERM", &good.0, Image::Trixie);
    }
}

#[test]
fn addresses_are_denied_with_control_groups_of_version_2_alone() {
    for image in IMAGES {
        for (kind, denied) in [(Kind::Nspawn, true), (Kind::NspawnHybrid, false)] {
            let scene = Scene::new(image, kind);
            scene.0.check(["ip", "link", "set", "lo", "up"]).unwrap();
            let answer = scene.attack(&["IPAddressDeny=any"], "loopback");
            assert_eq!(
                answer.starts_with("EPERM"),
                denied,
                "{image:?} {kind:?}: {answer}"
            );
        }
    }
}

#[test]
fn homes_that_a_dynamic_user_may_read_win_over_an_empty_directory() {
    let void = ["DynamicUser=yes", "TemporaryFileSystem=/home"];
    let good = ["DynamicUser=yes", "ProtectHome=tmpfs"];
    for image in IMAGES {
        let scene = Scene::new(image, Kind::Nspawn);
        scene.0.write("/home/marker", "").unwrap();
        assert_starts("OK", &scene.attack(&void, "stat /home/marker"), image);
        assert_starts("ENOENT", &scene.attack(&good, "stat /home/marker"), image);
    }
}
