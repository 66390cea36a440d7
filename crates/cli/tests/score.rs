//! `ringfence score`: its forms, its exit codes, and every service of this machine against the
//! `systemd-analyze` of this machine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

#[expect(dead_code, reason = "this test needs a part of it")]
mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use program::Bench;

const SERVICE: &str = "[Service]\nExecStart=/bin/true\nUser=redis\nPrivateTmp=yes\n\
    RestrictAddressFamilies=\"AF_UNIX AF_INET\"\n";

/// The families are quoted, which makes them one word that means nothing; and the second line of the filter only
/// takes calls out of the first one's deny list.
const HARDENED: &str = "\
[Service]
ExecStart=/usr/bin/example
User=example
CapabilityBoundingSet=
RestrictAddressFamilies=\"AF_UNIX AF_INET\"
RestrictNamespaces=yes
SystemCallArchitectures=native
SystemCallFilter=~@privileged @resources
SystemCallFilter=@system-service
NoNewPrivileges=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
UMask=0077
";

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

#[test]
fn plain_says_which_line_is_worth_most_and_what_nobody_hears() {
    let bench = Bench::new();
    bench.write("h.service", HARDENED);
    let ran = bench.run(&["score", "--systemd", "252", "h.service"]);
    insta::assert_snapshot!(ran.with(0), @r"
    h.service
    -0.44  PrivateNetwork=yes                may use the network of the host
    -0.18  PrivateTmp=yes                    may see everyone's temporary files
    -0.18  SystemCallFilter=~@debug          may debug and trace
    -0.18  SystemCallFilter=~@mount          may mount file systems
    -0.18  IPAddressDeny=any                 may reach any address
    -0.12  SystemCallFilter=~@privileged     may make system calls of administrators
    -0.12  SystemCallFilter=~@resources      may set priorities and affinities
    -0.04  SystemCallFilter=~@obsolete       may make system calls that nobody needs
    -0.04  SystemCallFilter=~@cpu-emulation  may emulate old processors
    -0.04  RootDirectory=/srv/%N             may see the root directory of the host
    -0.02  LockPersonality=yes               may change how the kernel treats old programs
    -0.02  MemoryDenyWriteExecute=yes        may run memory that it wrote
    <0.01  ProtectHostname=yes               may rename the host
    <0.01  ProcSubset=pid                    may read about more than processes in /proc
    stays  DeviceAllow=                      may use any device; no line makes it better
    ignored  line 5: RestrictAddressFamilies=: `AF_UNIX AF_INET` means nothing to systemd 252
    1.7 OK  as systemd 252 says of the loaded unit
    ");
}

#[test]
fn a_file_counts_with_the_drop_ins_beside_it() {
    let bench = Bench::new();
    bench.write("a.service", SERVICE);
    let plain = ["score", "--systemd", "257", "a.service"];
    let before = bench.run(&plain).stdout;
    std::fs::create_dir(bench.path("a.service.d")).unwrap();
    bench.write("a.service.d/x.conf", "[Service]\nPrivateNetwork=yes\n");
    let after = bench.run(&plain).stdout;
    assert!(before.contains("PrivateNetwork=yes"), "{before}");
    assert!(!after.contains("PrivateNetwork=yes"), "{after}");
    assert!(last_line(&after) < last_line(&before), "{after}");
}

#[test]
fn a_refused_unit_has_a_figure_a_reason_and_exit_code_1() {
    let bench = Bench::new();
    bench.write("a.service", "[Service]\nUser=redis\n");
    let ran = bench.run(&["score", "--systemd", "252", "a.service"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout
            .contains("refused  systemd 252 would refuse it: it has no ExecStart=")
    );
    assert!(
        last_line(&ran.stdout).contains(" UNSAFE "),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_table_is_complete_and_in_order_whatever_is_wrong_with_some_units() {
    let bench = Bench::new();
    bench.write("b.service", SERVICE);
    bench.write("a.service", SERVICE);
    bench.write("refused.service", "[Service]\n");
    bench.write("broken.service", "[Service\n");
    bench.write("masked.service", "");
    let names = "b.service refused.service missing.service broken.service a.service masked.service x.conf a.socket ./b.service";
    let mut arguments = vec![
        "score",
        "--systemd",
        "252",
        "--as",
        "offline",
        "--format",
        "tsv",
    ];
    arguments.extend(names.split(' '));
    let ran = bench.run(&arguments);
    assert_eq!(ran.code, 1);
    let lines: Vec<&str> = ran.stdout.lines().skip(1).collect();
    let of_line = |line: &&str| line.split('\t').take(3).collect::<Vec<_>>().join(" ");
    let starts: Vec<String> = lines.iter().map(of_line).collect();
    assert_eq!(
        starts.join("\n"),
        "b.service 8.3 EXPOSED\nrefused.service - -\nmissing.service - -\nbroken.service - -\n\
         a.service 8.3 EXPOSED\nmasked.service - -\nx.conf - -\na.socket - -\nb.service 8.3 EXPOSED"
    );
    assert!(
        ran.stderr
            .contains("note: missing.service: it has no score: cannot find")
    );
    assert!(
        ran.stderr
            .contains("broken.service: line 1, column 1: the section header")
    );
}

#[test]
fn json_has_a_schema_names_and_totals() {
    let bench = Bench::new();
    bench.write("a.service", SERVICE);
    let ran = bench.run(&["score", "--systemd", "262", "--format", "json", "a.service"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["schema"], "ringfence.score/1");
    assert_eq!(report["systemd"], 262);
    assert_eq!(report["model"], "manager");
    let unit = &report["units"][0];
    assert_eq!(unit["unit"], "a.service");
    assert_eq!(unit["rows"].as_array().unwrap().len(), 81);
    assert_eq!(unit["ignored"][0]["text"], "AF_UNIX AF_INET");
    assert_eq!(unit["ignored"][0]["line"], 5);
}

#[test]
fn a_version_without_a_profile_is_wrong_usage() {
    let ran = Bench::new().run(&["score", "--systemd", "253", "a.service"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("252, 254, 255, 257, 259, 262"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("help: `--systemd 252` is most like it"));
}

#[test]
fn a_name_is_looked_for_in_the_whole_tree() {
    let bench = Bench::new();
    for directory in ["usr/lib/systemd/system", "etc/systemd/system/a.service.d"] {
        std::fs::create_dir_all(bench.path(directory)).unwrap();
    }
    bench.write("usr/lib/systemd/system/a.service", SERVICE);
    bench.write(
        "etc/systemd/system/a.service.d/x.conf",
        "[Service]\nPrivateNetwork=yes\n",
    );
    for name in ["a.service", "./usr/lib/systemd/system/a.service"] {
        let ran = bench.run(&["score", "--systemd", "252", "--root", ".", name]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(
            !ran.stdout.contains("PrivateNetwork=yes"),
            "{name}: {}",
            ran.stdout
        );
    }
}

/// The services that this machine has files for, each with a path that the tool can be given.
fn services() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for directory in ["/etc/systemd/system", "/usr/lib/systemd/system"] {
        for entry in std::fs::read_dir(directory).into_iter().flatten() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if name.ends_with(".service") && entry.file_type().unwrap().is_file() {
                names.insert(name);
            }
        }
    }
    names
}

/// What the tool says of each row, by its field.
fn asked(name: &str) -> BTreeMap<String, String> {
    let output = Command::new("systemd-analyze")
        .args([
            "security",
            "--offline=true",
            "--json=short",
            "--no-pager",
            name,
        ])
        .env("SYSTEMD_ANALYZE_DEBUG", "1")
        .env(
            "SYSTEMD_UNIT_PATH",
            "/etc/systemd/system:/usr/lib/systemd/system",
        )
        .current_dir("/")
        .output()
        .expect("this test needs systemd-analyze(1), of Debian's package systemd");
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let of_row = |row: &serde_json::Value| {
        let badness = row["badness"].as_u64().unwrap();
        let shown = if badness == u64::MAX {
            "-".to_owned()
        } else {
            badness.to_string()
        };
        (row["json_field"].as_str().unwrap().to_owned(), shown)
    };
    rows.iter().map(of_row).collect()
}

#[test]
fn every_service_of_this_machine_scores_as_this_machine_says() {
    let names = services();
    assert!(names.len() > 20, "this test needs a machine with services");
    let mut command = Bench::new().command(&["score", "--as", "offline", "--format", "tsv"]);
    let output = command.args(&names).current_dir("/").output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    let mut lines = table.lines();
    let fields: Vec<&str> = last_column(lines.next().unwrap()).split(',').collect();
    let mut differing = String::new();
    for (name, line) in names.iter().zip(lines) {
        assert!(line.starts_with(name.as_str()), "{line}");
        let theirs = asked(name);
        let column = last_column(line);
        if column == "-" {
            if !theirs.is_empty() {
                writeln!(differing, "{name}: refused here, scored there").unwrap();
            }
            continue;
        }
        for (field, ours) in fields.iter().zip(column.split(',')) {
            if theirs.get(*field).map(String::as_str) != Some(ours) {
                writeln!(
                    differing,
                    "{name}: {field}: {ours}, not {:?}",
                    theirs.get(*field)
                )
                .unwrap();
            }
        }
    }
    assert!(differing.is_empty(), "{differing}");
}

fn last_column(line: &str) -> &str {
    line.rsplit('\t').next().unwrap_or_default()
}
