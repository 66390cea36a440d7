//! From grants to the mounts of a unit.
//!
//! Each directory that is granted is a mount of its own, so a file cannot be renamed from one into another:
//! rename(2) says `EXDEV`, and the program copies, or fails. Grant the directory above both where that is
//! what a service does.

use ringfence_policy::grant::{DirectoryKind, FileAccess, Grant, PeerAddress};
use ringfence_policy::lock::Lock;
use ringfence_policy::manifest::{Secret, SecretForm};
use ringfence_policy::path::AbsPath;
use ringfence_policy::place;
use ringfence_policy::policy::Policy;

use crate::coverage::Status;
use crate::native::{FileUse, Settings, files};

use super::devices;
use super::directive::directive;
use super::draft::{Draft, word};
use super::mounts::{Mounts, Piece, Seen, own_directory};
use super::{network, secrets};

/// The trees in which a service sees nothing that is not granted.
const HIDDEN: [&str; 8] = [
    "/boot", "/etc", "/media", "/mnt", "/opt", "/run", "/srv", "/var",
];

/// Where people keep what is theirs.
const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];

/// Private directories that systemd has directives for.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

/// Trees of which the kernel makes the content: nothing is shown there one by one.
const KERNEL: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Where services tell the service manager that they are ready; see sd_notify(3).
const NOTIFY: &str = "/run/systemd/notify";

/// Links that hier(7) and file-hierarchy(7) have on every host.
const KNOWN_LINKS: [(&str, &str); 2] = [("/var/run", "/run"), ("/var/lock", "/run/lock")];

/// Which private directories a unit has.
#[derive(Debug, Default)]
struct Private {
    temporary: bool,
    shared_memory: bool,
    /// Others, each with the directory below `/run` that stands in for it.
    others: Vec<(AbsPath, String)>,
}

pub(super) fn put(draft: &mut Draft<'_>) {
    let (mut mounts, private) = arrange(draft);
    let links = follow_links(draft, &mut mounts);
    mounts.prune();
    draft.group("files: the host read-only, and empty where nothing is granted");
    draft.deny("ProtectSystem", "strict");
    home(draft, &mounts);
    draft.deny("PrivateMounts", "yes");
    hide(draft, &mounts, &private);
    for key in ["ReadWritePaths", "ReadOnlyPaths"] {
        draft.clear(key);
    }
    show(draft, &mounts, &links);
    programs(draft, &mounts, &private);
    working_directory(draft, &mounts);
    devices::put(draft);
    link_shared_files(draft, &private);
}

fn path(text: &str) -> AbsPath {
    AbsPath::from_bytes(text.as_bytes()).unwrap_or_else(|_| AbsPath::root())
}

fn is_in(path: &AbsPath, trees: &[&str]) -> bool {
    path.ancestors()
        .any(|above| trees.iter().any(|tree| tree.as_bytes() == above.as_bytes()))
}

/// The paths whose links a target has to know: those of the grants, and the links that were followed.
pub fn paths(policy: &Policy, lock: Option<&Lock>) -> Vec<AbsPath> {
    let granted = policy.expanded().filter_map(|grant| match grant {
        Grant::File(_, pattern)
        | Grant::Private(pattern)
        | Grant::Peer(PeerAddress::Path(pattern))
        | Grant::Listen(PeerAddress::Path(pattern)) => Some(pattern.literal_prefix()),
        _ => None,
    });
    let mut all: Vec<_> = granted.collect();
    if policy.allows(&Grant::Dns) {
        all.extend(AbsPath::from_bytes(network::RESOLVERS.as_bytes()));
    }
    all.extend(lock.into_iter().flat_map(|lock| lock.links.iter().cloned()));
    all.sort();
    all.dedup();
    all
}

