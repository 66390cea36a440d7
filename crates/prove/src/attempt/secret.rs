//! Reading: what of the host's secrets can be opened. Nothing is read.

use std::path::PathBuf;

use ringfence_policy::grant::FileAccess;
use ringfence_sys::forbidden;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Group::ReadsEverything;
use super::file::{STATE, Way, of_others, open_each};
use super::{Attempt, Needs};
use crate::context::Context;
use crate::outcome::{How, Outcome, Reach};

pub(super) const ATTEMPTS: &[Attempt] = &[
    read("read-shadow", "read the password hashes").on(&[
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/shadow-",
        "/etc/gshadow-",
        "/etc/security/opasswd",
    ]),
    read("read-host-keys", "read the host's ssh keys").on(&["/etc/ssh/ssh_host_*_key"]),
    read("read-user-keys", "read users' ssh keys").on(&[
        "~/.ssh/id_rsa",
        "~/.ssh/id_dsa",
        "~/.ssh/id_ecdsa",
        "~/.ssh/id_ed25519",
        "~/.ssh/id_ecdsa_sk",
        "~/.ssh/id_ed25519_sk",
    ]),
    read(
        "read-cloud-credentials",
        "read credentials of cloud accounts",
    )
    .on(&[
        "~/.aws/credentials",
        "~/.aws/config",
        "~/.config/gcloud/application_default_credentials.json",
        "~/.config/gcloud/credentials.db",
        "~/.azure/accessTokens.json",
        "~/.azure/msal_token_cache.json",
        "~/.config/doctl/config.yaml",
        "~/.config/hcloud/cli.toml",
        "~/.s3cfg",
        "~/.boto",
        "~/.config/rclone/rclone.conf",
        "~/.oci/config",
        "/etc/boto.cfg",
    ]),
    read("read-kubeconfig", "read keys of a Kubernetes cluster").on(&[
        "~/.kube/config",
        "/etc/kubernetes/*.conf",
        "/etc/kubernetes/pki/*.key",
        "/etc/rancher/k3s/k3s.yaml",
        "/var/lib/kubelet/pki/*",
        "/var/run/secrets/kubernetes.io/serviceaccount/token",
    ]),
    read(
        "read-registry-logins",
        "read logins of container registries",
    )
    .on(&[
        "~/.docker/config.json",
        "~/.config/containers/auth.json",
        "/run/user/*/containers/auth.json",
        "/run/containers/*/auth.json",
    ]),
    read("read-site-settings", "read database passwords of web sites").on(&[
        "/var/www/*/sites/*/settings.php",
        "/var/www/*/*/sites/*/settings.php",
        "/var/www/*/wp-config.php",
        "/var/www/*/*/wp-config.php",
        "/var/www/*/.env",
        "/var/www/*/*/.env",
        "/srv/*/.env",
        "/srv/*/*/.env",
        "/opt/*/.env",
        "/etc/phpmyadmin/config-db.php",
    ]),
    read("read-database-passwords", "read passwords of databases").on(&[
        "~/.pgpass",
        "~/.my.cnf",
        "~/.mylogin.cnf",
        "/etc/mysql/debian.cnf",
        "/etc/redis/redis.conf",
        "/etc/postgresql/*/*/pg_hba.conf",
        "/etc/pgbouncer/userlist.txt",
    ]),
    read("read-databases", "read databases past their servers").on(&[
        "/var/lib/mysql",
        "/var/lib/postgresql/*/*",
        "/var/lib/redis",
        "/var/lib/mongodb",
        "/var/lib/etcd",
        "/var/lib/docker",
        "/var/lib/samba/private",
        "/var/lib/sss/db",
    ]),
    Attempt::new(
        "read-state",
        ReadsEverything,
        "look into what other services keep",
        |context, candidates| open_each(&of_others(context, candidates), Way::Read),
    )
    .needs(Needs::Files(FileAccess::Read))
    .on(&STATE),
    read("read-tls-keys", "read private keys of TLS").on(&[
        "/etc/ssl/private",
        "/etc/ssl/private/*.key",
        "/etc/letsencrypt/live",
        "/etc/letsencrypt/archive/*/privkey*.pem",
        "/etc/pki/tls/private/*",
        "/etc/nginx/ssl/*.key",
        "/var/lib/acme/*/key.pem",
    ]),
    read(
        "read-network-secrets",
        "read keys of VPNs and wireless networks",
    )
    .on(&[
        "/etc/wireguard",
        "/etc/wireguard/*.conf",
        "/etc/NetworkManager/system-connections",
        "/etc/NetworkManager/system-connections/*",
        "/etc/wpa_supplicant/*.conf",
        "/etc/ipsec.secrets",
        "/etc/openvpn/*.key",
        "/etc/openvpn/server/*.key",
        "/etc/ppp/chap-secrets",
        "/etc/netplan/*.yaml",
    ]),
    read("read-kerberos", "read Kerberos keys and tickets").on(&[
        "/etc/krb5.keytab",
        "/tmp/krb5cc_*",
        "/var/lib/krb5kdc/principal",
    ]),
    read("read-shell-history", "read what users typed").on(&[
        "~/.bash_history",
        "~/.zsh_history",
        "~/.psql_history",
        "~/.mysql_history",
        "~/.python_history",
        "~/.viminfo",
    ]),
    read(
        "read-developer-tokens",
        "read tokens of code hosts and package registries",
    )
    .on(&[
        "~/.git-credentials",
        "~/.config/git/credentials",
        "~/.netrc",
        "~/.npmrc",
        "~/.pypirc",
        "~/.cargo/credentials.toml",
        "~/.config/gh/hosts.yml",
        "~/.gem/credentials",
        "~/.terraform.d/credentials.tfrc.json",
    ]),
    read("read-secret-stores", "read stores of secrets").on(&[
        "~/.vault-token",
        "~/.password-store",
        "~/.gnupg/private-keys-v1.d",
        "~/.local/share/keyrings",
        "/etc/ringfence/secrets",
        "/etc/credstore",
        "/etc/credstore.encrypted",
        "/run/credentials",
        "/run/credentials/*",
        "/var/lib/systemd/credential.secret",
        "/run/secrets",
        "/etc/vault.d",
    ]),
    read("read-mail", "read mail").on(&["/var/mail/*", "/var/spool/mail/*", "/var/spool/postfix"]),
    read("read-homes", "look into users' home directories").on(&["~/", "/home/*"]),
    read("read-logs", "read the logs of other services").on(&[
        "/var/log/auth.log",
        "/var/log/syslog",
        "/var/log/messages",
        "/var/log/secure",
        "/var/log/journal/*",
        "/run/log/journal/*",
        "/var/log/audit/audit.log",
        "/var/log/dpkg.log",
    ]),
    read("read-backups", "read backups").on(&[
        "/var/backups",
        "/var/backups/*",
        "/backup",
        "/etc/*.bak",
    ]),
    read("read-core-dumps", "read memory that crashed programs left").on(&[
        "/var/lib/systemd/coredump",
        "/var/crash",
        "/var/lib/apport/coredump",
    ]),
    read(
        "read-configuration",
        "read the configuration of other services",
    )
    .on(&[
        "/etc/crontab",
        "/etc/sudoers",
        "/etc/fstab",
        "/etc/nginx/nginx.conf",
        "/etc/apache2/apache2.conf",
        "/etc/ssh/sshd_config",
        "/etc/exports",
        "/etc/samba/smb.conf",
    ]),
    read("read-accounts", "list the accounts of the host").on(&["/etc/passwd", "/etc/group"]),
    read("read-disks", "read disks past their file systems").on(&[
        "/dev/sd*",
        "/dev/vd*",
        "/dev/nvme*",
        "/dev/xvd*",
        "/dev/mmcblk*",
        "/dev/dm-*",
        "/dev/md*",
    ]),
    read("read-kernel-memory", "read the memory of the kernel").on(&[
        "/dev/mem",
        "/dev/kmem",
        "/dev/port",
        "/proc/kcore",
    ]),
    Attempt::new(
        "read-kernel-log",
        ReadsEverything,
        "read the kernel's log",
        |_, _| Outcome::judge(forbidden::kernel_log(), &[Errno::INVAL], "syslog let in"),
    )
    .any(&["kernel.logs", "process.capability CAP_SYSLOG"]),
    read("open-kernel-log", "follow the kernel's log").on(&["/dev/kmsg", "/proc/kmsg"]),
    Attempt::new(
        "own-environment",
        ReadsEverything,
        "read secrets in its own environment",
        |context, _| own_environment(context),
    )
    .needs(Needs::Secrets),
    Attempt::new(
        "leave-core-dump",
        ReadsEverything,
        "leave its memory in a core dump",
        |_, _| leave_core_dump(),
    )
    .any(&["process.coredump"]),
];

