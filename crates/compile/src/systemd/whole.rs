//! A unit of the service's own, with what has to stand beside it.

// Writing into a string does not fail.
use std::fmt::Write as _;

use ringfence_policy::grant::{Grant, PeerAddress, User};
use ringfence_policy::manifest::{Kind, Listen};
use ringfence_policy::path::AbsPath;

use super::artifact::Artifact;
use super::draft::Draft;
use super::secrets::{self, replace_word};

/// The section that says what is run, but for its confinement.
pub(super) fn life(draft: &Draft<'_>) -> String {
    let service = &draft.manifest.service;
    let templates = secrets::templates(draft);
    let words: Vec<_> = service
        .exec
        .iter()
        .map(|word| {
            let word = templates.iter().fold(word.clone(), |word, template| {
                replace_word(&word, &template.from.to_string(), &template.to)
            });
            quoted(&word)
        })
        .collect();
    let mut text = format!(
        "Type={}\nExecStart={}\n",
        service.kind.word(),
        words.join(" ")
    );
    if let Some(directory) = &service.directory {
        let _ = writeln!(text, "WorkingDirectory=-{}", escaped(directory));
    }
    if !service.environment.is_empty() {
        let plain: Vec<_> = service
            .environment
            .iter()
            .filter(|name| !name.ends_with('*'))
            .cloned()
            .collect();
        let _ = writeln!(text, "PassEnvironment={}", plain.join(" "));
    }
    if service.kind != Kind::Oneshot {
        text.push_str("Restart=on-failure\n");
    }
    text
}

/// The `[Unit]` section.
pub(super) fn unit(draft: &Draft<'_>) -> String {
    let name = &draft.manifest.service.name;
    let asks = draft
        .policy
        .expanded()
        .any(|grant| matches!(grant, Grant::Connect(_) | Grant::Dns));
    let order = if asks {
        "Wants=network-online.target\nAfter=network-online.target\n"
    } else {
        "After=network.target\n"
    };
    format!("[Unit]\nDescription={}\n{order}", name.replace('%', "%%"))
}

/// The `[Install]` section: what a timer starts is not started by anything else.
pub(super) fn install(draft: &Draft<'_>) -> &'static str {
    if draft.manifest.service.timer.is_some() {
        ""
    } else {
        "\n[Install]\nWantedBy=multi-user.target\n"
    }
}

/// What stands beside the unit.
pub(super) fn beside(draft: &Draft<'_>, header: &str) -> Vec<Artifact> {
    let service = &draft.manifest.service;
    let name = &service.name;
    let mut all = Vec::new();
    if let Some(every) = &service.timer {
        let text = format!(
            "{header}\n[Unit]\nDescription=Starts {name} every {every}\n\n[Timer]\nOnActiveSec=0\n\
             OnUnitActiveSec={every}\n\n[Install]\nWantedBy=timers.target\n"
        );
        all.extend(artifact(&format!("/etc/systemd/system/{name}.timer"), text));
    }
    let sockets: Vec<_> = draft
        .manifest
        .listens
        .iter()
        .filter(|listen| is_handed_over(listen))
        .collect();
    if !sockets.is_empty() {
        let mut text = format!("{header}\n[Unit]\nDescription=Sockets of {name}\n\n[Socket]\n");
        for listen in sockets {
            text.push_str(&socket(listen));
        }
        text.push_str("\n[Install]\nWantedBy=sockets.target\n");
        all.extend(artifact(
            &format!("/etc/systemd/system/{name}.socket"),
            text,
        ));
    }
    let user = draft.policy.grants().find_map(|grant| match grant {
        Grant::User(User::Named(name)) if !name.bytes().all(|b| b.is_ascii_digit()) => Some(name),
        _ => None,
    });
    if let Some(user) = user {
        let text = format!("{header}u {user} - \"{name}\"\n");
        all.extend(artifact(
            &format!("/etc/sysusers.d/ringfence-{name}.conf"),
            text,
        ));
    }
    let late = draft.policy.grants().filter_map(|grant| match grant {
        Grant::Directory(kind, own) => Some(format!("{}/{own}", kind.parent())),
        _ => None,
    });
    let late: Vec<_> = late.filter(|_| !draft.knows("StateDirectory")).collect();
    if !late.is_empty() {
        let owner = user.map_or("root", String::as_str);
        let mut text = header.to_owned();
        for directory in late {
            let _ = writeln!(text, "d {directory} 0750 {owner} {owner} -");
        }
        all.extend(artifact(
            &format!("/etc/tmpfiles.d/ringfence-{name}.conf"),
            text,
        ));
    }
    all
}

/// Whether a socket is the service manager's to make. Only it can give one an owner or a mode before the
/// service runs; the service has to take it over then, see sd_listen_fds(3).
pub(super) fn is_handed_over(listen: &Listen) -> bool {
    matches!(listen.address, PeerAddress::Path(_))
        && (listen.mode.is_some() || listen.user.is_some() || listen.group.is_some())
}

fn socket(listen: &Listen) -> String {
    let mut text = format!(
        "ListenStream={}\n",
        listen.address.to_string().replace('%', "%%")
    );
    if let Some(mode) = listen.mode {
        let _ = writeln!(text, "SocketMode={mode:04o}");
    }
    if let Some(user) = &listen.user {
        let _ = writeln!(text, "SocketUser={user}");
    }
    if let Some(group) = &listen.group {
        let _ = writeln!(text, "SocketGroup={group}");
    }
    text
}

pub(super) fn artifact(path: &str, text: String) -> Option<Artifact> {
    Some(Artifact {
        path: AbsPath::from_bytes(path.as_bytes()).ok()?,
        text,
        mode: 0o644,
    })
}

fn escaped(path: &AbsPath) -> String {
    String::from_utf8_lossy(path.as_bytes()).replace('%', "%%")
}

/// A word of a command line; see "Command lines" in systemd.service(5).
fn quoted(word: &str) -> String {
    let mut out = String::new();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c);
    let quote = word.is_empty() || !word.chars().all(|c| plain(c) || c == '%' || c == '$');
    for c in word.chars() {
        match c {
            '%' => out.push_str("%%"),
            '$' => out.push_str("$$"),
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => drop(write!(out, "\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    if quote { format!("\"{out}\"") } else { out }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_of_a_command_keeps_its_meaning() {
        assert_eq!(quoted("-c"), "-c");
        assert_eq!(quoted("daemon off;"), "\"daemon off;\"");
        assert_eq!(quoted(";"), "\";\"");
        assert_eq!(quoted("$HOME 100%"), "\"$$HOME 100%%\"");
        assert_eq!(quoted("a\"b\\"), "\"a\\\"b\\\\\"");
        assert_eq!(quoted(""), "\"\"");
    }
}
