//! From grants to what is shown, hidden and closed.

use ringfence_policy::grant::{DirectoryKind, Grant, PeerAddress};
use ringfence_policy::lock::Lock;
use ringfence_policy::manifest::{Manifest, Secret, SecretForm};
use ringfence_policy::path::AbsPath;
use ringfence_policy::place;
use ringfence_policy::policy::Policy;

use crate::native::{FileUse, Settings, files};

use super::draft::Draft;
use super::mounts::{Mounts, Piece, Seen, own_directory};
use super::private::{KNOWN_LINKS, Private, make_private};
use super::{network, secrets};

/// The trees in which a service sees nothing that is not granted.
pub(super) const HIDDEN: [&str; 8] = [
    "/boot", "/etc", "/media", "/mnt", "/opt", "/run", "/srv", "/var",
];

/// Where people keep what is theirs.
pub(super) const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];

/// Trees of which the kernel makes the content: nothing is shown there one by one.
pub(super) const KERNEL: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Where services tell the service manager that they are ready; see sd_notify(3).
pub(super) const NOTIFY: &str = "/run/systemd/notify";

pub(super) fn path(text: &str) -> AbsPath {
    AbsPath::from_bytes(text.as_bytes()).unwrap_or_else(|_| AbsPath::root())
}

pub(super) fn is_in(path: &AbsPath, trees: &[&str]) -> bool {
    path.ancestors()
        .any(|above| trees.iter().any(|tree| tree.as_bytes() == above.as_bytes()))
}

/// The paths whose links a target has to know: those of the grants, the program, the code, the links that
/// were followed, and where the resolver's addresses are.
pub fn paths(policy: &Policy, manifest: &Manifest, lock: Option<&Lock>) -> Vec<AbsPath> {
    let granted = policy.expanded().filter_map(|grant| match grant {
        Grant::File(_, pattern)
        | Grant::Device(_, pattern)
        | Grant::Private(pattern)
        | Grant::Peer(PeerAddress::Path(pattern))
        | Grant::Listen(PeerAddress::Path(pattern)) => Some(pattern.literal_prefix()),
        _ => None,
    });
    let mut all: Vec<_> = granted.chain(manifest.service.program()).collect();
    if policy.allows(&Grant::Dns) {
        all.extend(AbsPath::from_bytes(network::RESOLVERS.as_bytes()));
    }
    if let Some(lock) = lock {
        all.extend(lock.links.iter().chain(&lock.code).cloned());
    }
    all.sort();
    all.dedup();
    all
}

/// `/var/log`, for a log that lies directly in it. When it is rotated the service opens another file of that
/// name, and a mount of one file stays with the old one. What is a log and what a directory of logs cannot be
/// seen from here but by its name.
pub(super) fn log_place(file: &AbsPath) -> Option<AbsPath> {
    let parent = file.parent()?;
    let is_log = file.file_name().is_some_and(|name| name.contains(&b'.'));
    (is_log && parent.as_bytes() == b"/var/log").then_some(parent)
}

pub(super) fn arrange(draft: &mut Draft<'_>) -> (Mounts, Private) {
    let mut mounts = Mounts::default();
    let mut private = Private::default();
    mounts.hidden = HIDDEN.into_iter().map(path).collect();
    mounts.closed = HOMES.into_iter().map(path).collect();
    let settings = Settings::new(draft.manifest, draft.lock);
    for rule in files::rules(draft.policy, &settings, draft.target.arch) {
        match rule.rule {
            FileUse::Host {
                write,
                execute,
                code,
                ..
            } if !is_in(&rule.path, &KERNEL) => mounts.show(
                log_place(&rule.path).filter(|_| write).unwrap_or(rule.path),
                Piece {
                    write,
                    code: execute || code,
                    ..Piece::default()
                },
            ),
            FileUse::Private => make_private(draft, &mut private, rule.path),
            FileUse::Own { kind, name } => own(draft, &mut mounts, kind, &name),
            FileUse::Peer => socket(&mut mounts, &rule.path, false),
            FileUse::Listen => socket(&mut mounts, &rule.path, true),
            FileUse::Host { .. } | FileUse::Device { .. } | FileUse::Link => {}
        }
    }
    of_the_unit(draft, &mut mounts);
    beside_the_grants(draft, &mut mounts);
    // What is granted as a whole is not hidden.
    let whole: Vec<_> = mounts.pieces.keys().cloned().collect();
    mounts
        .hidden
        .retain(|tree| !whole.iter().any(|piece| tree.is_within(piece)));
    // Without a tmpfs a tree is closed as a whole, or seen as a whole.
    if !draft.knows("TemporaryFileSystem") {
        mounts
            .hidden
            .retain(|tree| !whole.iter().any(|piece| piece.is_within(tree)));
    }
    for (at, name) in &private.others {
        mounts.hidden.remove(at);
        let piece = Piece {
            source: Some(format!("/run/{name}")),
            write: true,
            made: true,
            private: true,
            ..Piece::default()
        };
        mounts.show(at.clone(), piece);
    }
    (mounts, private)
}