const fn read(id: &'static str, title: &'static str) -> Attempt {
    Attempt::new(id, ReadsEverything, title, |_, candidates| {
        open_each(candidates, Way::Read)
    })
    .needs(Needs::Files(FileAccess::Read))
}

/// Words in the names of variables that hold secrets. Values are not looked at.
const SECRET_WORDS: [&str; 8] = [
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "CREDENTIAL",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
];

fn secret_names(context: &Context) -> impl Iterator<Item = &str> {
    let secret = |name: &str| {
        let name = name.to_ascii_uppercase();
        SECRET_WORDS.iter().any(|word| name.contains(word))
    };
    context
        .variables()
        .iter()
        .map(String::as_str)
        .filter(move |name| secret(name))
}

fn own_environment(context: &Context) -> Outcome {
    let names: Vec<&str> = secret_names(context).collect();
    if names.is_empty() {
        let none = "no variable is named like a secret";
        return Outcome::Stopped(How::Other(none.into()));
    }
    Outcome::Reached(Reach {
        detail: format!("has {}", names.join(", ")),
        paths: names.iter().map(PathBuf::from).collect(),
    })
}

/// Raises the limit from which the kernel writes a dump, and crashes nothing.
fn leave_core_dump() -> Outcome {
    let hard = getrlimit(Resource::Core).maximum;
    if hard == Some(0) {
        return Outcome::Stopped(How::Other("RLIMIT_CORE is 0".into()));
    }
    let raised = Rlimit {
        current: hard,
        maximum: hard,
    };
    let set = setrlimit(Resource::Core, raised);
    Outcome::judge(set, &[], "may leave core dumps")
}
