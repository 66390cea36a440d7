//! Every documented exit code, and that wrong input starts nothing.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

mod program;

use program::{Bench, manifest};

/// The first line of what `manifest` adds.
const ADDED: usize = 7;

/// A manifest with a mistake, where it is, and a word that the message must have.
const MISTAKES: [(&str, usize, usize, &str); 9] = [
    ("[files]\nraed = [\"/etc/hosts\"]\n", ADDED + 1, 1, "raed"),
    ("[files]\nread = \"/etc/hosts\"\n", ADDED + 1, 8, "read"),
    (
        "[net]\nbind = [\"tcp:any:70000\"]\n",
        ADDED + 1,
        18,
        "70000",
    ),
    (
        "[files]\nread = [\"etc/hosts\"]\n",
        ADDED + 1,
        9,
        "etc/hosts",
    ),
    (
        "[process]\ncapabilities = [\"CAP_EVERYTHING\"]\n",
        ADDED + 1,
        17,
        "CAP_EVERYTHING",
    ),
    (
        "[files]\nuse = [\"nameservers\"]\n",
        ADDED + 1,
        8,
        "nameservers",
    ),
    ("[flies]\n", ADDED, 2, "flies"),
    (
        "[resources]\nmemory_max = \"lots\"\n",
        ADDED + 1,
        14,
        "lots",
    ),
    ("[files\n", ADDED, 7, ""),
];

#[test]
fn a_wrong_manifest_is_named_with_its_place_and_starts_nothing() {
    for (added, line, column, word) in MISTAKES {
        let bench = Bench::new();
        bench.write("demo.toml", &manifest(added));
        let marker = bench.path("marker");
        let marker = marker.to_str().unwrap();
        let verbs: [&[&str]; 6] = [
            &["run", "demo.toml", "--", "/usr/bin/touch", marker],
            &["prove", "demo.toml"],
            &["policy", "check", "demo.toml"],
            &["policy", "explain", "demo.toml"],
            &["policy", "diff", "demo.toml", "demo.toml"],
            &["policy", "fmt", "demo.toml"],
        ];
        for verb in verbs {
            let ran = bench.run(verb);
            assert_eq!(ran.with(2), "", "{verb:?} of {added}");
            let place = format!("demo.toml:{line}:{column}");
            assert!(
                ran.stderr.contains(&place),
                "{verb:?}: no {place} in\n{}",
                ran.stderr
            );
            assert!(
                ran.stderr.contains(word),
                "{verb:?}: no {word} in\n{}",
                ran.stderr
            );
        }
        assert!(
            !bench.path("marker").exists(),
            "{added}: something was started"
        );
        assert_eq!(
            bench.read("demo.toml"),
            manifest(added),
            "the file was touched"
        );
    }
}

