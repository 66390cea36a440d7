//! What of the host a unit sees, in directives.
//!
//! Each directory that is granted is a mount of its own, so a file cannot be renamed from one into another:
//! rename(2) says `EXDEV`, and the program copies, or fails. Grant the directory above both where that is
//! what a service does.

use ringfence_policy::grant::{FileAccess, Grant, PeerAddress, Privilege};
use ringfence_policy::path::AbsPath;
use ringfence_policy::place;

use crate::coverage::Status;

use super::arrange::{HIDDEN, HOMES, NOTIFY, arrange, follow_links, is_in, path};
use super::devices;
use super::directive::directive;
use super::draft::Draft;
use super::mounts::{Mounts, Seen};
use super::private::{Private, TEMPORARY, link_shared_files};

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
    if draft.policy.expanded().any(in_sys) || draft.has(Privilege::Tunables) {
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
