//! A directory that stands for the root of the file system, with things in it that look like secrets.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use tempfile::TempDir;

/// The decoy; gone when dropped.
pub struct Decoy {
    directory: TempDir,
    _docker: UnixListener,
}

const PRIVATE: &[&str] = &[
    "etc/shadow",
    "etc/ssh/ssh_host_ed25519_key",
    "root/.ssh/id_ed25519",
    "root/.aws/credentials",
    "home/ann/.ssh/id_ed25519",
    "home/ann/.kube/config",
    "var/log/auth.log",
    "proc/sys/kernel/core_pattern",
];

const PUBLIC: &[(&str, &str)] = &[
    (
        "etc/passwd",
        "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n",
    ),
    ("etc/crontab", ""),
    ("var/www/site/wp-config.php", "<?php\n"),
];

/// Programs are run, so these lead to real ones.
const PROGRAMS: &[&str] = &[
    "bin/sh",
    "usr/bin/su",
    "usr/bin/perl",
    "lib64/ld-linux-x86-64.so.2",
    "lib/ld-linux-aarch64.so.1",
];

impl Decoy {
    pub fn plant() -> Self {
        // A confinement has a /tmp of its own, so a place that is not in there says more.
        let directory = tempfile::tempdir_in("/srv")
            .or_else(|_| tempfile::tempdir())
            .unwrap();
        let root = directory.path();
        fs::set_permissions(root, Permissions::from_mode(0o755)).unwrap();
        let write = |name: &str, content: &str, mode: u32| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        };
        for name in PRIVATE {
            write(name, "decoy\n", 0o600);
        }
        for (name, content) in PUBLIC {
            write(name, content, 0o644);
        }
        for name in PROGRAMS {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            symlink(Path::new("/").join(name), path).unwrap();
        }
        fs::create_dir(root.join("run")).unwrap();
        let socket = root.join("run/docker.sock");
        let docker = UnixListener::bind(&socket).unwrap();
        fs::set_permissions(&socket, Permissions::from_mode(0o600)).unwrap();
        Self {
            directory,
            _docker: docker,
        }
    }

    pub fn root(&self) -> &Path {
        self.directory.path()
    }
}
