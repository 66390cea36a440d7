//! A machine, whatever it is made of.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::agent::Virtual;
use crate::image::{Image, ImageError};
use crate::nspawn::{Container, Hierarchy};
use crate::reply::Reply;
use crate::{qemu, uml};

/// How long a command may take unless its caller says otherwise.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a machine is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A container: the kernel is this machine's. Boots within a second; needs root.
    Nspawn,
    /// A container that sees control groups of both versions, if this machine has both.
    NspawnHybrid,
    /// A process that is a kernel (User Mode Linux), with one processor. Boots in three seconds.
    UserMode,
    /// Emulated hardware and Debian's own kernel, two processors. Boots in ten seconds; the only one with BPF
    /// security hooks for sure.
    Qemu,
}

/// A running system with systemd as its process 1.
#[derive(Debug)]
pub struct Machine {
    image: Image,
    kind: Kind,
    guest: Guest,
}

#[derive(Debug)]
enum Guest {
    Container(Container),
    Virtual(Virtual),
}

/// Why a machine did not do what it was to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MachineError {
    /// What it boots from cannot be had.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Something went wrong between this process and the machine.
    #[error("{task}: {source}")]
    Io {
        /// What was being done.
        task: String,
        /// What went wrong.
        source: io::Error,
    },
    /// It ended, or did not come up in time.
    #[error("boot {name}: {reason}; its last words:\n{console}")]
    Boot {
        /// The machine.
        name: String,
        /// What it did not do.
        reason: String,
        /// The end of what it wrote to its console.
        console: String,
    },
    /// A command failed that was expected to succeed.
    #[error("run {command} in the machine: exited with {status}: {complaint}")]
    Command {
        /// The command.
        command: String,
        /// Its status.
        status: i32,
        /// What it wrote to its standard error, or else to its standard output.
        complaint: String,
    },
    /// A condition did not come true.
    #[error("wait until {condition}: still not so after {seconds} seconds; at last: {last:?}")]
    Timeout {
        /// What was waited for.
        condition: String,
        /// For how long.
        seconds: u64,
        /// What the command answered in the end.
        last: Reply,
    },
}

impl MachineError {
    /// For `map_err`: names what was being done.
    pub(crate) fn io(task: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let task = task.into();
        move |source| Self::Io { task, source }
    }
}

