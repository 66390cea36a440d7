//! A small directory tree with services of every kind.

use std::fs;

use crate::program::Bench;

const UNITS: &str = "root/usr/lib/systemd/system";

const CONFINED: &str = "\
ExecStart=/usr/bin/confined
DynamicUser=yes
CapabilityBoundingSet=
PrivateDevices=yes
PrivateNetwork=yes
ProtectHome=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
MemoryMax=64M
TasksMax=8
CPUQuota=20%
";

/// The tree, below `root` of a bench.
pub fn tree() -> Bench {
    let bench = Bench::new();
    fs::create_dir_all(bench.path(UNITS)).unwrap();
    fs::create_dir_all(bench.path("root/etc/systemd/system/plus.service.d")).unwrap();
    unit(&bench, "open.service", "ExecStart=/usr/bin/open\n");
    unit(&bench, "confined.service", CONFINED);
    unit(
        &bench,
        "quoted.service",
        "ExecStart=/usr/bin/quoted\nRestrictAddressFamilies=\"AF_UNIX AF_INET\"\n",
    );
    unit(
        &bench,
        "mixed.service",
        "ExecStart=/usr/bin/mixed\nSystemCallFilter=~@privileged @resources\nSystemCallFilter=@system-service\n",
    );
    unit(
        &bench,
        "plus.service",
        "ExecStart=/usr/bin/plus\nExecReload=+/bin/kill -HUP $MAINPID\n",
    );
    bench.write(
        "root/etc/systemd/system/plus.service.d/10-local.conf",
        "[Service]\nPrivateTmp=yes\n",
    );
    unit(&bench, "t@.service", "ExecStart=/usr/bin/t %i\nUser=t\n");
    bench.write(
        &format!("{UNITS}/broken.service"),
        "[Service\nExecStart=/usr/bin/broken\n",
    );
    link(&bench, "etc/systemd/system/masked.service", "/dev/null");
    link(
        &bench,
        "etc/systemd/system/alias.service",
        "/usr/lib/systemd/system/open.service",
    );
    bench
}

/// Adds a service with these lines to the tree.
pub fn unit(bench: &Bench, name: &str, lines: &str) {
    bench.write(&format!("{UNITS}/{name}"), &format!("[Service]\n{lines}"));
}

/// Adds a link to the tree.
pub fn link(bench: &Bench, path: &str, target: &str) {
    std::os::unix::fs::symlink(target, bench.path("root").join(path)).unwrap();
}
