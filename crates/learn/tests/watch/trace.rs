//! Asking a trace.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

use ringfence_policy::trace::{Fact, Object, Outcome, Permission, Phase, Run, Touch, Trace};

pub const PYTHON: &str = "/usr/bin/python3";

/// The command that performs an act of this program.
pub fn act(name: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--act", name]).current_dir(directory);
    command
}

fn read(output: &Output) -> Trace {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Trace::from_lines(&output.stdout).unwrap()
}

/// The trace of an act.
pub fn perform(command: &mut Command) -> Trace {
    read(&command.output().unwrap())
}

/// The trace of a command that ends by itself and writes nothing.
pub fn watched<S: AsRef<OsStr>>(directory: &Path, argv: impl IntoIterator<Item = S>) -> Trace {
    perform(act("watch", directory).args(argv))
}

/// The trace of a Python program.
pub fn python(directory: &Path, program: &str) -> Trace {
    watched(directory, [PYTHON, "-S", "-E", "-c", program])
}

/// What a trace says of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub touch: Touch,
    pub object: Object,
    pub permission: Permission,
    pub outcome: Outcome,
    pub beneath: bool,
}

pub trait Ask {
    fn run(&self) -> &Run;
    fn of(&self, path: &Path) -> Vec<Seen>;
    fn touches(&self, path: &Path) -> Vec<(Touch, Outcome)>;
    fn has(&self, test: impl Fn(&Fact) -> bool) -> bool;
    fn in_phase(&self, phase: Phase, test: impl Fn(&Fact) -> bool) -> bool;
    fn link(&self, path: &Path) -> Option<String>;
    fn executed(&self, path: &str) -> bool;
    fn has_capability(&self, name: &str) -> bool;
}

impl Ask for Trace {
    fn run(&self) -> &Run {
        self.runs().next().expect("a run")
    }

    fn of(&self, wanted: &Path) -> Vec<Seen> {
        self.facts()
            .filter_map(|(fact, _)| match fact {
                Fact::File {
                    path,
                    touch,
                    object,
                    permission,
                    outcome,
                    beneath,
                } if path.as_path() == wanted => Some(Seen {
                    touch: *touch,
                    object: *object,
                    permission: *permission,
                    outcome: *outcome,
                    beneath: *beneath,
                }),
                _ => None,
            })
            .collect()
    }

    fn touches(&self, path: &Path) -> Vec<(Touch, Outcome)> {
        let mut list: Vec<_> = self.of(path).iter().map(|s| (s.touch, s.outcome)).collect();
        list.dedup();
        list
    }

    fn has(&self, test: impl Fn(&Fact) -> bool) -> bool {
        self.facts().any(|(fact, _)| test(fact))
    }

    fn in_phase(&self, phase: Phase, test: impl Fn(&Fact) -> bool) -> bool {
        self.facts()
            .any(|(fact, seen)| test(fact) && seen.iter().any(|s| s.phase == phase))
    }

    fn link(&self, wanted: &Path) -> Option<String> {
        self.facts().find_map(|(fact, _)| match fact {
            Fact::Link { path, target } if path.as_path() == wanted => Some(target.clone()),
            _ => None,
        })
    }

    fn executed(&self, wanted: &str) -> bool {
        self.has(|fact| matches!(fact, Fact::Exec { path, .. } if path.to_string() == wanted))
    }

    fn has_capability(&self, name: &str) -> bool {
        self.has(
            |fact| matches!(fact, Fact::Capability { capability, .. } if capability.name() == name),
        )
    }
}