/// What secrets need: the broker's sockets, and for templates our own program and the rendered files.
pub(super) fn beside_the_grants(draft: &Draft<'_>, mounts: &mut Mounts) {
    let brokered = |secret: &Secret| secret.form == SecretForm::Broker;
    if draft.manifest.secrets.iter().any(brokered) {
        mounts.show(path(secrets::BROKER), Piece::default());
    }
    let templates = secrets::templates(draft);
    for template in &templates {
        mounts.show(template.from.clone(), Piece::default());
    }
    if !templates.is_empty() {
        let code = Piece {
            code: true,
            ..Piece::default()
        };
        mounts.show(draft.target.ringfence.clone(), code);
        let at = secrets::directory(draft);
        let own = format!("/run/{at}");
        mounts.unnamed.push((own.clone(), own));
    }
}

/// What the unit says itself that the service needs: its programs, its directories, the sockets of the
/// service manager.
pub(super) fn of_the_unit(draft: &Draft<'_>, mounts: &mut Mounts) {
    if network::notifies(draft) {
        mounts.show(path(NOTIFY), Piece::default());
    }
    if network::is_on_bus(draft) {
        mounts.show(path("/run/dbus"), Piece::default());
    }
    let Some(unit) = draft.packaged else {
        return;
    };
    for command in unit.commands() {
        // The mounts are there for a command with `+` too, so its program has to be seen.
        for program in command.programs {
            let code = Piece {
                code: true,
                ..Piece::default()
            };
            mounts.show(program, code);
        }
    }
    for (kind, name) in unit.directories() {
        made(draft, mounts, kind, name);
    }
}

/// A directory that the service manager makes before the service starts.
pub(super) fn made(draft: &Draft<'_>, mounts: &mut Mounts, kind: DirectoryKind, name: &str) {
    let keeps = draft
        .packaged
        .and_then(|unit| unit.last("RuntimeDirectoryPreserve"))
        .is_some_and(|value| value != "no");
    let moved = draft.is_dynamic() && (kind != DirectoryKind::Runtime || keeps);
    // From systemd 250 on a dynamic user's directories are put into the view by the service manager, links
    // and all; something else at the same place would be in its way.
    if moved && draft.target.version >= 250 {
        return;
    }
    if name.contains('%') {
        let own = format!("{}/{name}", kind.parent());
        mounts.unnamed.push((own.clone(), own));
        return;
    }
    let Some(at) = own_directory(kind, name) else {
        return;
    };
    let source = moved.then(|| format!("{}/private/{name}", kind.parent()));
    mounts.show(
        at,
        Piece {
            source,
            write: true,
            made: true,
            ..Piece::default()
        },
    );
}

/// A directory of the service's own: made by the service manager, unless the unit has it already.
pub(super) fn own(draft: &mut Draft<'_>, mounts: &mut Mounts, kind: DirectoryKind, name: &str) {
    let key = match kind {
        DirectoryKind::State => "StateDirectory",
        DirectoryKind::Cache => "CacheDirectory",
        DirectoryKind::Logs => "LogsDirectory",
        DirectoryKind::Runtime => "RuntimeDirectory",
    };
    let has = draft
        .packaged
        .is_some_and(|unit| unit.directories().contains(&(kind, name)));
    if !has {
        draft.group(format!("dirs.{} {name}", kind.word()));
        if draft.knows(key) {
            draft.line(key, name.replace('%', "%%"));
        }
    }
    if draft.knows(key) {
        made(draft, mounts, kind, name);
    } else if let Some(at) = own_directory(kind, name) {
        mounts.show(
            at,
            Piece {
                write: true,
                ..Piece::default()
            },
        );
    }
}

/// A Unix socket: its directory, so that the socket of a server that starts again is found, unless the
/// directory is everyone's.
pub(super) fn socket(mounts: &mut Mounts, at: &AbsPath, serve: bool) {
    let parent = at.parent().filter(|parent| !place::is_shared(parent));
    match (parent, serve) {
        (Some(parent), _) => mounts.show(
            parent,
            Piece {
                write: serve,
                ..Piece::default()
            },
        ),
        (None, false) => mounts.show(at.clone(), Piece::default()),
        (None, true) => {}
    }
}

/// Follows the links of the lock; the ones that nobody knows the end of are given back.
pub(super) fn follow_links(draft: &Draft<'_>, mounts: &mut Mounts) -> Vec<AbsPath> {
    let mut unknown = Vec::new();
    let mut links = draft
        .lock
        .map(|lock| lock.links.clone())
        .unwrap_or_default();
    if draft.lock.is_none() {
        links.push(path("/var/run"));
    }
    links.extend(draft.target.links.keys().cloned());
    links.sort();
    links.dedup();
    for link in links {
        let known = KNOWN_LINKS
            .iter()
            .find(|(own, _)| path(own) == link)
            .map(|(_, to)| path(to));
        match draft.target.links.get(&link).cloned().or(known) {
            Some(to) => mounts.follow(&link, &to),
            None if mounts.seen(&link) == Seen::Hidden => unknown.push(link),
            None => {}
        }
    }
    unknown
}
