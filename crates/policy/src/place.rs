//! What is known about places of the file system before anything was seen: which directories many
//! services share, which hold secrets, which a service may have for itself.
//!
//! The lists are about Linux distributions in general (hier(7), file-hierarchy(7)), not about one host.

use crate::path::AbsPath;

/// Directories that are emptied at boot and that every service may write to: a service that creates a
/// file directly in one of them gets a private one.
const VOLATILE: [&str; 6] = [
    "/run",
    "/var/run",
    "/run/lock",
    "/tmp",
    "/var/tmp",
    "/dev/shm",
];

/// Directories that belong to the system or to many services. One of their files may be granted, never
/// the directory: neither for writing nor because many files in it were read.
const SHARED: [&str; 40] = [
    "/",
    "/boot",
    "/dev",
    "/dev/shm",
    "/etc",
    "/etc/default",
    "/etc/ssl",
    "/etc/systemd",
    "/etc/systemd/system",
    "/home",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/proc/sys",
    "/root",
    "/root/.config",
    "/root/.local",
    "/root/.local/share",
    "/root/.cache",
    "/run",
    "/run/lock",
    "/run/user",
    "/run/systemd",
    "/srv",
    "/sys",
    "/sys/class",
    "/sys/fs",
    "/sys/fs/cgroup",
    "/tmp",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/lib/private",
    "/var/log",
    "/var/log/private",
    "/var/opt",
    "/var/run",
    "/var/spool",
    "/var/tmp",
];

/// Trees in which every directory belongs to the package manager.
const SYSTEM: [&str; 9] = [
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/boot", "/sys",
];

/// Trees in which people keep what is theirs.
const HOMES: [&str; 2] = ["/root", "/home"];

/// Trees whose content is secret, or leads to secrets.
const SECRET: [&str; 23] = [
    "/boot",
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssl/private",
    "/etc/pki/tls/private",
    "/etc/letsencrypt",
    "/etc/ssh",
    "/etc/krb5.keytab",
    "/etc/wireguard",
    "/etc/kubernetes",
    "/etc/ringfence",
    "/var/lib/private",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/lib/containerd",
    "/var/lib/systemd",
    "/run/credentials",
    "/run/secrets",
    "/proc/1",
];

/// Words that give a secret away wherever it lies, in a component of the path.
const SECRET_NAMES: [&str; 16] = [
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".gcloud",
    ".kube",
    ".docker",
    ".netrc",
    ".pgpass",
    ".my.cnf",
    ".git-credentials",
    ".bash_history",
    "docker.sock",
    "containerd.sock",
    "podman.sock",
    "credentials",
];

/// Parts of a file name that give a secret away.
const SECRET_PARTS: [&str; 9] = [
    ".key",
    ".p12",
    ".pfx",
    ".jks",
    "id_rsa",
    "id_ed25519",
    "id_ecdsa",
    "secret",
    "private",
];

fn is_one_of(path: &AbsPath, list: &[&str]) -> bool {
    list.iter().any(|own| own.as_bytes() == path.as_bytes())
}

fn is_within_one_of(path: &AbsPath, list: &[&str]) -> bool {
    path.ancestors().any(|above| is_one_of(&above, list))
}

/// Whether a service that creates something directly in `directory` gets a private one.
pub fn is_volatile(directory: &AbsPath) -> bool {
    is_one_of(directory, &VOLATILE)
}

/// Whether `directory` is one that must not be granted as a whole because of what was seen in it.
///
/// This holds for the shared directories, for every directory of the package manager, and for each
/// user's home.
pub fn is_shared(directory: &AbsPath) -> bool {
    let home = directory
        .parent()
        .is_some_and(|parent| is_one_of(&parent, &["/home", "/run/user"]));
    home || is_one_of(directory, &SHARED)
        || is_within_one_of(directory, &SYSTEM)
        || directory.components().count() == 1
}

/// Whether `path` lies in somebody's home.
pub fn is_at_home(path: &AbsPath) -> bool {
    is_within_one_of(path, &HOMES)
}

