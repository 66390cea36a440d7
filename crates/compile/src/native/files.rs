//! The files of a policy as rules for the mount view and for Landlock.

use std::collections::BTreeMap;

use ringfence_policy::grant::{DeviceAccess, FileAccess, Grant, PeerAddress};
use ringfence_policy::path::AbsPath;
use ringfence_policy::policy::Policy;

use super::compile::Settings;
use super::plan::{FileRule, FileUse};
use super::syscall::Arch;

/// Directories that every service may map code from. A lock names files elsewhere and none in here.
const LIBRARIES: [&str; 9] = [
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libx32",
    "/usr/local/lib",
];

/// The rules, sorted by path; several grants on one path make one rule where they can.
pub(crate) fn rules(policy: &Policy, settings: &Settings, arch: Arch) -> Vec<FileRule> {
    let mut rules = Rules::default();
    for grant in policy.expanded() {
        match grant {
            Grant::File(access, pattern) => {
                let rule = match access {
                    FileAccess::Read => FileUse::READ,
                    FileAccess::Append | FileAccess::Write => FileUse::WRITE,
                    FileAccess::Exec => FileUse::EXECUTE,
                };
                rules.add(pattern.literal_prefix(), rule);
            }
            Grant::Device(access, pattern) => {
                let access = *access;
                rules.add(pattern.literal_prefix(), FileUse::Device { access });
            }
            Grant::Directory(kind, name) => {
                let path = name
                    .split('/')
                    .filter(|part| !part.is_empty())
                    .fold(kind.parent().parse(), |path: Result<AbsPath, _>, part| {
                        path.map(|path| path.join(part.as_bytes()))
                    });
                let (kind, name) = (*kind, name.clone());
                // The parents are literals and the names were checked when the grant was read.
                if let Ok(path) = path {
                    rules.add(path, FileUse::Own { kind, name });
                }
            }
            Grant::Private(pattern) => rules.add(pattern.literal_prefix(), FileUse::Private),
            Grant::Peer(PeerAddress::Path(pattern)) => {
                rules.add(pattern.literal_prefix(), FileUse::Peer);
            }
            Grant::Listen(PeerAddress::Path(pattern)) => {
                rules.add(pattern.literal_prefix(), FileUse::Listen);
            }
            _ => {}
        }
    }
    if let Some(program) = settings.program() {
        rules.add(program, FileUse::EXECUTE);
    }
    for loader in arch.loaders() {
        if let Ok(path) = loader.parse() {
            rules.add(path, FileUse::EXECUTE);
        }
    }
    for link in &settings.links {
        rules.add(link.clone(), FileUse::Link);
    }
    for directory in libraries(settings) {
        rules.add(directory, FileUse::CODE);
    }
    rules.into_sorted()
}

/// Where code may be mapped from.
fn libraries(settings: &Settings) -> Vec<AbsPath> {
    LIBRARIES
        .into_iter()
        .filter_map(|path| path.parse().ok())
        .chain(settings.code.iter().filter_map(AbsPath::parent))
        .collect()
}

#[derive(Default)]
struct Rules(BTreeMap<AbsPath, Vec<FileUse>>);

impl Rules {
    fn add(&mut self, path: AbsPath, rule: FileUse) {
        let present = self.0.entry(path).or_default();
        for own in present.iter_mut() {
            if let Some(both) = union(own, &rule) {
                *own = both;
                return;
            }
        }
        present.push(rule);
    }

    fn into_sorted(self) -> Vec<FileRule> {
        self.0
            .into_iter()
            .flat_map(|(path, rules)| {
                rules.into_iter().map(move |rule| FileRule {
                    path: path.clone(),
                    rule,
                })
            })
            .collect()
    }
}

/// One rule that allows what both allow, for rules of the same sort.
fn union(a: &FileUse, b: &FileUse) -> Option<FileUse> {
    match (a, b) {
        (
            FileUse::Host {
                read,
                write,
                execute,
                code,
            },
            FileUse::Host {
                read: read_too,
                write: write_too,
                execute: execute_too,
                code: code_too,
            },
        ) => Some(FileUse::Host {
            read: *read || *read_too,
            write: *write || *write_too,
            execute: *execute || *execute_too,
            code: *code || *code_too,
        }),
        (FileUse::Device { access }, FileUse::Device { access: other }) if access != other => {
            Some(FileUse::Device {
                access: DeviceAccess::ReadWrite,
            })
        }
        _ if a == b => Some(a.clone()),
        _ => None,
    }
}
