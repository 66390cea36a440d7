//! The house rules that a compiler does not hold: who may depend on whom, who has unsafe code, who prints.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// From the bottom up: a crate may use only those before it.
const ORDER: [&str; 10] = [
    "ringfence-policy",
    "ringfence-unit",
    "ringfence-compile",
    "ringfence-sys",
    "ringfence-host",
    "ringfence-learn",
    "ringfence-sandbox",
    "ringfence-prove",
    "ringfence-broker",
    "ringfence",
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo metadata describes the workspace")
}

/// The packages below `crates/`, each with its place in the order.
fn house(metadata: &Metadata) -> BTreeMap<usize, &Package> {
    let crates = metadata.workspace_root.join("crates");
    metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| package.manifest_path.starts_with(&crates))
        .map(|package| {
            let place = ORDER.iter().position(|name| package.name == *name);
            (
                place.unwrap_or_else(|| panic!("{} has no place in the order", package.name)),
                package,
            )
        })
        .collect()
}

#[test]
fn a_crate_depends_only_on_crates_below_it() {
    let metadata = metadata();
    let house = house(&metadata);
    assert!(
        house.len() >= 7,
        "the workspace lost crates: {:?}",
        house.keys()
    );
    for (place, package) in &house {
        for dependency in &package.dependencies {
            let Some(used) = ORDER.iter().position(|name| dependency.name == *name) else {
                continue;
            };
            assert!(
                used < *place,
                "{} depends on {}",
                package.name,
                dependency.name
            );
            assert_ne!(
                dependency.kind,
                DependencyKind::Build,
                "{} builds with {}",
                package.name,
                dependency.name
            );
            let broker_may = ["ringfence-sys", "ringfence-policy"];
            assert!(
                package.name != "ringfence-broker" || broker_may.contains(&&*dependency.name),
                "the broker depends on {}",
                dependency.name
            );
        }
    }
}

#[test]
fn the_pure_crates_use_no_crate_that_reaches_the_system() {
    let metadata = metadata();
    for package in house(&metadata).values() {
        if !["ringfence-policy", "ringfence-unit", "ringfence-compile"].contains(&&**package.name) {
            continue;
        }
        for dependency in package
            .dependencies
            .iter()
            .filter(|d| d.kind == DependencyKind::Normal)
        {
            assert!(
                !["rustix", "libc", "nix", "tempfile"].contains(&&*dependency.name),
                "{} depends on {}",
                package.name,
                dependency.name
            );
        }
        for (path, text) in sources(package) {
            for word in [
                "std::fs",
                "std::net::Tcp",
                "std::process::Command",
                "SystemTime",
                "Instant::now",
            ] {
                let line = outside_tests(&text).find(|line| line.contains(word));
                assert_eq!(line, None, "{}: a pure crate uses {word}", path.display());
            }
        }
    }
}

#[test]
fn only_sys_may_have_unsafe_code() {
    let metadata = metadata();
    let root = fs::read_to_string(metadata.workspace_root.join("Cargo.toml")).unwrap();
    assert!(
        root.contains("unsafe_code = \"forbid\""),
        "the workspace forbids unsafe code"
    );
    for package in house(&metadata).values() {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        let lints = manifest
            .split_once("[lints")
            .map(|(_, lints)| lints)
            .unwrap_or_default();
        let inherits = lints.contains("workspace = true") && !lints.contains("unsafe_code");
        assert_eq!(
            inherits,
            package.name != "ringfence-sys",
            "{} and the workspace's lints",
            package.name
        );
    }
}

#[test]
fn only_the_command_line_prints() {
    let metadata = metadata();
    for package in house(&metadata).values() {
        for (path, text) in sources(package) {
            for (number, line) in outside_tests(&text).enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                for name in ["print!(", "println!(", "eprint!(", "eprintln!(", "dbg!("] {
                    assert!(
                        !code.contains(name),
                        "{}:{}: {name}",
                        path.display(),
                        number + 1
                    );
                }
                // To hand a stream on is not to print.
                let writes = [
                    "stdout().lock(",
                    "stderr().lock(",
                    "stdout().write",
                    "stderr().write",
                ];
                assert!(
                    package.name == "ringfence" || !writes.iter().any(|name| code.contains(name)),
                    "{}:{}: only the command line writes to the standard streams",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

#[test]
fn no_file_is_named_after_nothing() {
    let metadata = metadata();
    for package in house(&metadata).values() {
        for (path, _) in sources(package) {
            let stem = path.file_stem().unwrap().to_str().unwrap();
            assert!(
                !["utils", "util", "helpers", "common", "manager", "misc"].contains(&stem),
                "{}",
                path.display()
            );
        }
    }
}

/// The source files of a crate, without its integration tests.
fn sources(package: &Package) -> Vec<(PathBuf, String)> {
    let source = package.manifest_path.parent().unwrap().join("src");
    let mut found = Vec::new();
    collect(source.as_std_path(), &mut found);
    assert!(!found.is_empty(), "{source} has no source");
    found
}

fn collect(directory: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

/// The lines before the unit tests, which stand at the end of a file.
fn outside_tests(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
}