/// Whether `path` is, by its place or its name, likely to be a secret or to lead to one.
pub fn is_secret(path: &AbsPath) -> bool {
    let told_by_name = |name: &[u8]| SECRET_NAMES.iter().any(|word| word.as_bytes() == name);
    let told_by_part = |name: &[u8]| {
        SECRET_PARTS.iter().any(|part| {
            name.windows(part.len())
                .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
        })
    };
    is_within_one_of(path, &SECRET)
        || path.components().any(told_by_name)
        || path.file_name().is_some_and(told_by_part)
}

/// Whether `path` is somebody's own or a secret: nothing to be opened because it was merely looked at.
pub fn is_sensitive(path: &AbsPath) -> bool {
    is_at_home(path) || is_secret(path)
}

/// Whether granting `directory` would grant a well-known sensitive place beneath it.
pub fn holds_sensitive(directory: &AbsPath) -> bool {
    let beneath = |place: &str| match place.as_bytes().strip_prefix(directory.as_bytes()) {
        Some(rest) => rest.is_empty() || rest.starts_with(b"/") || directory.parent().is_none(),
        None => false,
    };
    SECRET.iter().chain(&HOMES).any(|place| beneath(place))
}

/// What part of `/proc` a path lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proc {
    /// A process of the service itself: always visible in its private `/proc`.
    Own,
    /// Another process.
    Other,
    /// `/proc/sys`, `/proc/meminfo` and so on.
    System,
}

/// Where in `/proc` a path lies; `None` outside. A tracer writes the service's own processes as
/// `/proc/self`, so a number is another process.
pub fn in_proc(path: &AbsPath) -> Option<Proc> {
    let mut names = path.components();
    if names.next() != Some(b"proc") {
        return None;
    }
    Some(match names.next() {
        // The directory itself lists the processes of the private mount.
        None | Some(b"self" | b"thread-self" | b"mounts" | b"net") => Proc::Own,
        Some(number) if number.iter().all(u8::is_ascii_digit) => Proc::Other,
        Some(_) => Proc::System,
    })
}

/// Whether `path` is a cache of compiled Python code. Programs work without it, and whoever writes it
/// decides what the next start executes.
pub fn is_bytecode_cache(path: &AbsPath) -> bool {
    path.components().any(|name| name == b"__pycache__")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> AbsPath {
        text.parse().unwrap()
    }

    #[test]
    fn every_entry_is_a_normalized_path() {
        for entry in VOLATILE.iter().chain(&SHARED).chain(&SYSTEM).chain(&SECRET) {
            assert_eq!(path(entry).to_string(), **entry);
        }
    }

    #[test]
    fn homes_and_directories_of_the_package_manager_are_shared() {
        for shared in ["/home/ada", "/usr/lib/python3", "/data", "/var/lib", "/"] {
            assert!(is_shared(&path(shared)), "{shared}");
        }
        for own in ["/var/lib/redis", "/etc/nginx", "/home/ada/site", "/srv/www"] {
            assert!(!is_shared(&path(own)), "{own}");
        }
    }

    #[test]
    fn secrets_are_known_by_place_and_by_name() {
        for secret in [
            "/root/notes",
            "/etc/shadow",
            "/srv/app/tls/server.key",
            "/opt/x/.aws/config",
            "/run/docker.sock",
            "/srv/app/client_secret.json",
        ] {
            assert!(is_sensitive(&path(secret)), "{secret}");
        }
        assert!(!is_sensitive(&path("/etc/nginx/nginx.conf")));
        assert!(holds_sensitive(&path("/etc/ssl")));
        assert!(!holds_sensitive(&path("/etc/nginx")));
    }

    #[test]
    fn a_number_in_proc_is_another_process() {
        assert_eq!(in_proc(&path("/proc/self/maps")), Some(Proc::Own));
        assert_eq!(in_proc(&path("/proc/1/environ")), Some(Proc::Other));
        assert_eq!(in_proc(&path("/proc/meminfo")), Some(Proc::System));
        assert_eq!(in_proc(&path("/etc")), None);
    }
}