impl Machine {
    /// Boots a machine, and returns when its systemd has started everything and nothing has failed.
    ///
    /// Builds the image first if the cache does not have it, which takes minutes.
    pub fn boot(image: Image, kind: Kind) -> Result<Self, MachineError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("testbed-{}-{number}", std::process::id());
        let container = |hierarchy| Container::boot(&name, image, hierarchy).map(Guest::Container);
        let guest = match kind {
            Kind::Nspawn => container(Hierarchy::Unified)?,
            Kind::NspawnHybrid => container(Hierarchy::Hybrid)?,
            Kind::UserMode => Guest::Virtual(uml::boot(&name, image)?),
            Kind::Qemu => Guest::Virtual(qemu::boot(&name, image)?),
        };
        let machine = Self { image, kind, guest };
        machine.wait_for_units(&name)?;
        Ok(machine)
    }

    fn wait_for_units(&self, name: &str) -> Result<(), MachineError> {
        let stillborn = |reason| MachineError::Boot {
            name: name.to_owned(),
            reason,
            console: self.console(),
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            let reply = self.exec(["systemctl", "is-system-running", "--wait"])?;
            match &*reply.text() {
                "running" => return Ok(()),
                "degraded" => {
                    let failed = self.exec(["systemctl", "--failed"])?;
                    return Err(stillborn(format!("units failed:\n{}", failed.text())));
                }
                state if Instant::now() >= deadline => {
                    return Err(stillborn(format!("it is still {state:?}")));
                }
                // systemd does not listen yet.
                _ => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// What it was booted from.
    pub fn image(&self) -> Image {
        self.image
    }

    /// What it is made of.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Runs a command as root, with an empty standard input and a fixed, small environment.
    ///
    /// The command is not in any unit: its control group is outside those that systemd arranges.
    pub fn exec<A: AsRef<OsStr>>(
        &self,
        argv: impl IntoIterator<Item = A>,
    ) -> Result<Reply, MachineError> {
        self.exec_within(PATIENCE, argv)
    }

    /// Runs a command that may take until `limit`; then it is killed, and the status is 124 or 137.
    pub fn exec_within<A: AsRef<OsStr>>(
        &self,
        limit: Duration,
        argv: impl IntoIterator<Item = A>,
    ) -> Result<Reply, MachineError> {
        let argv: Vec<_> = argv.into_iter().map(|a| a.as_ref().to_owned()).collect();
        self.run(&argv, None, limit)
    }

    /// Runs a command that has to succeed, and returns its standard output without surrounding white space.
    pub fn check<A: AsRef<OsStr>>(
        &self,
        argv: impl IntoIterator<Item = A>,
    ) -> Result<String, MachineError> {
        let argv: Vec<_> = argv.into_iter().map(|a| a.as_ref().to_owned()).collect();
        let reply = self.run(&argv, None, PATIENCE)?;
        if reply.is_success() {
            return Ok(reply.text().into_owned());
        }
        let said = if reply.stderr.is_empty() {
            reply.text()
        } else {
            reply.complaint()
        };
        Err(MachineError::Command {
            command: argv.join(OsStr::new(" ")).to_string_lossy().into_owned(),
            status: reply.status,
            complaint: said.into_owned(),
        })
    }

    /// Runs a script of sh(1) that has to succeed.
    pub fn shell(&self, script: &str) -> Result<String, MachineError> {
        self.check(["sh", "-euc", script])
    }

    /// Copies a file of this machine into the machine, with its permissions. Makes the directories on the way.
    pub fn push(&self, local: &Path, remote: &str) -> Result<(), MachineError> {
        let task = || format!("read {}", local.display());
        let mode = fs::metadata(local)
            .map_err(MachineError::io(task()))?
            .permissions()
            .mode()
            & 0o7777;
        let file = File::open(local).map_err(MachineError::io(task()))?;
        self.install(file, mode, remote)
    }

    /// Writes a file in the machine that everybody may read. Makes the directories on the way.
    pub fn write(&self, remote: &str, contents: impl AsRef<[u8]>) -> Result<(), MachineError> {
        let mut file = tempfile::tempfile().map_err(MachineError::io("make a temporary file"))?;
        io::Write::write_all(&mut file, contents.as_ref())
            .and_then(|()| io::Seek::rewind(&mut file))
            .map_err(MachineError::io("write a temporary file"))?;
        self.install(file, 0o644, remote)
    }

    fn install(&self, contents: File, mode: u32, remote: &str) -> Result<(), MachineError> {
        let mode = format!("--mode={mode:o}");
        let argv = ["install", "-D", &mode, "/dev/stdin", remote].map(Into::into);
        let reply = self.run(&argv, Some(contents), PATIENCE)?;
        if reply.is_success() {
            return Ok(());
        }
        Err(MachineError::Command {
            command: format!("install {remote}"),
            status: reply.status,
            complaint: reply.complaint().into_owned(),
        })
    }

    /// Runs a command again and again until its reply is as wanted, for at most `limit`.
    pub fn wait_until<A: AsRef<OsStr>>(
        &self,
        condition: &str,
        limit: Duration,
        argv: impl IntoIterator<Item = A>,
        wanted: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, MachineError> {
        let argv: Vec<_> = argv.into_iter().map(|a| a.as_ref().to_owned()).collect();
        let deadline = Instant::now() + limit;
        loop {
            let reply = self.run(&argv, None, limit)?;
            if wanted(&reply) {
                return Ok(reply);
            }
            if Instant::now() >= deadline {
                return Err(MachineError::Timeout {
                    condition: condition.to_owned(),
                    seconds: limit.as_secs(),
                    last: reply,
                });
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The end of what the machine has written to its console so far.
    pub fn console(&self) -> String {
        match &self.guest {
            Guest::Container(container) => container.console(),
            Guest::Virtual(machine) => machine.console(),
        }
    }

    fn run(
        &self,
        argv: &[OsString],
        stdin: Option<File>,
        limit: Duration,
    ) -> Result<Reply, MachineError> {
        match &self.guest {
            Guest::Container(container) => container.exec(argv, stdin, limit),
            Guest::Virtual(machine) => {
                let mut bytes = Vec::new();
                if let Some(mut file) = stdin {
                    let read = io::Read::read_to_end(&mut file, &mut bytes);
                    read.map_err(MachineError::io("read what is to be sent"))?;
                }
                machine.exec(argv, &bytes, limit)
            }
        }
    }
}
