//! Named sets of grants that services ask for together, in the words of AppArmor's abstractions where they
//! have one.
//!
//! A bundle is a grant itself, so that a policy says `files.use nameservice` and not twelve paths. What it
//! stands for is the table below; the lock repeats it, so that a later change of the table is seen.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use super::Grant;

/// A named bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bundle(u8);

struct Entry {
    name: &'static str,
    summary: &'static str,
    grants: &'static [&'static str],
}

/// Sorted by name, `base` first: the order is part of the canonical form.
const TABLE: [Entry; 9] = [
    Entry {
        name: "base",
        summary: "what every dynamic program needs; part of every policy",
        grants: &[
            "files.read /usr",
            "files.read /bin",
            "files.read /sbin",
            "files.read /lib",
            "files.read /lib32",
            "files.read /lib64",
            "files.read /libx32",
            "files.read /etc/ld.so.cache",
            "files.read /etc/ld.so.preload",
            "files.read /etc/ld.so.conf",
            "files.read /etc/ld.so.conf.d",
            "files.device /dev/null rw",
            "files.device /dev/zero rw",
            "files.device /dev/full rw",
            "files.device /dev/random rw",
            "files.device /dev/urandom rw",
            "dirs.private /tmp",
            "dirs.private /var/tmp",
            "dirs.private /dev/shm",
        ],
    },
    Entry {
        name: "locale",
        summary: "language, time zone and character sets",
        grants: &[
            "files.read /etc/localtime",
            "files.read /etc/timezone",
            "files.read /etc/locale.alias",
            "files.read /etc/locale.conf",
            "files.read /etc/default/locale",
        ],
    },
    Entry {
        name: "mime_types",
        summary: "names of file types",
        grants: &[
            "files.read /etc/mime.types",
            "files.read /etc/magic",
            "files.read /etc/mailcap",
        ],
    },
    Entry {
        name: "nameservice",
        summary: "look up users, groups, hosts and services",
        grants: &[
            "files.read /etc/nsswitch.conf",
            "files.read /etc/passwd",
            "files.read /etc/group",
            "files.read /etc/hosts",
            "files.read /etc/host.conf",
            "files.read /etc/hostname",
            "files.read /etc/resolv.conf",
            "files.read /etc/gai.conf",
            "files.read /etc/networks",
            "files.read /etc/protocols",
            "files.read /etc/services",
            "files.read /etc/libnl",
            "files.read /etc/libnl-3",
            "files.read /etc/machine-id",
            "files.read /run/systemd/resolve",
            "files.read /run/resolvconf",
            "files.read /run/NetworkManager/resolv.conf",
            "peer.unix /run/nscd/socket",
            "peer.unix /var/run/nscd/socket",
        ],
    },
    Entry {
        name: "openssl",
        summary: "configuration of OpenSSL, without keys",
        grants: &[
            "files.read /etc/ssl/openssl.cnf",
            "files.read /etc/gnutls",
            "files.read /etc/crypto-policies",
        ],
    },
    Entry {
        name: "perl",
        summary: "configuration and site modules of Perl",
        grants: &["files.read /etc/perl"],
    },
    Entry {
        name: "ssl_certs",
        summary: "certificates of the authorities that the host trusts",
        grants: &[
            "files.read /etc/ssl/certs",
            "files.read /etc/ca-certificates",
            "files.read /etc/ca-certificates.conf",
            "files.read /etc/pki/tls/certs",
            "files.read /etc/pki/ca-trust",
            "files.read /etc/ssl/cert.pem",
        ],
    },
    Entry {
        name: "system_stats",
        summary: "how many processors, how much memory, which limits; read by allocators and run times",
        grants: &[
            "files.read /proc/meminfo",
            "files.read /proc/cpuinfo",
            "files.read /proc/stat",
            "files.read /proc/uptime",
            "files.read /proc/loadavg",
            "files.read /proc/filesystems",
            "files.read /proc/version",
            "files.read /proc/sys/kernel",
            "files.read /proc/sys/vm/overcommit_memory",
            "files.read /proc/sys/net/core/somaxconn",
            "files.read /sys/devices/system/clocksource",
            "files.read /sys/devices/system/cpu",
            "files.read /sys/devices/system/node",
            "files.read /sys/kernel/mm/transparent_hugepage",
            "files.read /sys/fs/cgroup",
        ],
    },
    Entry {
        name: "terminal",
        summary: "the controlling terminal and descriptions of terminals",
        grants: &[
            "files.device /dev/tty rw",
            "files.device /dev/pts rw",
            "files.read /etc/terminfo",
            "files.read /etc/inputrc",
        ],
    },
];

static GRANTS: LazyLock<Vec<Vec<Grant>>> = LazyLock::new(|| {
    let parse = |text: &&str| text.parse().ok();
    TABLE
        .iter()
        .map(|entry| entry.grants.iter().filter_map(parse).collect())
        .collect()
});

impl Bundle {
    /// The bundle that is part of every policy.
    pub const BASE: Self = Self(0);

    /// Every bundle, `base` first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..).take(TABLE.len()).map(Self)
    }

    /// The word in `[files] use`.
    pub fn name(self) -> &'static str {
        TABLE
            .get(usize::from(self.0))
            .map_or("", |entry| entry.name)
    }

    /// One line on what it is for.
    pub fn summary(self) -> &'static str {
        TABLE
            .get(usize::from(self.0))
            .map_or("", |entry| entry.summary)
    }

    /// The grants it stands for.
    pub fn grants(self) -> &'static [Grant] {
        GRANTS.get(usize::from(self.0)).map_or(&[], Vec::as_slice)
    }
}

impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Bundle {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::all().find(|bundle| bundle.name() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_grant() {
        for bundle in Bundle::all() {
            let entry = &TABLE[usize::from(bundle.0)];
            assert_eq!(bundle.grants().len(), entry.grants.len(), "{bundle}");
        }
    }

    #[test]
    fn no_bundle_holds_another() {
        assert!(
            Bundle::all()
                .flat_map(Bundle::grants)
                .all(|g| !matches!(g, Grant::Use(_)))
        );
    }
}
