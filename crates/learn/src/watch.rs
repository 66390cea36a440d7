//! What to watch, what the watcher tells while it watches, and what it can be asked.

use std::ffi::OsString;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ringfence_policy::path::AbsPath;
use ringfence_policy::trace::{Address, Exercise, Fact, SocketKind, Trace};
use rustix::process::Pid;

use crate::ptrace::{LearnError, Options, Tracer};
use crate::unit::Role;

/// A command to start and watch.
#[derive(Debug)]
pub struct Watch {
    /// The command with its arguments. A name without a slash is searched in `PATH`, as execvp(3) does.
    pub argv: Vec<OsString>,
    /// The whole environment; `None` passes on the caller's.
    pub environment: Option<Vec<(OsString, OsString)>>,
    /// The working directory; `None` keeps the caller's.
    pub directory: Option<PathBuf>,
    /// Standard output and error of the service; `None` keeps the caller's.
    pub output: Option<File>,
    /// How to watch.
    pub options: Options,
}

impl Watch {
    /// A command with the caller's environment and directory, watched in the usual way.
    pub fn new(argv: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            environment: None,
            directory: None,
            output: None,
            options: Options::default(),
        }
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It exited with this code.
    Exited(i32),
    /// This signal killed it.
    Signaled(i32),
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit {code}"),
            Self::Signaled(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// What the watcher tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The main process runs a program: the first, or after a wrapper the next.
    Started {
        /// The main process.
        pid: Pid,
        /// The program, resolved.
        program: AbsPath,
    },
    /// A command of a unit came in and is about to begin.
    Joined {
        /// Its process.
        pid: Pid,
        /// Which of the unit's commands it is.
        role: Role,
    },
    /// A socket began to listen, or a datagram socket was bound.
    Listening {
        /// The address with the port that clients use, also where the kernel chose it.
        address: Address,
        /// The same for IP sockets, ready to connect to.
        endpoint: Option<SocketAddr>,
        /// The socket's type.
        socket: SocketKind,
    },
    /// A unit wrote to a file below `/var/log` for the first time.
    Logged {
        /// The file.
        path: AbsPath,
    },
    /// Nothing was traced for [`Options::quiet`], every task slept, and none used the CPU. Told once; again
    /// after the next activity.
    Idle,
    /// The main process ended. Others of the service may live on, as those of a daemon do.
    MainExited(Ended),
    /// A child of the calling process that is not traced ended: a workload that the callback started. The
    /// watcher waits for all children, so `std::process::Child::wait` on it fails.
    ChildExited {
        /// The child.
        pid: Pid,
        /// How it ended.
        ended: Ended,
    },
    /// The watcher itself was sent SIGINT, SIGTERM or SIGHUP. It has passed the signal on to a command that it
    /// started, and begun to stop; with a unit it has done nothing.
    Interrupted {
        /// The signal.
        signal: i32,
    },
    /// A fact that is new, or a denial. Only with [`Options::tell_facts`].
    Seen {
        /// The fact. One that has no outcome of its own and was denied is told, but not kept.
        fact: Box<Fact>,
        /// The error number of the call, if it failed.
        errno: Option<i32>,
        /// The program that made the call.
        by: AbsPath,
    },
    /// [`Options::tick`] has passed: time to look at deadlines.
    Tick,
}

/// What the watcher is asked to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Control {
    /// Go on.
    #[default]
    Continue,
    /// The service is ready: what is seen from now on is [`Phase::Steady`](ringfence_policy::trace::Phase).
    Steady,
    /// Ask the service to end; what is seen from now on belongs to stopping.
    Stop(Ending),
    /// A unit: it is active, with this main process if it has one. What is seen from now on is
    /// [`Phase::Steady`](ringfence_policy::trace::Phase).
    Serving(Option<Pid>),
    /// A unit: the service manager was asked to stop it.
    Stopping,
    /// A unit: this was done with it.
    Exercised(Exercise),
    /// A unit: it is being put back as it was. Commands that start from now on are not watched, and the
    /// watch ends when the last process that is has ended.
    Leaving,
    /// Kill what is left, at once. The watch of a unit ends with this.
    Finish,
}

/// How a service is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The signal to send first, usually SIGTERM (15).
    pub signal: i32,
    /// Whether every process gets it, or only the main one. When the main process is gone, every one does.
    pub everyone: bool,
    /// How long to wait before SIGKILL.
    pub patience: Duration,
}

impl Default for Ending {
    fn default() -> Self {
        Self {
            signal: 15,
            everyone: false,
            patience: Duration::from_secs(10),
        }
    }
}

/// Starts a command, watches it until all of its processes are gone, and returns what was seen.
///
/// The callback runs between events, on the calling thread, and the service runs on meanwhile only until
/// its next traced call: it should not block. It may start processes, which are not traced.
///
/// The calling process must have one thread when this is called. It has `SIGCHLD`, `SIGINT`, `SIGTERM`
/// and `SIGHUP` blocked meanwhile. If it dies, the service is killed.
pub fn watch(
    watch: &Watch,
    callback: &mut dyn FnMut(Event) -> Control,
) -> Result<Trace, LearnError> {
    Tracer::launch(watch)?.run(callback)
}
