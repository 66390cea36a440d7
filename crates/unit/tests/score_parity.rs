//! The score of 1,354 units, made up to try every corner, against what six releases of `systemd-analyze
//! security --offline=true` printed for them: score, level, both sums, every row, and which are refused.

#![expect(
    clippy::unwrap_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;

use flate2::read::GzDecoder;
use ringfence_unit::load::{Index, Memory};
use ringfence_unit::name::UnitName;
use ringfence_unit::score::{Model, Profile, assess};

/// The units below `edge` and `fuzz`, and what each release said below `expected`.
const ARCHIVE: &[u8] = include_bytes!("data/score.tar.gz");

fn files() -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(GzDecoder::new(ARCHIVE));
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(name.trim_start_matches("./").to_owned(), bytes);
    }
    files
}

/// A line as `expected` has it: unit, score, level, two sums, the rows; dashes for a unit that is refused.
fn line(file: &str, index: &Index<'_>, profile: &Profile) -> String {
    const REFUSED: &str = "\t-\t-\t-\t-\t-";
    let mut name = UnitName::parse(file).unwrap();
    if name.is_template() {
        name = name.with_instance(profile.instance()).unwrap();
    }
    let Ok(unit) = index.load(&name) else {
        return format!("{file}{REFUSED}");
    };
    let assessment = assess(&unit, profile, Model::Offline);
    if assessment.refusal.is_some() {
        return format!("{file}{REFUSED}");
    }
    let marks = assessment.marks;
    let rows: Vec<String> = marks
        .iter()
        .map(|mark| mark.badness.map_or("-".to_owned(), |bad| bad.to_string()))
        .collect();
    let (exposure, level) = (assessment.exposure(), assessment.level());
    let sums = format!("{}\t{}", marks.badness(), marks.weights());
    format!("{file}\t{exposure}\t{level}\t{sums}\t{}", rows.join(","))
}

/// The lines that differ, of this many.
fn differences(version: u32, files: &BTreeMap<String, Vec<u8>>) -> (String, usize) {
    let profile = Profile::of(version).unwrap().on("x86_64");
    let mut differing = String::new();
    let mut count = 0;
    for set in ["edge", "fuzz"] {
        let mut source = Memory::with_directories([format!("/{set}")]);
        for (path, bytes) in files.range(format!("{set}/")..format!("{set}0")) {
            source = source.file(format!("/{path}"), bytes.clone());
        }
        let index = Index::of(&source).unwrap().with_syntax(profile.syntax());
        let expected = files.get(&format!("expected/{version}/{set}.tsv")).unwrap();
        let expected = std::str::from_utf8(expected).unwrap();
        for expected in expected.lines().filter(|line| !line.starts_with('#')) {
            let (file, _) = expected.split_once('\t').unwrap();
            let found = line(file, &index, &profile);
            count += 1;
            if found != expected {
                writeln!(differing, "{version} {set}\n- {expected}\n+ {found}").unwrap();
            }
        }
    }
    (differing, count)
}

#[test]
fn every_row_of_every_unit_is_what_each_release_says() {
    let files = files();
    for version in Profile::versions() {
        let (differing, count) = differences(version, &files);
        assert!(differing.is_empty(), "{differing}");
        assert_eq!(count, 1354, "systemd {version}");
    }
}
