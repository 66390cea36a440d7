//! Which files make up a unit, as `systemd-analyze verify` of this machine says it, over random trees.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use ringfence_unit::load::{Entry, EntryKind, Index, LoadError, Source, SourceError};
use ringfence_unit::name::UnitName;

/// Names that share prefixes, templates, and what links give them.
const NAMES: [&str; 14] = [
    "a.service",
    "a-b.service",
    "a-b-c.service",
    "a-b-.service",
    "b.service",
    "al.service",
    "am.service",
    "t@.service",
    "t@i.service",
    "t-u@.service",
    "t-u@i-j.service",
    "tl@.service",
    "tl@i.service",
    "a.socket",
];

/// What drop-in directories are for, beside those of the names.
const DROPIN_NAMES: [&str; 6] = [
    "service",
    "socket",
    "a-.service",
    "t-.service",
    "t-@.service",
    "t-@i-j.service",
];

/// Where links lead, `DIR` being the unit directory of the same number.
const TARGETS: [&str; 14] = [
    "a.service",
    "a-b.service",
    "b.service",
    "t@.service",
    "t-u@.service",
    "t@i.service",
    "tl@.service",
    "al.service",
    "am.service",
    "DIR0/a.service",
    "DIR2/b.service",
    "DIR1/../two/t@.service",
    "../outside.service",
    "/dev/null",
];

/// The directory that is the highest comes first.
const DIRECTORIES: [&str; 3] = ["zero", "one", "two"];

#[test]
fn a_unit_is_made_of_the_files_that_the_service_manager_takes() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut found = 0;
    for round in 0..rounds() {
        let tree = tempfile::tempdir().unwrap();
        let source = Tree::grow(tree.path(), &mut random);
        let index = Index::of(&source).unwrap();
        for name in pick_names(&mut random) {
            let ours = summary(&index.load(&UnitName::parse(name).unwrap()));
            let theirs = ask(&source, name);
            assert_eq!(
                ours,
                theirs,
                "{name} in round {round}:\n{}",
                listing(tree.path())
            );
            found += usize::from(ours.starts_with("unit"));
        }
    }
    assert!(
        found > rounds(),
        "too few units were found to show anything"
    );
}

/// How many trees: `RINGFENCE_ROUNDS` asks for more.
fn rounds() -> usize {
    let asked = std::env::var("RINGFENCE_ROUNDS");
    asked.map_or(25, |rounds| rounds.parse().expect("a number"))
}

fn pick_names(random: &mut Random) -> Vec<&'static str> {
    let plain = NAMES.iter().copied().filter(|name| !name.contains("@."));
    plain.filter(|_| random.below(3) == 0).collect()
}

/// What we say of a unit, in the words of `ask`.
fn summary(loaded: &Result<ringfence_unit::load::Unit, LoadError>) -> String {
    match loaded {
        Ok(unit) => {
            let mut text = format!("unit {}\n", unit.name);
            let mut aliases: Vec<_> = unit.aliases.iter().map(ToString::to_string).collect();
            aliases.sort();
            for alias in aliases {
                writeln!(text, "alias {alias}").unwrap();
            }
            let files: Vec<_> = unit.files.iter().map(|file| file.path.as_path()).collect();
            list_files(&mut text, &files, unit.aliases.len());
            text
        }
        Err(LoadError::Masked { .. }) => "masked".to_owned(),
        Err(LoadError::Missing { .. } | LoadError::Circle { .. }) => "missing".to_owned(),
        Err(other) => panic!("{other}"),
    }
}

