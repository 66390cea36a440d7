//! Secrets and their templates, as far as they are shown and refused. What is moved where is tested with the files
//! themselves, and on a machine of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

#[expect(dead_code, reason = "what these tests do not need others do")]
mod program;

use std::fs;

use program::{Bench, Ran};

const TEXT: &str = "[a]\ntoken = \"s3cret-value\"\nurl = \"postgres://u:pw-of-db@h/d\"\nport = 1\n";

fn extract(bench: &Bench, arguments: &[&str]) -> Ran {
    let path = bench.path("app.toml").canonicalize().unwrap();
    let all = [
        &["secrets", "extract"],
        arguments,
        &[path.to_str().unwrap()],
    ]
    .concat();
    bench.run(&all)
}

#[test]
fn a_dry_run_shows_names_and_no_values_and_changes_nothing() {
    let bench = Bench::new();
    bench.write("app.toml", TEXT);
    let ran = extract(&bench, &["--dry-run"]);
    let shown = ran.with(12);
    assert!(shown.contains("+token = \"{{APP_A_TOKEN}}\""), "{shown}");
    assert!(
        shown.contains("+url = \"postgres://u:{{APP_A_URL_PASSWORD}}"),
        "{shown}"
    );
    assert!(
        !format!("{shown}{}", ran.stderr).contains("s3cret-value"),
        "{shown}"
    );
    assert!(!shown.contains("pw-of-db"), "{shown}");
    assert_eq!(bench.read("app.toml"), TEXT);
}

#[test]
fn what_is_no_secret_can_be_left_out_by_name() {
    let bench = Bench::new();
    bench.write("app.toml", TEXT);
    let ran = extract(&bench, &["--dry-run", "--skip", "APP_A_TOKEN"]);
    assert!(!ran.with(12).contains("APP_A_TOKEN"), "{}", ran.stdout);
    let ran = extract(&bench, &["--dry-run", "--only", "APP_A_TOKEN"]);
    assert!(
        !ran.with(12).contains("APP_A_URL_PASSWORD"),
        "{}",
        ran.stdout
    );
    let ran = extract(&bench, &["--dry-run", "--only", "APP_B"]);
    ran.with(2);
    assert!(ran.stderr.contains("cannot choose APP_B"), "{}", ran.stderr);
    bench.write("app.toml", "[a]\nport = 1\n");
    extract(&bench, &["--dry-run"]).with(3);
}

#[test]
fn off_a_terminal_nothing_is_moved_unasked() {
    let bench = Bench::new();
    bench.write("app.toml", TEXT);
    let ran = extract(&bench, &[]);
    ran.with(2);
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    assert_eq!(bench.read("app.toml"), TEXT);
}

#[test]
fn what_cannot_be_a_template_is_refused_with_its_place() {
    let bench = Bench::new();
    bench.write("app.toml", "a = 1\ntoken = =abc\n");
    let ran = extract(&bench, &["--dry-run"]);
    ran.with(2);
    assert!(ran.stderr.contains("line 2, column 9"), "{}", ran.stderr);
    extract(&bench, &["--dry-run", "--syntax", "lines"]).with(12);
    bench.write("app.toml", "token = \"{{OTHER}}\"\npassword = \"x-y-z\"\n");
    let ran = extract(&bench, &["--dry-run"]);
    ran.with(2);
    assert!(ran.stderr.contains("{{OTHER}}"), "{}", ran.stderr);
    fs::write(bench.path("app.toml"), b"token = \"\xff\"\n").unwrap();
    let ran = extract(&bench, &["--dry-run"]);
    ran.with(2);
    assert!(ran.stderr.contains("line 1 is not text"), "{}", ran.stderr);
}

#[test]
fn a_template_is_filled_in_from_credentials_and_nothing_is_said() {
    let bench = Bench::new();
    bench.write("app.toml", "token = \"{{TOKEN}}\"\n");
    fs::create_dir(bench.path("credentials")).unwrap();
    fs::create_dir(bench.path("runtime")).unwrap();
    bench.write("credentials/TOKEN", "s3cret-value\n");
    let render = |more: &[&str]| {
        let arguments = [&["secrets", "render", "app.toml"], more].concat();
        let mut command = bench.command(&arguments);
        command.env("CREDENTIALS_DIRECTORY", bench.path("credentials"));
        Ran::from(
            command
                .env("RUNTIME_DIRECTORY", bench.path("runtime"))
                .output()
                .unwrap(),
        )
    };
    let ran = render(&[]);
    assert_eq!((ran.with(0), ran.stderr.as_str()), ("", ""));
    assert_eq!(bench.read("runtime/app.toml"), "token = \"s3cret-value\"\n");
    let below = bench.path("runtime/other.toml");
    render(&[below.to_str().unwrap()]).with(0);
    assert_eq!(
        bench.read("runtime/other.toml"),
        "token = \"s3cret-value\"\n"
    );
    let beside = bench.path("other.toml");
    render(&[beside.to_str().unwrap()]).with(2);

    bench.write("credentials/TOKEN", "quo\"te");
    let ran = render(&[]);
    ran.with(2);
    assert!(
        ran.stderr.contains("write {{TOKEN|escaped}} there"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("quo"), "{}", ran.stderr);
    assert_eq!(
        bench.run(&["secrets", "render", "app.toml"]).code,
        4,
        "without directories"
    );
}
