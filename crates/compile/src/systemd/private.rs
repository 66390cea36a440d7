//! Directories that only one service sees, and how the host finds what it needs of them.

use ringfence_policy::grant::{Grant, PeerAddress};
use ringfence_policy::path::AbsPath;

use super::arrange::{is_in, path};
use super::draft::{Draft, word};

/// Private directories that systemd has directives for.
pub(super) const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

/// Links that hier(7) and file-hierarchy(7) have on every host.
pub(super) const KNOWN_LINKS: [(&str, &str); 2] =
    [("/var/run", "/run"), ("/var/lock", "/run/lock")];

/// Which private directories a unit has.
#[derive(Debug, Default)]
pub(super) struct Private {
    /// `/tmp` and `/var/tmp`.
    pub(super) temporary: bool,
    /// `/dev/shm`.
    pub(super) shared_memory: bool,
    /// Others, each with the directory below `/run` that stands in for it.
    pub(super) others: Vec<(AbsPath, String)>,
}

/// An empty directory that all commands of the unit see, and nobody else does.
///
/// A tmpfs would be empty again for each command, so that a reload would not find the pid file. What
/// systemd has no directive for is a runtime directory, shown in its place.
pub(super) fn make_private(draft: &mut Draft<'_>, private: &mut Private, at: AbsPath) {
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
        // A backslash in a name is an escape to whoever reads it in a value.
        Some(unit) if unit.is_template() || unit.name().contains('\\') => "ringfence/%N".to_owned(),
        Some(unit) => format!("ringfence/{}", unit.name().trim_end_matches(".service")),
        None => format!("ringfence/{}", draft.manifest.service.name),
    }
}

/// The runtime directory that stands in for a private one.
pub(super) fn private_name(draft: &Draft<'_>, at: &AbsPath) -> String {
    let slug: Vec<_> = at.components().map(String::from_utf8_lossy).collect();
    format!("{}/{}", private_parent(draft), slug.join("-"))
}

/// Files of a private directory that the service shares with the host, and where the host finds them: its pid
/// file and its sockets.
pub(super) fn shared_files(draft: &Draft<'_>, private: &Private) -> Vec<(AbsPath, String)> {
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
pub(super) fn final_name(socket: &AbsPath) -> AbsPath {
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
pub(super) fn real(path: AbsPath) -> AbsPath {
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
pub(super) fn link_shared_files(draft: &mut Draft<'_>, private: &Private) {
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
