//! `ringfence compile`: a manifest as files for systemd.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

#[expect(dead_code, reason = "this test needs a part of it")]
mod program;

use std::os::unix::fs::PermissionsExt as _;

use program::Bench;

const MANIFEST: &str = r#"ringfence = 1
[service]
name = "x"
exec = ["/usr/bin/x", "--serve"]
user = "dynamic"
timer = "5min"
[files]
read = ["/srv/x"]
[net]
dns = true
"#;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("x.toml", MANIFEST);
    bench
}

#[test]
fn a_whole_unit_is_printed_with_its_coverage() {
    let ran = bench().run(&["compile", "--systemd", "252", "x.toml"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    for part in [
        "# /etc/systemd/system/x.service\n",
        "ExecStart=/usr/bin/x --serve\n",
        "BindReadOnlyPaths=",
        "# /etc/systemd/system/x.timer\n",
        "\nexact  files.read /srv/x\n",
        "lost   private-bpf",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
}

#[test]
fn a_drop_in_is_written_below_a_directory_with_the_path_it_has_on_the_target() {
    let bench = bench();
    bench.write("y.service", "[Service]\nExecStart=/usr/bin/y\nUser=y\n");
    let arguments = [
        "compile",
        "--systemd=257",
        "--unit=./y.service",
        "-o",
        "out",
        "x.toml",
    ];
    let ran = bench.run(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let place = "out/etc/systemd/system/y.service.d/50-ringfence.conf";
    assert!(bench.read(place).contains("DynamicUser=yes\n"));
    assert!(!ran.stdout.contains("[Service]"), "{}", ran.stdout);
    let mode = bench.path(place).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o022, 0, "{mode:o}");
}

#[test]
fn json_has_target_artifacts_and_coverage() {
    let ran = bench().run(&["compile", "--systemd", "247", "--format", "json", "x.toml"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["schema"], "ringfence.compile/1");
    assert_eq!(json["target"]["version"], 247);
    assert_eq!(
        json["artifacts"][0]["path"],
        "/etc/systemd/system/x.service"
    );
    let lost = json["coverage"].as_array().unwrap().iter();
    assert!(lost.filter(|row| row["status"] == "LOST").count() > 2);
}

#[test]
fn what_cannot_be_compiled_is_told_with_a_way_out() {
    let bench = bench();
    bench.write("broken.service", "[Service\n");
    bench.write(
        "exact.toml",
        &format!("{MANIFEST}[require]\nexact = [\"net.dns\"]\n"),
    );
    for (arguments, code, message) in [
        (
            &["--unit=./none.service", "x.toml"][..],
            2,
            "read the unit ./none.service",
        ),
        (&["--unit=./broken.service", "x.toml"], 2, "broken.service"),
        (
            &["--unit=no-such-unit-anywhere", "x.toml"],
            2,
            "no unit directory has it",
        ),
        (&["exact.toml"], 10, "enforce `net.dns` exactly"),
        (&["none.toml"], 2, "none.toml"),
    ] {
        let ran = bench.run(&[&["compile", "--systemd", "252"], arguments].concat());
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.stderr);
        assert!(
            ran.stderr.contains(message),
            "{arguments:?}: {}",
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
    }
}
