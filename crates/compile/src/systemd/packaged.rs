//! What a drop-in must know of the unit that it is put beside.

use std::path::Path;

use ringfence_policy::grant::DirectoryKind;
use ringfence_policy::path::AbsPath;
use ringfence_unit::exec::{Privilege, SEARCHED, read_with_shell};
use ringfence_unit::load::{Setting, Unit};
use ringfence_unit::specifier::{Host, Specifiers};
use ringfence_unit::word::boolean;

/// The name of our drop-in. Numbered, so that an administrator's own can come after it.
pub const DROP_IN: &str = "50-ringfence.conf";

/// Settings under an older name: one list, two names.
const OLD_NAMES: [(&str, &str); 3] = [
    ("ReadWritePaths", "ReadWriteDirectories"),
    ("ReadOnlyPaths", "ReadOnlyDirectories"),
    ("InaccessiblePaths", "InaccessibleDirectories"),
];

/// The settings that start a command.
const COMMANDS: [&str; 8] = [
    "ExecCondition",
    "ExecStartPre",
    "ExecStart",
    "ExecStartPost",
    "ExecReload",
    "ExecReloadPost",
    "ExecStop",
    "ExecStopPost",
];

/// A packaged unit, without a drop-in that we put there earlier.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packaged<'a> {
    unit: &'a Unit,
}

/// A command of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command<'a> {
    /// The setting.
    pub(super) key: &'a str,
    /// The whole value, which may hold several commands.
    pub(super) value: &'a str,
    /// What of the sandbox holds for it.
    privilege: Privilege,
    /// Where its program is: one place, unless it is named without a path. None when a specifier or variable
    /// decides.
    pub(super) programs: Vec<AbsPath>,
}

impl Command<'_> {
    /// Whether it runs as root and outside of the sandbox.
    pub(super) fn is_unconfined(&self) -> bool {
        self.privilege == Privilege::Full
    }

    /// Whether it starts as root, inside of the sandbox.
    pub(super) fn starts_as_root(&self) -> bool {
        matches!(self.privilege, Privilege::OwnUser | Privilege::Ambient)
    }
}

impl<'a> Packaged<'a> {
    pub(super) fn new(unit: &'a Unit) -> Self {
        Self { unit }
    }

    /// The unit's name.
    pub(super) fn name(self) -> &'a str {
        self.unit.name.as_str()
    }

    /// The name of its drop-in directory: for an instance that of its template, so that one drop-in holds for
    /// them all.
    pub(super) fn directory_name(self) -> String {
        self.unit
            .name
            .template()
            .map_or_else(|| self.name().to_owned(), |name| name.as_str().to_owned())
    }

    /// Whether it is a template or an instance of one.
    pub(super) fn is_template(self) -> bool {
        self.name().contains('@')
    }

    /// The settings that count for a list, under both of its names.
    pub(super) fn list(self, key: &'a str) -> Vec<&'a str> {
        let old = OLD_NAMES.iter().find(|(new, _)| *new == key);
        let mut own = Vec::new();
        for setting in self.unit.settings() {
            if setting.section != "Service" || self.is_ours(setting) {
                continue;
            }
            if setting.key == key || old.is_some_and(|(_, old)| setting.key == *old) {
                if setting.value.is_empty() {
                    own.clear();
                } else {
                    own.push(setting.value.as_str());
                }
            }
        }
        own
    }

    /// The value that counts for a setting that is not a list.
    pub(super) fn last(self, key: &'a str) -> Option<&'a str> {
        self.unit
            .values("Service", key)
            .rev()
            .find(|setting| !self.is_ours(setting))
            .map(|setting| setting.value.as_str())
    }

    /// Whether a switch is on.
    pub(super) fn is_on(self, key: &'a str) -> bool {
        self.last(key).and_then(boolean) == Some(true)
    }

    /// The commands, in the order of their files. What systemd cannot read is left out.
    pub(super) fn commands(self) -> Vec<Command<'a>> {
        let host = Host::default();
        let specifiers = Specifiers {
            unit: &self.unit.name,
            file: Path::new("/"),
            host: &host,
        };
        let mut all = Vec::new();
        for key in COMMANDS {
            for value in self.list(key) {
                for command in read_with_shell(value, &specifiers).commands {
                    all.push(Command {
                        key,
                        value,
                        privilege: command.prefixes.privilege,
                        programs: programs(&command.program.bytes),
                    });
                }
            }
        }
        all
    }

    /// The directories that the service manager makes for it, as they are written.
    pub(super) fn directories(self) -> Vec<(DirectoryKind, &'a str)> {
        let keys = [
            (DirectoryKind::State, "StateDirectory"),
            (DirectoryKind::Cache, "CacheDirectory"),
            (DirectoryKind::Logs, "LogsDirectory"),
            (DirectoryKind::Runtime, "RuntimeDirectory"),
        ];
        keys.into_iter()
            .flat_map(|(kind, key)| {
                let names = self.list(key).into_iter().flat_map(str::split_whitespace);
                // After a colon stands the name of a link to it.
                names.map(move |name| (kind, name.split(':').next().unwrap_or(name)))
            })
            .collect()
    }

    /// Whether it speaks to the service manager over the notification socket.
    pub(super) fn notifies(self) -> bool {
        let kind = self.last("Type").unwrap_or_default();
        let access = self.last("NotifyAccess").unwrap_or("none");
        kind.starts_with("notify") || access != "none" || self.last("WatchdogSec").is_some()
    }

    /// Settings of drop-ins that come after ours and so are heard last.
    pub(super) fn overrides(self) -> Vec<&'a str> {
        let later = |setting: &&Setting| {
            self.unit.file_of(setting).is_some_and(|file| {
                file.path
                    .parent()
                    .and_then(|directory| directory.extension())
                    .is_some_and(|extension| extension == "d")
                    && file.path.file_name() > Some(DROP_IN.as_ref())
            })
        };
        let mut keys: Vec<_> = self
            .unit
            .settings()
            .iter()
            .filter(|setting| setting.section == "Service")
            .filter(later)
            .map(|setting| setting.key.as_str())
            .collect();
        keys.dedup();
        keys
    }

    fn is_ours(self, setting: &Setting) -> bool {
        self.unit
            .file_of(setting)
            .is_some_and(|file| file.path.file_name().is_some_and(|name| name == DROP_IN))
    }
}

fn programs(program: &[u8]) -> Vec<AbsPath> {
    if program.contains(&b'%') || program.contains(&b'$') {
        return Vec::new();
    }
    if program.contains(&b'/') {
        return AbsPath::from_bytes(program).into_iter().collect();
    }
    let places = SEARCHED.iter().filter_map(|place| place.parse().ok());
    places.map(|place: AbsPath| place.join(program)).collect()
}
