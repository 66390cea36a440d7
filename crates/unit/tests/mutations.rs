//! Unit files with bytes changed, cut, moved and put in: everything that reads them comes to an end, and soon.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

use std::io::Read as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use ringfence_unit::edit::Document;
use ringfence_unit::exec::wrap;
use ringfence_unit::load::Unit;
use ringfence_unit::name::UnitName;
use ringfence_unit::score::{Model, Profile, assess};
use ringfence_unit::text::{Syntax, parse};

const ARCHIVE: &[u8] = include_bytes!("data/score.tar.gz");

/// What trips parsers.
const SPLINTERS: [&[u8]; 20] = [
    b"\\",
    b"\n",
    b"\r",
    b"\0",
    b"\\\n",
    b"[Service]",
    b"[",
    b"]",
    b"=",
    b"\"",
    b"'",
    b"%",
    b"%i",
    b"#",
    b"~",
    b";",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xef\xbf\xbe",
    b"\t",
];

/// How long reading one file may take on a busy machine without optimization.
const SOON: Duration = Duration::from_secs(5);

fn texts() -> Vec<Vec<u8>> {
    let mut archive = tar::Archive::new(GzDecoder::new(ARCHIVE));
    let mut texts = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let unit = entry
            .path()
            .unwrap()
            .extension()
            .is_some_and(|e| e == "service");
        if unit && entry.header().entry_type().is_file() {
            let mut text = Vec::new();
            entry.read_to_end(&mut text).unwrap();
            texts.push(text);
        }
    }
    texts
}

#[derive(Debug, Clone)]
enum Change {
    Cut(Index, Index),
    PutIn(Index, &'static [u8]),
    Turn(Index, u8),
    Repeat(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<(Index, Index)>().prop_map(|(from, to)| Change::Cut(from, to)),
        (any::<Index>(), select(&SPLINTERS[..])).prop_map(|(at, text)| Change::PutIn(at, text)),
        any::<(Index, u8)>().prop_map(|(at, byte)| Change::Turn(at, byte)),
        any::<(Index, Index)>().prop_map(|(from, to)| Change::Repeat(from, to)),
    ]
}

fn changed(mut text: Vec<u8>, change: &Change) -> Vec<u8> {
    let range = |from: &Index, to: &Index| {
        let (from, to) = (from.index(text.len() + 1), to.index(text.len() + 1));
        // Long cuts leave nothing to look at.
        from.min(to)..from.max(to).min(from.min(to) + 40)
    };
    match change {
        Change::Cut(from, to) => drop(text.drain(range(from, to))),
        Change::PutIn(at, splinter) => {
            let at = at.index(text.len() + 1);
            text.splice(at..at, splinter.iter().copied());
        }
        Change::Turn(at, byte) if !text.is_empty() => {
            let at = at.index(text.len());
            text[at] = *byte;
        }
        Change::Turn(..) => {}
        Change::Repeat(from, to) => {
            let again = text[range(from, to)].to_vec();
            let at = range(from, to).end;
            text.splice(at..at, again);
        }
    }
    text
}

fn read_all(text: &[u8]) {
    let parsed = parse(text, Syntax::default());
    for assignment in &parsed.assignments {
        let _ = wrap(&assignment.value, "/wrapper");
    }
    if let Ok(document) = Document::parse(text) {
        assert_eq!(document.as_bytes(), text);
    }
    let name = UnitName::parse("some-unit@some.service").unwrap();
    let Ok(unit) = Unit::of_text(name, PathBuf::from("/some-unit@.service"), text) else {
        return;
    };
    for version in Profile::versions() {
        let profile = Profile::of(version).unwrap();
        for model in [Model::Offline, Model::Manager] {
            let _ = assess(&unit, &profile, model).exposure();
        }
    }
}

#[test]
fn changed_units_are_read_to_their_end() {
    let texts = texts();
    assert!(texts.len() > 1000, "the archive has lost units");
    let changes = prop::collection::vec(change(), 1..12);
    let mut runner = proptest::test_runner::TestRunner::default();
    let case = (any::<Index>(), changes);
    let ran = runner.run(&case, |(which, changes)| {
        let mut text = texts[which.index(texts.len())].clone();
        for change in &changes {
            text = changed(text, change);
        }
        let start = Instant::now();
        read_all(&text);
        prop_assert!(
            start.elapsed() < SOON,
            "{:?}",
            String::from_utf8_lossy(&text)
        );
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn the_longest_files_are_read_soon() {
    let header = "[Service]\n";
    for line in [
        "User=a\\\n",
        "\\\n",
        "ExecStart=/bin/a %i 'b\n",
        "SystemCallFilter=@system-service\n",
        "#\n",
        "[S]\n",
    ] {
        let text = header.to_owned() + &line.repeat(900_000 / line.len());
        let start = Instant::now();
        let parsed = parse(text.as_bytes(), Syntax::default());
        let _ = Document::parse(text.clone())
            .map(|document| document.values("Service", "User").count());
        assert!(
            start.elapsed() < SOON,
            "{line:?} took {:?}",
            start.elapsed()
        );
        assert!(parsed.failure.is_none(), "{line:?}");
    }
}
