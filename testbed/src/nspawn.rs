//! Containers with systemd as their process 1, by systemd-nspawn(1).
//!
//! There is no machined here: the container is not registered, and a command gets in by entering the namespaces
//! of its process 1.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cgroup::{self, Groups};
use crate::child;
use crate::image::Image;
use crate::machine::MachineError;
use crate::reply::Reply;

/// How long a container may take to come up on a machine that is busy with other tests.
const BOOT: Duration = Duration::from_mins(1);

/// Which control groups the container sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hierarchy {
    /// Version 2 alone.
    Unified,
    /// Version 1, and version 2 beside it for what it alone can do.
    Hybrid,
}

/// A running container.
#[derive(Debug)]
pub(crate) struct Container {
    name: String,
    nspawn: Child,
    /// Number of the container's process 1, as seen from here.
    init: u32,
    scratch: tempfile::TempDir,
    /// Dropped when nspawn has ended.
    _groups: Groups,
}

impl Container {
    /// Starts a container over an image that stays as it is: changes are in a tmpfs that ends with it.
    pub(crate) fn boot(
        name: &str,
        image: Image,
        hierarchy: Hierarchy,
    ) -> Result<Self, MachineError> {
        let tree = image.tree()?;
        let scratch = tempfile::tempdir().map_err(MachineError::io("make a directory"))?;
        let log = File::create(scratch.path().join("console"))
            .map_err(MachineError::io("make a file for the console"))?;
        let errors = log
            .try_clone()
            .map_err(MachineError::io("share the console"))?;
        let version_1 = match hierarchy {
            Hierarchy::Unified => cgroup::OF_UNIFIED,
            Hierarchy::Hybrid => cgroup::OF_HYBRID,
        };
        let groups = Groups::new(name, version_1)
            .map_err(MachineError::io("make control groups for a container"))?;
        let mut command = child::mortal("TERM", "sh");
        command
            .args(["-c", cgroup::ENTER, "enter"])
            .args(groups.paths());
        command.args(["--", "systemd-nspawn"]);
        command
            .args([
                "--quiet",
                "--boot",
                "--console=pipe",
                "--register=no",
                "--keep-unit",
            ])
            .args([
                "--private-network",
                "--link-journal=no",
                "--resolv-conf=off",
                "--timezone=off",
            ])
            // Read-only takes a shared lock of the tree, so that several containers can use it at once.
            .args(["--read-only", "--volatile=overlay"])
            // Without every capability and known system call, a dozen directives of the systemd inside do nothing
            // and say nothing.
            .args(["--capability=all", "--system-call-filter=@known"])
            // On SIGTERM, nspawn kills process 1 and cleans up, rather than asking for an orderly shutdown.
            .arg("--kill-signal=SIGKILL")
            .arg("--set-credential=testbed.greeting:hello")
            .arg(format!("--machine={name}"))
            .arg("--directory")
            .arg(tree)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors);
        let unified = if hierarchy == Hierarchy::Unified {
            "1"
        } else {
            "0"
        };
        command.env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", unified);
        if hierarchy == Hierarchy::Hybrid {
            // Since 256, systemd wants to hear twice that version 1 is meant.
            command.args(["--setenv=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"]);
        }
        let nspawn = child::start(command).map_err(MachineError::io("start systemd-nspawn"))?;
        let mut container = Self {
            name: name.to_owned(),
            nspawn,
            init: 0,
            scratch,
            _groups: groups,
        };
        container.find_init(Instant::now() + BOOT)?;
        Ok(container)
    }

    /// Finds process 1: the grandchild or child of nspawn that is number 1 where it lives.
    fn find_init(&mut self, deadline: Instant) -> Result<(), MachineError> {
        loop {
            if let Ok(Some(status)) = self.nspawn.try_wait() {
                return Err(self.stillborn(format!("systemd-nspawn ended with {status}")));
            }
            let near = children(self.nspawn.id());
            let far = near
                .iter()
                .flat_map(|&pid| children(pid))
                .collect::<Vec<_>>();
            if let Some(&init) = near.iter().chain(&far).find(|&&pid| is_init(pid)) {
                self.init = init;
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(self.stillborn("there is no process 1".to_owned()));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn stillborn(&self, reason: String) -> MachineError {
        MachineError::Boot {
            name: self.name.clone(),
            reason,
            console: self.console(),
        }
    }

    /// Runs a command in all namespaces of the container. Its output goes to files, so that a daemon which it
    /// leaves behind keeps nobody waiting.
    pub(crate) fn exec(
        &self,
        argv: &[OsString],
        stdin: Option<File>,
        limit: Duration,
    ) -> Result<Reply, MachineError> {
        let file = || tempfile::NamedTempFile::new_in(self.scratch.path());
        let output = file().map_err(MachineError::io("make a file for output"))?;
        let errors = file().map_err(MachineError::io("make a file for errors"))?;
        let writer = |file: &tempfile::NamedTempFile| {
            file.reopen()
                .map(Stdio::from)
                .map_err(MachineError::io("open a file for output"))
        };
        let status = Command::new("nsenter")
            .arg(format!("--target={}", self.init))
            .args(["--all", "--", "timeout", "--kill-after=5"])
            .arg(limit.as_secs().max(1).to_string())
            .args(argv)
            .env_clear()
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("HOME", "/root")
            .env("LANG", "C.UTF-8")
            .stdin(stdin.map_or_else(Stdio::null, Stdio::from))
            .stdout(writer(&output)?)
            .stderr(writer(&errors)?)
            .status()
            .map_err(MachineError::io("start nsenter"))?;
        let read = |file: &tempfile::NamedTempFile| {
            fs::read(file.path()).map_err(MachineError::io("read output"))
        };
        Ok(Reply {
            status: status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: read(&output)?,
            stderr: read(&errors)?,
        })
    }

    /// The end of what the container wrote to its console.
    pub(crate) fn console(&self) -> String {
        let bytes = fs::read(self.scratch.path().join("console")).unwrap_or_default();
        let end = bytes.len().saturating_sub(4000);
        String::from_utf8_lossy(bytes.get(end..).unwrap_or_default()).into_owned()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        child::stop(&mut self.nspawn);
    }
}

fn children(pid: u32) -> Vec<u32> {
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
        .unwrap_or_default()
        .split_ascii_whitespace()
        .filter_map(|number| number.parse().ok())
        .collect()
}

/// Whether a process is number 1 of its own pid namespace. Until it has executed systemd it is nspawn's, in the
/// middle of its preparations.
fn is_init(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default()
            .to_owned()
    };
    field("Name:").trim() == "systemd"
        && field("NSpid:").split_ascii_whitespace().next_back() == Some("1")
}
