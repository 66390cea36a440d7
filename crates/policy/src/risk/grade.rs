//! The risk of one grant, by kind.

use super::{files, kernel, network};
use serde::Serialize;

use crate::grant::{Amount, Bundle, Grant, Resource, User};

/// How much a grant gives away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Risk {
    /// From 0 (nothing) to 10 (the machine).
    pub level: u8,
    /// What a service that was taken over can do with it.
    pub sentence: String,
}

impl Risk {
    pub(crate) fn new(level: u8, sentence: impl Into<String>) -> Self {
        Self {
            level,
            sentence: sentence.into(),
        }
    }
}

/// The risk of one grant.
pub fn risk(grant: &Grant) -> Risk {
    match grant {
        Grant::User(user) => identity(user),
        Grant::DropsTo(name) => Risk::new(3, format!("can act as {name} and use what {name} owns")),
        Grant::Group(name) => group(name),
        Grant::File(access, path) => files::file(*access, path),
        Grant::Use(Bundle::BASE) => Risk::new(1, "can use what every program needs"),
        Grant::Use(bundle) => bundle
            .grants()
            .iter()
            .map(risk)
            .map(|member| member.level)
            .max()
            .map_or_else(
                || Risk::new(0, "nothing"),
                |level| {
                    let sentence = format!("can use {bundle}: {}", bundle.summary());
                    Risk::new(level.min(3), sentence)
                },
            ),
        Grant::Device(access, path) => files::device(*access, path),
        Grant::Directory(kind, name) => Risk::new(
            2,
            format!("can keep files of its own in {}/{name}", kind.parent()),
        ),
        Grant::Private(path) => Risk::new(
            0,
            format!("has an empty {path} of its own that nobody else sees"),
        ),
        Grant::Bind(endpoint) => network::bind(endpoint),
        Grant::Connect(endpoint) => network::connect(endpoint),
        Grant::Dns => Risk::new(
            3,
            "can ask the resolver for names, and so carry small amounts of data out",
        ),
        Grant::Netlink(protocol) => network::netlink(*protocol),
        Grant::Family(name) => network::family(name),
        Grant::Peer(address) => network::peer(address),
        Grant::Listen(address) => Risk::new(2, format!("can answer the clients of {address}")),
        Grant::Capability(capability) => kernel::capability(*capability),
        Grant::Syscall(name) => kernel::syscall(name.as_str()),
        Grant::Namespace(namespace) => kernel::namespace(*namespace),
        Grant::Privilege(privilege) => kernel::privilege(*privilege),
        Grant::Resource(resource, amount) => quantity(*resource, *amount),
        Grant::Secret(name) => {
            Risk::new(7, format!("holds the secret {name} and can give it away"))
        }
    }
}

fn identity(user: &User) -> Risk {
    match user {
        User::Dynamic => Risk::new(0, "is a user that owns nothing on this host"),
        User::Named(name) => Risk::new(2, format!("can use what {name} owns where it is visible")),
        User::Root => Risk::new(8, "is root wherever nothing else confines it"),
    }
}

fn group(name: &str) -> Risk {
    match name {
        "root" | "disk" | "docker" | "lxd" | "kmem" | "shadow" => {
            Risk::new(10, format!("members of {name} can become root"))
        }
        "adm" | "systemd-journal" => Risk::new(5, format!("members of {name} read every log")),
        _ => Risk::new(4, format!("can use whatever the group {name} may")),
    }
}

fn quantity(resource: Resource, amount: Amount) -> Risk {
    let what = match resource {
        Resource::MemoryMax => "bytes of memory",
        Resource::TasksMax => "processes and threads",
        Resource::Nofile => "descriptors in each process",
        Resource::CpuQuota => "percent of a processor",
        Resource::TmpMax => "bytes of temporary files",
        Resource::RuntimeMax => "seconds",
    };
    match amount {
        Amount::Unlimited => Risk::new(5, format!("can take all there are: {what}")),
        Amount::Limit(number) if !resource.is_bytes() => {
            Risk::new(1, format!("can take at most {number} {what}"))
        }
        Amount::Limit(_) => Risk::new(1, format!("can take at most {amount} {what}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(text: &str) -> u8 {
        risk(&text.parse().unwrap()).level
    }

    #[test]
    fn what_gives_the_machine_away_is_ten() {
        for grant in [
            "process.capability CAP_SYS_ADMIN",
            "process.capability CAP_SYS_MODULE",
            "peer.unix /run/docker.sock",
            "files.write /",
            "files.write /etc",
            "files.write /usr/bin/login",
            "files.write /etc/shadow",
            "files.write /root/.ssh/authorized_keys",
            "files.device /dev/sda rw",
            "service.group docker",
            "kernel.modules",
        ] {
            assert_eq!(level(grant), 10, "{grant}");
        }
    }

    #[test]
    fn secrets_rank_above_configuration() {
        assert!(level("files.read /etc/shadow") >= 9);
        assert!(level("files.read /root/.ssh/id_ed25519") >= 9);
        assert!(level("files.read /etc/ssl/private/x.pem") >= 7);
        assert!(level("files.read /") >= 9);
        assert!(level("files.read /etc/nginx") <= 3);
    }

    #[test]
    fn a_wider_place_is_never_less_risky() {
        for (wide, narrow) in [
            ("net.connect tcp:any:any", "net.connect tcp:any:443"),
            ("net.connect tcp:any:443", "net.connect tcp:10.0.0.1:443"),
            (
                "net.connect tcp:10.0.0.1:443",
                "net.connect tcp:127.0.0.1:443",
            ),
            ("net.bind tcp:80", "net.bind tcp:127.0.0.1:8080"),
            ("files.write /etc/nginx", "files.read /etc/nginx"),
            ("files.write /var/lib", "files.write /var/lib/redis"),
            ("files.read /home", "files.read /home/ada/site/index.html"),
            ("resources.memory_max unlimited", "resources.memory_max 64M"),
        ] {
            assert!(level(wide) >= level(narrow), "{wide} < {narrow}");
        }
    }

    #[test]
    fn the_base_bundle_is_harmless() {
        assert!(level("files.use base") <= 1);
        assert!(level("files.use nameservice") <= 3);
    }
}
