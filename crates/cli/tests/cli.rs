//! What is printed, where, and in which form.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

mod program;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;

use program::{Bench, Ran, manifest};

#[test]
fn the_help_is_as_it_was_read_last() {
    insta::assert_snapshot!("help", Bench::new().run(&["--help"]).with(0));
    insta::assert_snapshot!(
        "help-harden",
        Bench::new().run(&["harden", "--help"]).with(0)
    );
    insta::assert_snapshot!("help-run", Bench::new().run(&["run", "--help"]).with(0));
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = format!("ringfence {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(Bench::new().run(&["--version"]).with(0), version);
}

#[test]
fn the_committed_man_pages_are_those_of_the_definition() {
    let bench = Bench::new();
    fs::create_dir(bench.path("man")).unwrap();
    bench.run(&["generate", "man", "man"]).with(0);
    let committed = documents("man");
    let made = files(&bench.path("man"));
    assert_eq!(
        committed, made,
        "docs/man differs: run `cargo run -- generate man docs/man`"
    );
}

#[test]
fn the_committed_completions_are_those_of_the_definition() {
    let committed = documents("completions");
    assert_eq!(committed.len(), 3);
    for (name, text) in committed {
        let shell = match name.as_str() {
            "ringfence.bash" => "bash",
            "_ringfence" => "zsh",
            "ringfence.fish" => "fish",
            other => panic!("{other} is of no shell"),
        };
        let made = Bench::new().run(&["generate", "completions", shell]);
        assert_eq!(
            text,
            made.with(0),
            "{name} differs: run `cargo run -- generate completions {shell}`"
        );
    }
}

fn documents(folder: &str) -> Vec<(String, String)> {
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs")
            .join(folder),
    )
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_man_page_lists_every_exit_code() {
    for (name, text) in documents("man") {
        let (_, codes) = text
            .split_once("EXIT STATUS")
            .unwrap_or_else(|| panic!("{name}"));
        for code in ["0", "1", "2", "3", "4", "10", "11", "12", "13", "130"] {
            assert!(
                codes.contains(&format!(".TP\n{code}\n")),
                "{name} lacks {code}"
            );
        }
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let bench = Bench::new();
    for arguments in [
        &["policy", "schema"][..],
        &["generate", "completions", "bash"],
        &["--help"],
    ] {
        let mut child = bench
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        assert_eq!(
            (child.wait().unwrap().code(), stderr.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_full_disk_is_a_failure() {
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = Bench::new()
        .command(&["policy", "schema"])
        .stdout(full)
        .output()
        .unwrap();
    let ran = Ran::from(output);
    ran.with(1);
    assert!(
        ran.stderr.starts_with("error: cannot print the result: "),
        "{}",
        ran.stderr
    );
}

/// What `policy diff` prints when it may color, with these variables set.
fn colored(arguments: &[&str], variables: &[(&str, &str)]) -> bool {
    let bench = Bench::new();
    bench.write("old.toml", &manifest(""));
    bench.write("new.toml", &manifest("[net]\ndns = true\n"));
    let mut command = bench.command(&["policy", "diff", "old.toml", "new.toml"]);
    command.args(arguments).envs(variables.iter().copied());
    Ran::from(command.output().unwrap())
        .with(13)
        .contains('\x1b')
}

#[test]
fn pipes_are_colored_only_when_someone_says_so() {
    assert!(!colored(&[], &[]));
    assert!(colored(&["--color", "always"], &[]));
    assert!(
        colored(&["--color", "always"], &[("NO_COLOR", "1")]),
        "an explicit choice wins"
    );
    assert!(colored(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!colored(&["--color=never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn json_names_its_schema() {
    let bench = Bench::new();
    bench.write("old.toml", &manifest(""));
    bench.write("new.toml", &manifest("[net]\ndns = true\n"));
    let diff = bench.run(&["policy", "diff", "--format", "json", "old.toml", "new.toml"]);
    let diff: serde_json::Value = serde_json::from_str(diff.with(13)).unwrap();
    assert_eq!(diff["schema"], "ringfence.diff/1");
    assert_eq!(diff["grew"], true);
    assert_eq!(diff["grown"][0]["grant"], "net.dns");
    let check = bench.run(&["policy", "check", "--format", "json", "old.toml"]);
    let check: serde_json::Value = serde_json::from_str(check.with(0)).unwrap();
    assert_eq!(check["schema"], "ringfence.check/1");
    let schema = bench.run(&["policy", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(schema.with(0)).unwrap();
    assert!(
        schema["$schema"]
            .as_str()
            .unwrap()
            .contains("json-schema.org")
    );
}

#[test]
fn merged_manifests_allow_what_either_does() {
    let bench = Bench::new();
    bench.write("a.toml", &manifest("[files]\nread = [\"/etc/hosts\"]\n"));
    bench.write("b.toml", &manifest("[net]\ndns = true\n"));
    bench
        .run(&["policy", "merge", "a.toml", "b.toml", "--output", "ab.toml"])
        .with(0);
    for part in ["a.toml", "b.toml"] {
        bench.run(&["policy", "diff", "ab.toml", part]).with(0);
        bench.run(&["policy", "diff", part, "ab.toml"]).with(13);
    }
    let other_way = bench.run(&["policy", "merge", "b.toml", "a.toml"]);
    assert_eq!(other_way.with(0), bench.read("ab.toml"));
}

#[test]
fn traces_and_manifests_do_not_mix() {
    let bench = Bench::new();
    bench.write("a.toml", &manifest(""));
    bench.write(
        "a.trace.jsonl",
        "{\"format\":\"ringfence.trace/1\"}\n{\"end\":{\"lines\":1}}\n",
    );
    bench
        .run(&["policy", "merge", "a.toml", "a.trace.jsonl"])
        .with(2);
    bench
        .run(&["policy", "merge", "a.trace.jsonl", "a.trace.jsonl"])
        .with(0);
}

#[test]
fn an_interrupted_learner_writes_what_it_saw() {
    let bench = Bench::new();
    let arguments = [
        "learn",
        "--output",
        "s.trace.jsonl",
        "--",
        "sh",
        "-c",
        "echo up; exec sleep 60",
    ];
    let mut child = bench
        .command(&arguments)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 3];
    child.stderr.take().unwrap().read_exact(&mut said).unwrap();
    assert_eq!(&said, b"up\n", "what the command prints is talk");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(
        ran.with(0).starts_with("s.trace.jsonl\nlearned "),
        "{}",
        ran.stdout
    );
    assert!(
        bench
            .read("s.trace.jsonl")
            .contains("\"ended\":\"signal 2\"")
    );
}
