//! Forms of a unit that are accepted and do not do what they say. None may ever be written.
//!
//! Each was seen on a booted systemd 252, 257 or 262, or read in namespace.c of these versions. The score of
//! systemd-analyze(1) sees none of them.

use std::collections::BTreeSet;

use ringfence_unit::load::Unit;

/// What is wrong with the text of a `[Service]` section, in sentences.
pub(super) fn traps(text: &str) -> Vec<String> {
    let name = "x.service".parse().unwrap();
    let unit = Unit::of_text(name, "/x.service".into(), text.as_bytes()).unwrap();
    let sandbox = Sandbox { unit: &unit };
    let mut found = Vec::new();
    sandbox.weak_tmpfs(&mut found);
    sandbox.writable_programs(&mut found);
    sandbox.programs_that_can_be_written(&mut found);
    sandbox.inverted_lists(&mut found);
    found
}

struct Sandbox<'a> {
    unit: &'a Unit,
}

impl Sandbox<'_> {
    fn words(&self, key: &str) -> Vec<String> {
        self.unit
            .effective_list("Service", key)
            .iter()
            .flat_map(|setting| setting.value.split_whitespace())
            .map(|word| word.trim_start_matches(['-', '+']).to_owned())
            .collect()
    }

    /// The paths at which something is seen.
    fn destinations(&self, key: &str) -> BTreeSet<String> {
        self.words(key)
            .iter()
            .map(|word| word.split(':').next_back().unwrap_or(word).to_owned())
            .collect()
    }

    fn tmpfs(&self) -> Vec<(String, String)> {
        self.words("TemporaryFileSystem")
            .iter()
            .map(|word| {
                let (path, options) = word.split_once(':').unwrap_or((word, ""));
                (path.to_owned(), options.to_owned())
            })
            .collect()
    }

    fn is(&self, key: &str, value: &str) -> bool {
        self.unit
            .last("Service", key)
            .is_some_and(|setting| setting.value == value)
    }

    /// Of two directives for one path one is applied, and a tmpfs is always the other one.
    fn weak_tmpfs(&self, found: &mut Vec<String>) {
        let mut stronger = BTreeSet::new();
        for key in [
            "ReadOnlyPaths",
            "ReadWritePaths",
            "InaccessiblePaths",
            "NoExecPaths",
            "ExecPaths",
            "BindPaths",
            "BindReadOnlyPaths",
        ] {
            stronger.extend(self.destinations(key));
        }
        if self.is("ProtectSystem", "strict") || self.is("DynamicUser", "yes") {
            stronger.extend(["/", "/home", "/root", "/run/user"].map(str::to_owned));
            stronger.extend(["/proc", "/sys", "/dev"].map(str::to_owned));
        }
        for (path, _) in self.tmpfs() {
            if path == "/" || stronger.contains(&path) {
                found.push(format!(
                    "the tmpfs on {path} is dropped, and the host is seen"
                ));
            }
        }
    }

    /// `ExecPaths=` makes a mount of its own, which stays writable below a read-only root.
    fn writable_programs(&self, found: &mut Vec<String>) {
        let kept = [
            self.destinations("BindReadOnlyPaths"),
            self.destinations("BindPaths"),
        ]
        .concat_sets();
        for path in self.destinations("ExecPaths") {
            if !kept.contains(&path) {
                found.push(format!("root can write {path}"));
            }
        }
    }

    /// `NoExecPaths=/` does not reach what is mounted beneath.
    fn programs_that_can_be_written(&self, found: &mut Vec<String>) {
        let closed = self.destinations("NoExecPaths");
        if !closed.contains("/") {
            return;
        }
        let granted = self.destinations("ExecPaths");
        let mut open: Vec<String> = self.destinations("BindPaths").into_iter().collect();
        if self.is("PrivateTmp", "yes") {
            open.extend(["/tmp", "/var/tmp"].map(str::to_owned));
        }
        for (path, options) in self.tmpfs() {
            let safe = options
                .split(',')
                .any(|option| ["ro", "noexec"].contains(&option));
            if !safe {
                open.push(path);
            }
        }
        let shm = self.tmpfs().iter().any(|(path, _)| path == "/dev/shm");
        if !shm {
            open.push("/dev/shm".to_owned());
        }
        let devices = |path: &String| path.starts_with("/dev/") && path != "/dev/shm";
        for path in open.into_iter().filter(|path| !devices(path)) {
            if !closed.contains(&path) && !granted.contains(&path) {
                found.push(format!("what is written to {path} can run"));
            }
        }
    }

    /// The first line of some lists decides whether they allow or deny; what follows only edits it.
    fn inverted_lists(&self, found: &mut Vec<String>) {
        for key in ["SystemCallFilter", "RestrictAddressFamilies"] {
            let lines = self.unit.effective_list("Service", key);
            if lines.iter().any(|line| line.value.starts_with('~')) {
                found.push(format!("{key} denies what it lists"));
            }
            if lines.iter().any(|line| line.value.contains(['"', '\''])) {
                found.push(format!("{key} has quotes, which it takes for names"));
            }
        }
    }
}

/// The union of sets.
trait ConcatSets {
    fn concat_sets(self) -> BTreeSet<String>;
}

impl<const N: usize> ConcatSets for [BTreeSet<String>; N] {
    fn concat_sets(self) -> BTreeSet<String> {
        self.into_iter().flatten().collect()
    }
}

#[test]
fn every_form_that_was_measured_to_be_void_is_found() {
    for text in [
        // The whole host is seen.
        "TemporaryFileSystem=/\nProtectSystem=strict",
        "TemporaryFileSystem=/:ro\nDynamicUser=yes",
        "TemporaryFileSystem=/home\nDynamicUser=yes",
        "TemporaryFileSystem=/srv\nNoExecPaths=/srv",
        "TemporaryFileSystem=/srv:ro\nReadOnlyPaths=-/srv",
        // Root writes programs and libraries.
        "ProtectSystem=strict\nNoExecPaths=/ /dev/shm\nExecPaths=/usr/lib",
        "ProtectSystem=strict\nNoExecPaths=/ /dev/shm\nExecPaths=/usr/lib\nReadOnlyPaths=/usr/lib",
        // What was copied runs.
        "NoExecPaths=/ /dev/shm\nPrivateTmp=yes",
        "NoExecPaths=/ /dev/shm\nBindPaths=/a:/b",
        "NoExecPaths=/",
        "NoExecPaths=/ /dev/shm\nTemporaryFileSystem=/x:mode=1777",
        // A deny-list, whatever comes after.
        "SystemCallFilter=~@mount\nSystemCallFilter=@system-service",
        "RestrictAddressFamilies=\"AF_UNIX AF_INET\"",
    ] {
        let text = format!("[Service]\n{text}\n");
        assert!(!traps(&text).is_empty(), "{text}");
    }
}

#[test]
fn the_forms_that_hold_are_no_traps() {
    for text in [
        "TemporaryFileSystem=/etc:ro /var:ro\nProtectSystem=strict\nDynamicUser=yes\nBindPaths=/var/lib/x",
        "NoExecPaths=/ /tmp /var/tmp -/dev/shm\nPrivateTmp=yes\nExecPaths=/usr/lib\nBindReadOnlyPaths=-/usr/lib",
        "NoExecPaths=/\nTemporaryFileSystem=/dev/shm:mode=1777,nosuid,noexec",
        "SystemCallFilter=read write",
    ] {
        let text = format!("[Service]\n{text}\n");
        assert_eq!(traps(&text), Vec::<String>::new(), "{text}");
    }
}