#[test]
fn a_missing_file_is_wrong_input() {
    let bench = Bench::new();
    for verb in [
        &["run", "none.toml"][..],
        &["prove", "none.toml"],
        &["policy", "check", "none.toml"],
        &["policy", "derive", "none.trace.jsonl"],
    ] {
        let ran = bench.run(verb);
        ran.with(2);
        assert!(
            ran.stderr.starts_with("error: cannot read none."),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn wrong_usage_starts_nothing() {
    let bench = Bench::new();
    let marker = bench.path("marker");
    let marker = marker.to_str().unwrap();
    for arguments in [
        &[
            "harden",
            "--workload",
            "true && true",
            "--",
            "touch",
            marker,
        ][..],
        &["harden", "--workload", "'open", "--", "touch", marker],
        &["harden", "--output", "nowhere", "--", "touch", marker],
        &["harden", "--name", "../x", "--", "touch", marker],
        &["harden", "--timeout", "0", "--", "touch", marker],
        &["harden", "touch", marker],
        &[
            "learn",
            "--output",
            "nowhere/x.trace.jsonl",
            "--",
            "touch",
            marker,
        ],
        &["learn", "--workload", "a | b", "--", "touch", marker],
        &["learn", "--", "no-such-program-anywhere"],
        &["harden", "--"],
        &["fly"],
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.with(2), "", "{arguments:?}");
        assert!(
            ran.stderr.starts_with("error: "),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
    assert!(!bench.path("marker").exists());
}

#[test]
fn a_shell_operator_in_a_workload_comes_with_the_way_out() {
    let ran = Bench::new().run(&["harden", "--workload", "echo a && echo b", "--", "true"]);
    ran.with(2);
    insta::assert_snapshot!(ran.stderr, @r#"
    error: cannot use the workload `echo a && echo b`: `&` means something only to a shell, and the workload runs without one
    help: wrap it: --workload 'sh -c '\''echo a && echo b'\'''
    "#);
}

#[test]
fn a_cut_trace_is_named_with_its_line() {
    let bench = Bench::new();
    bench.write(
        "cut.trace.jsonl",
        "{\"format\":\"ringfence.trace/1\"}\n{\"run\":{\"tracer\":",
    );
    for verb in [
        &["policy", "derive", "cut.trace.jsonl"][..],
        &["policy", "merge", "cut.trace.jsonl", "cut.trace.jsonl"],
        &[
            "learn",
            "--merge",
            "--output",
            "cut.trace.jsonl",
            "--",
            "true",
        ],
    ] {
        let ran = bench.run(verb);
        assert_eq!(ran.with(2), "", "{verb:?}");
        assert!(
            ran.stderr.contains("cut.trace.jsonl: line 2: "),
            "{verb:?}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_grown_privilege_is_13_and_a_lost_one_is_fine() {
    let bench = Bench::new();
    bench.write("old.toml", &manifest("[files]\nread = [\"/etc/hosts\"]\n"));
    bench.write("new.toml", &manifest("[files]\nwrite = [\"/etc/hosts\"]\n"));
    let grown = bench.run(&["policy", "diff", "old.toml", "new.toml"]);
    assert!(
        grown.with(13).starts_with("grown  files.write /etc/hosts"),
        "{}",
        grown.stdout
    );
    let lost = bench.run(&["policy", "diff", "new.toml", "old.toml"]);
    assert!(
        lost.with(0).starts_with("shrunk  files.write /etc/hosts"),
        "{}",
        lost.stdout
    );
    assert_eq!(
        bench
            .run(&["policy", "diff", "old.toml", "old.toml"])
            .with(0),
        "no privilege differs\n"
    );
}

#[test]
fn a_manifest_that_is_not_canonical_is_12_until_it_is_formatted() {
    let bench = Bench::new();
    let text =
        manifest("\n[files]\n# Names.\nread = [\n  \"/etc/hosts\"   , \"/etc/hostname\" ]\n");
    bench.write("demo.toml", &text);
    assert_eq!(
        bench
            .run(&["policy", "fmt", "--check", "demo.toml"])
            .with(12),
        "demo.toml\n"
    );
    assert_eq!(bench.read("demo.toml"), text, "--check changes nothing");
    bench.run(&["policy", "fmt", "demo.toml"]).with(0);
    assert_ne!(bench.read("demo.toml"), text);
    assert!(
        bench.read("demo.toml").contains("# Names."),
        "comments stay"
    );
    assert_eq!(
        bench
            .run(&["policy", "fmt", "--check", "demo.toml"])
            .with(0),
        ""
    );
}

#[test]
fn the_command_keeps_its_exit_code() {
    let bench = Bench::new();
    bench.write(
        "demo.toml",
        &manifest("\n[files]\nexec = [\"/usr/bin/dash\"]\n"),
    );
    for code in [0, 1, 7, 13] {
        let script = format!("exit {code}");
        bench
            .run(&["run", "demo.toml", "--", "/usr/bin/dash", "-c", &script])
            .with(code);
    }
}

#[test]
fn what_a_site_never_grants_is_not_run() {
    let bench = Bench::new();
    bench.write("demo.toml", &manifest("[net]\ndns = true\n"));
    bench.write(
        "ceiling.toml",
        "ringfence = 1\nnever = [\"net.dns\"]\n[service]\nuser = \"dynamic\"\n[files]\nexec = [\"/usr\"]\n",
    );
    let ran = bench.run(&["run", "--ceiling", "ceiling.toml", "demo.toml"]);
    ran.with(2);
    assert!(
        ran.stderr.contains("this site never grants `net.dns`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_ceiling_takes_away_and_says_so() {
    let bench = Bench::new();
    bench.write("demo.toml", &manifest("[files]\nread = [\"/etc/hosts\"]\n"));
    bench.write(
        "ceiling.toml",
        "ringfence = 1\n[service]\nuser = \"dynamic\"\n[files]\nexec = [\"/usr\"]\n",
    );
    let ran = bench.run(&["policy", "check", "--ceiling", "ceiling.toml", "demo.toml"]);
    assert!(!ran.with(0).contains("/etc/hosts"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("takes away `files.read /etc/hosts`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_refused_file_is_explained_with_the_grant_it_needs() {
    let bench = Bench::new();
    bench.write(
        "demo.toml",
        &manifest("[files]\nexec = [\"/usr/bin/cat\"]\n"),
    );
    let arguments = [
        "run",
        "--explain-denials",
        "demo.toml",
        "--",
        "/usr/bin/cat",
        "/etc/shadow",
    ];
    let ran = bench.run(&arguments);
    assert_eq!(ran.with(1), "");
    assert!(
        ran.stderr.contains("missing  files.read /etc/shadow"),
        "{}",
        ran.stderr
    );
}
