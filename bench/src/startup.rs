//! From spawn to reaped: `ringfence run` with an empty policy against bubblewrap with the same namespaces
//! and a comparable tree. ringfence also loads Landlock and seccomp and drops capabilities; bubblewrap
//! does not.

use std::process::Command;

use anyhow::Result;

use crate::measure::{Contestant, interleave, line, ratio, time};

const ROUNDS: usize = 60;

/// The namespaces and the tree that `ringfence run` makes for an empty policy, in bubblewrap's words.
const BUBBLEWRAP: &[&str] = &[
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup",
    "--unshare-net",
    "--die-with-parent",
    "--ro-bind",
    "/usr",
    "/usr",
    "--symlink",
    "usr/bin",
    "/bin",
    "--symlink",
    "usr/sbin",
    "/sbin",
    "--symlink",
    "usr/lib",
    "/lib",
    "--symlink",
    "usr/lib64",
    "/lib64",
    "--ro-bind",
    "/etc/ld.so.cache",
    "/etc/ld.so.cache",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
    "--tmpfs",
    "/var/tmp",
];

pub fn run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let policy = folder.path().join("empty.toml");
    std::fs::write(
        &policy,
        "ringfence = 1\n\n[service]\nname = \"true\"\nexec = [\"/bin/true\"]\nuser = \"dynamic\"\n",
    )?;
    let ringfence = crate::ringfence()?;
    let [bare, bubblewrap, own] = interleave(
        ROUNDS,
        [
            Contestant {
                label: "/bin/true",
                turn: Box::new(|| time(&mut Command::new("/bin/true"))),
            },
            Contestant {
                label: "bubblewrap, same namespaces",
                turn: Box::new(|| {
                    time(
                        Command::new("bwrap")
                            .args(BUBBLEWRAP)
                            .args(["--", "/bin/true"]),
                    )
                }),
            },
            Contestant {
                label: "ringfence run, empty policy",
                turn: Box::new(|| {
                    time(
                        Command::new(&ringfence)
                            .arg("run")
                            .arg(&policy)
                            .args(["--", "/bin/true"]),
                    )
                }),
            },
        ],
    )?;
    println!("start-up, {ROUNDS} rounds, medians; ratios to bubblewrap");
    println!("{}", line("/bin/true", bare, bubblewrap));
    println!(
        "{}",
        line("bubblewrap, same namespaces", bubblewrap, bubblewrap)
    );
    println!("{}", line("ringfence run, empty policy", own, bubblewrap));
    println!("ringfence / bubblewrap: {:.2}\n", ratio(own, bubblewrap));
    Ok(())
}