/// What the real tool says of a unit.
fn ask(source: &Tree, name: &str) -> String {
    let empty = source.root.join("empty");
    fs::create_dir_all(&empty).unwrap();
    let paths: Vec<_> = source
        .directories()
        .iter()
        .map(|d| d.display().to_string())
        .collect();
    let output = Command::new("systemd-analyze")
        .args(["verify", "--recursive-errors=no", "--man=no", name])
        .env("SYSTEMD_UNIT_PATH", paths.join(":"))
        .env("SYSTEMD_LOG_LEVEL", "debug")
        .env("SYSTEMD_LOG_TARGET", "console")
        .current_dir(empty)
        .output()
        .expect("this test needs systemd-analyze(1), of Debian's package systemd");
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    // The name that it gives is that of the file, so of an alias another than was asked for.
    let masked = |line: &str| line.starts_with("Unit ") && line.ends_with(" is masked.");
    if said.lines().any(masked) {
        return "masked".to_owned();
    }
    let Some((_, dump)) = said.split_once("-> Unit ") else {
        let lost = [
            "No such file",
            "not found",
            "Too many levels",
            "No such device",
            "has a bad unit file",
        ];
        assert!(
            lost.iter().any(|lost| said.contains(lost)),
            "{name}: {said}"
        );
        return "missing".to_owned();
    };
    let id = dump.split(':').next().unwrap();
    let mut text = format!("unit {id}\n");
    let values = |label: &str| {
        let lines = dump.lines().map(str::trim);
        let values = lines.filter_map(move |line| line.strip_prefix(label).map(str::trim));
        values.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut aliases = values("Alias:");
    aliases.sort();
    for alias in aliases {
        writeln!(text, "alias {alias}").unwrap();
    }
    let files: Vec<_> = values("Fragment Path:")
        .into_iter()
        .chain(values("DropIn Path:"))
        .collect();
    let files: Vec<_> = files.iter().map(Path::new).collect();
    list_files(&mut text, &files, values("Alias:").len());
    text
}

/// The files of a unit. Of a unit with several aliases only their names: the service manager keeps aliases in
/// a hash table, so which of two directories wins differs from run to run.
fn list_files(text: &mut String, files: &[&Path], aliases: usize) {
    for (number, file) in files.iter().enumerate() {
        if aliases > 1 && number > 0 {
            writeln!(text, "file {}", file.file_name().unwrap().display()).unwrap();
        } else {
            writeln!(text, "file {}", file.display()).unwrap();
        }
    }
}

fn listing(root: &Path) -> String {
    let output = Command::new("find")
        .arg(root)
        .args(["-printf", "%P %s %y %l\n"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// Unit directories on the disk.
struct Tree {
    root: PathBuf,
}

impl Tree {
    fn grow(root: &Path, random: &mut Random) -> Self {
        let root = fs::canonicalize(root).unwrap();
        fs::write(root.join("outside.service"), unit_text(random)).unwrap();
        for directory in DIRECTORIES {
            let directory = root.join(directory);
            fs::create_dir(&directory).unwrap();
            for name in NAMES {
                match random.below(10) {
                    0 | 1 => fs::write(directory.join(name), unit_text(random)).unwrap(),
                    2 if random.below(3) == 0 => fs::write(directory.join(name), "").unwrap(),
                    3 => link(&root, &directory.join(name), random),
                    _ => {}
                }
            }
            for name in NAMES.iter().chain(&DROPIN_NAMES) {
                if random.below(4) == 0 {
                    dropins(&root, &directory.join(format!("{name}.d")), random);
                }
            }
        }
        Self { root }
    }
}

fn unit_text(random: &mut Random) -> String {
    format!(
        "[Unit]\nDescription={}\n[Service]\nExecStart=/bin/true\n[Socket]\nListenStream=/x\n",
        random.below(1000)
    )
}

fn link(root: &Path, path: &Path, random: &mut Random) {
    let target = TARGETS[random.below(TARGETS.len())];
    let target =
        DIRECTORIES
            .iter()
            .enumerate()
            .fold(target.to_owned(), |target, (number, name)| {
                let directory = root.join(name).display().to_string();
                target.replace(&format!("DIR{number}"), &directory)
            });
    symlink(target, path).unwrap();
}

fn dropins(root: &Path, directory: &Path, random: &mut Random) {
    if random.below(8) == 0 {
        let real = root.join(format!("real-{}", random.below(1_000_000)));
        fs::create_dir_all(&real).unwrap();
        symlink(&real, directory).unwrap();
    } else {
        fs::create_dir(directory).unwrap();
    }
    for name in [
        "10.conf", "20.conf", "30.conf", ".40.conf", "50.txt", "é.conf",
    ] {
        let path = directory.join(name);
        match random.below(6) {
            0 | 1 => fs::write(path, "[Unit]\nDocumentation=man:x\n").unwrap(),
            2 => symlink("/dev/null", path).unwrap(),
            3 => fs::write(path, "").unwrap(),
            _ => {}
        }
    }
}

impl Source for Tree {
    fn directories(&self) -> Vec<PathBuf> {
        DIRECTORIES
            .iter()
            .map(|name| self.root.join(name))
            .collect()
    }

    fn list(&self, directory: &Path) -> Result<Vec<Entry>, SourceError> {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => {
                let path = directory.to_owned();
                return Err(SourceError { path, source });
            }
        };
        let entries = entries.map(|entry| {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let kind = if kind.is_symlink() {
                EntryKind::Link(fs::read_link(entry.path()).unwrap())
            } else if kind.is_dir() {
                EntryKind::Directory
            } else {
                EntryKind::File
            };
            let name = entry.file_name().into_string().unwrap();
            Entry { name, kind }
        });
        Ok(entries.collect())
    }

    fn read(&self, file: &Path) -> Result<Option<Vec<u8>>, SourceError> {
        match fs::read(file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => {
                let path = file.to_owned();
                Err(SourceError { path, source })
            }
        }
    }

    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        fs::canonicalize(path).ok()
    }
}

/// The same numbers on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}