fn arrange(draft: &mut Draft<'_>) -> (Mounts, Private) {
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
                rule.path,
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
fn beside_the_grants(draft: &Draft<'_>, mounts: &mut Mounts) {
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
fn of_the_unit(draft: &Draft<'_>, mounts: &mut Mounts) {
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
fn made(draft: &Draft<'_>, mounts: &mut Mounts, kind: DirectoryKind, name: &str) {
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
fn own(draft: &mut Draft<'_>, mounts: &mut Mounts, kind: DirectoryKind, name: &str) {
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

/// An empty directory that all commands of the unit see, and nobody else does.
///
/// A tmpfs would be empty again for each command, so that a reload would not find the pid file. What
/// systemd has no directive for is a runtime directory, shown in its place.
fn make_private(draft: &mut Draft<'_>, private: &mut Private, at: AbsPath) {
    if is_in(&at, &TEMPORARY) {
        private.temporary = true;
    } else if at == path("/dev/shm") {
        private.shared_memory = true;
    } else {
        let name = private_name(draft, &at);
        draft.group(format!("dirs.private {at}"));
        draft.line("RuntimeDirectory", name.clone());
        private.others.push((at, name));
    }
}

/// The runtime directory that holds a unit's private ones, as it is written in a unit.
pub(super) fn private_parent(draft: &Draft<'_>) -> String {
    match draft.packaged {
        Some(unit) if unit.is_template() => "ringfence/%N".to_owned(),
        Some(unit) => format!("ringfence/{}", unit.name().trim_end_matches(".service")),
        None => format!("ringfence/{}", draft.manifest.service.name),
    }
}

/// Files of a private directory that the service shares with the host, and where the host finds them: its pid
/// file and its sockets.
fn shared_files(draft: &Draft<'_>, private: &Private) -> Vec<(AbsPath, String)> {
    let pid_file = draft.packaged.and_then(|unit| unit.last("PIDFile"));
    let pid_file = pid_file.and_then(|file| AbsPath::from_bytes(file.as_bytes()).ok());
    let sockets = draft.policy.grants().filter_map(|grant| match grant {
        Grant::Listen(PeerAddress::Path(pattern)) => Some(final_name(&pattern.as_literal()?)),
        _ => None,
    });
    let mut files: Vec<_> = pid_file.into_iter().chain(sockets).map(real).collect();
    files.sort();
    files.dedup();
    files
        .into_iter()
        .filter_map(|file| {
            let parent = file.parent()?;
            let (_, name) = private.others.iter().find(|(at, _)| *at == parent)?;
            let there = word(&AbsPath::root().join(file.file_name()?));
            Some((file, format!("/run/{name}{there}")))
        })
        .collect()
}

/// The name that a socket ends up with: servers that replace theirs make it as `NAME.PID.tmp` first.
fn final_name(socket: &AbsPath) -> AbsPath {
    let is_temporary = |name: &[u8]| -> Option<usize> {
        let name = name.strip_suffix(b".tmp")?;
        let digits = name.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let cut = name.len().checked_sub(digits + 1)?;
        (digits > 0 && cut > 0 && name.get(cut) == Some(&b'.')).then_some(cut)
    };
    let renamed = socket.file_name().and_then(|name| {
        let end = is_temporary(name)?;
        Some(socket.parent()?.join(name.get(..end)?))
    });
    renamed.unwrap_or_else(|| socket.clone())
}

/// The path without the links that every host has.
fn real(path: AbsPath) -> AbsPath {
    for (link, to) in KNOWN_LINKS {
        let rest = path.as_bytes().strip_prefix(link.as_bytes());
        if let Some(rest) = rest.filter(|rest| rest.first().is_none_or(|byte| *byte == b'/')) {
            let whole = [to.as_bytes(), rest].concat();
            return AbsPath::from_bytes(&whole).unwrap_or(path);
        }
    }
    path
}

/// Lets the host find the files that a private directory hides from it, as long as the service runs.
///
/// Commands with `+` are spared the sandbox but not the mounts (252), so they have to go back to where
/// the service manager lives.
fn link_shared_files(draft: &mut Draft<'_>, private: &Private) {
    const ON_HOST: &str = "+/usr/bin/nsenter --mount=/proc/1/ns/mnt";
    for (file, there) in shared_files(draft, private) {
        draft.group(format!(
            "{file} is in a private directory: a link leads the host to it"
        ));
        let file = draft.word(&file);
        draft.line(
            "ExecStartPre",
            format!("{ON_HOST} /bin/ln -sfn {there} {file}"),
        );
        draft.line("ExecStopPost", format!("-{ON_HOST} /bin/rm -f {file}"));
    }
}

/// The runtime directory that stands in for a private one.
fn private_name(draft: &Draft<'_>, at: &AbsPath) -> String {
    let slug: Vec<_> = at.components().map(String::from_utf8_lossy).collect();
    format!("{}/{}", private_parent(draft), slug.join("-"))
}

/// A Unix socket: its directory, so that the socket of a server that starts again is found, unless the
/// directory is everyone's.
fn socket(mounts: &mut Mounts, at: &AbsPath, serve: bool) {
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
fn follow_links(draft: &Draft<'_>, mounts: &mut Mounts) -> Vec<AbsPath> {
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

fn home(draft: &mut Draft<'_>, mounts: &Mounts) {
    let within = |write_only: bool| {
        mounts
            .pieces
            .iter()
            .any(|(at, piece)| is_in(at, &HOMES) && (!write_only || piece.write))
    };
    if !within(false) {
        draft.deny("ProtectHome", "yes");
    } else if draft.target.version >= 238 {
        draft.deny("ProtectHome", "tmpfs");
    } else {
        let value = if within(true) { "no" } else { "read-only" };
        draft.put("ProtectHome", value);
        draft.record(
            "protect-home",
            Status::Wider("homes stay visible: `tmpfs` came with systemd 238".to_owned()),
        );
    }
}

fn hide(draft: &mut Draft<'_>, mounts: &Mounts, private: &Private) {
    if private.temporary {
        draft.deny("PrivateTmp", "yes");
    }
    let rooted = draft.packaged.is_some_and(|unit| {
        ["RootDirectory", "RootImage"].iter().any(|key| {
            unit.last(key)
                .is_some_and(|value| !["", "/"].contains(&value))
        })
    });
    if rooted {
        draft.record(
            "temporary-file-system",
            Status::None("the unit has a root of its own, which is left as it is".to_owned()),
        );
        return;
    }
    draft.clear("TemporaryFileSystem");
    if draft.knows("TemporaryFileSystem") {
        let mut words: Vec<_> = mounts
            .hidden
            .iter()
            .map(|tree| format!("{}:ro", draft.word(tree)))
            .collect();
        if private.shared_memory {
            words.push("/dev/shm:mode=1777,nosuid,noexec".to_owned());
        }
        draft.put_list("TemporaryFileSystem", words);
        draft.record(
            "temporary-file-system",
            Status::Wider(
                "what lies at the top of the file system beside the usual directories can be read"
                    .to_owned(),
            ),
        );
    } else {
        let empty: Vec<_> = mounts
            .hidden
            .iter()
            .map(|tree| format!("-{tree}"))
            .collect();
        if !empty.is_empty() {
            draft.line("InaccessiblePaths", empty.join(" "));
        }
        if let Some(own) = directive("TemporaryFileSystem") {
            draft.record(own.id, own.worth(draft.target));
        }
    }
    let in_sys = |grant: &Grant| match grant {
        Grant::File(_, pattern) => is_in(&pattern.literal_prefix(), &["/sys"]),
        _ => false,
    };
    if draft.policy.expanded().any(in_sys)
        || draft.has(ringfence_policy::grant::Privilege::Tunables)
    {
        draft.record(
            "sys",
            Status::Wider("all of /sys can be read: a part of it is granted".to_owned()),
        );
    } else {
        // Added to what the unit closes, which stays closed.
        draft.line("InaccessiblePaths", "-/sys".to_owned());
        draft.record("sys", Status::Exact);
    }
}

fn show(draft: &mut Draft<'_>, mounts: &Mounts, unknown: &[AbsPath]) {
    draft.group("files, dirs and peers that are granted");
    let seen_code = draft.knows("NoExecPaths");
    let mut read = Vec::new();
    let mut write: Vec<_> = mounts
        .unnamed
        .iter()
        .map(|(_, word)| word.clone())
        .collect();
    for (at, piece) in &mounts.pieces {
        // Without NoExecPaths= there is nothing that code must be taken out of.
        let idle = piece.code && !piece.write && !seen_code && piece.source.is_none();
        if idle && !is_in(at, &HIDDEN) {
            continue;
        }
        let mut word = String::new();
        if !piece.made {
            word.push('-');
        }
        if let Some(source) = &piece.source {
            word.push_str(source);
            word.push(':');
        }
        word.push_str(&draft.word(at));
        if piece.write {
            write.push(word);
        } else {
            read.push(word);
        }
    }
    if let Some(unit) = draft.packaged {
        let own: Vec<_> = ["BindPaths", "BindReadOnlyPaths"]
            .into_iter()
            .flat_map(|key| unit.list(key))
            .collect();
        if !own.is_empty() {
            draft.record(
                "bind-paths",
                Status::Wider(format!("the unit itself shows {}", own.join(" "))),
            );
        }
    }
    draft.put_list("BindReadOnlyPaths", read);
    draft.put_list("BindPaths", write);
    if !unknown.is_empty() {
        let names: Vec<_> = unknown.iter().map(ToString::to_string).collect();
        draft.record(
            "links",
            Status::Narrower(format!(
                "not shown, for where they lead on the target is not known: {}",
                names.join(", ")
            )),
        );
    }
}

/// Lets the service start where its working directory is not granted. It has one where something beneath is
/// granted, and is at `/` otherwise.
fn working_directory(draft: &mut Draft<'_>, mounts: &Mounts) {
    let Some(value) = draft
        .packaged
        .and_then(|unit| unit.last("WorkingDirectory"))
    else {
        return;
    };
    let hidden = AbsPath::from_bytes(value.as_bytes())
        .is_ok_and(|at| value.contains('%') || mounts.seen(&at) == Seen::Hidden);
    if hidden {
        draft.group("the working directory may be hidden");
        draft.line("WorkingDirectory", format!("-{value}"));
    }
}

fn programs(draft: &mut Draft<'_>, mounts: &Mounts, private: &Private) {
    draft.group("files.exec: nothing else runs, and nothing that the service can write");
    let mut closed = vec!["/".to_owned()];
    if private.temporary {
        closed.extend(TEMPORARY.map(str::to_owned));
    }
    if !private.shared_memory {
        closed.push("-/dev/shm".to_owned());
    }
    let mut open = Vec::new();
    for (at, piece) in &mounts.pieces {
        let word = draft.word(at);
        if piece.code {
            open.push(format!("-{word}"));
        // Each mount keeps its own flags. In /etc lies nothing to run but for interpreters, and they are
        // granted or not.
        } else if piece.write || !is_in(at, &["/etc"]) {
            let mark = if piece.made { "" } else { "-" };
            closed.push(format!("{mark}{word}"));
        }
    }
    closed.extend(mounts.unnamed.iter().map(|(at, _)| at.clone()));
    let worth = draft.put_list("NoExecPaths", closed);
    draft.put_list("ExecPaths", open);
    let worth = match worth {
        Status::Exact => Status::Wider(
            "the dynamic loader can run programs that lie in directories of libraries".to_owned(),
        ),
        other => other,
    };
    draft.record("no-exec-paths", worth);
}

/// How exactly a socket in the file system is given to a client of it.
pub(super) fn peer_status(address: &PeerAddress) -> Status {
    let PeerAddress::Path(pattern) = address else {
        return Status::Exact;
    };
    let at = pattern.literal_prefix();
    if at.parent().is_some_and(|parent| !place::is_shared(&parent)) {
        return Status::Wider(
            "the sockets beside it too: its directory is shown, so that a restarted server is found"
                .to_owned(),
        );
    }
    // The service manager keeps this one as long as it runs.
    if at == path(NOTIFY) {
        return Status::Exact;
    }
    Status::Narrower(
        "this very socket: one that its server makes anew is not found until the service restarts"
            .to_owned(),
    )
}

/// How exactly a grant of files is given.
pub(super) fn status(access: FileAccess, whole: Option<&AbsPath>, draft: &Draft<'_>) -> Status {
    if let Some(whole) = whole {
        return Status::Wider(format!("all of {whole}: mounts know no *"));
    }
    match access {
        FileAccess::Append => {
            Status::Wider("no means to append without writing elsewhere in the file".to_owned())
        }
        FileAccess::Exec if !draft.knows("NoExecPaths") => Status::Wider(
            "every program that can be read can run: NoExecPaths= came with systemd 248".to_owned(),
        ),
        FileAccess::Read if !draft.knows("TemporaryFileSystem") => Status::Wider(
            "what lies beside it can be read too: TemporaryFileSystem= came with systemd 238"
                .to_owned(),
        ),
        _ => Status::Exact,
    }
}
