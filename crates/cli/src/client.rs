//! The workload as a process: started beside the service, never confined and never traced.

use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use ringfence_sys::process::{Fork, exit_now, fork};
use ringfence_sys::signal::{SignalSet, reset_dispositions, set_mask};
use rustix::process::{Pid, Signal, WaitOptions, set_parent_process_death_signal};

use crate::capture::Capture;
use crate::workload::Workload;

/// Exit code of a child that could not become the workload, as shells have it.
const NOT_STARTED: i32 = 127;

/// A running workload.
#[derive(Debug)]
pub struct Client {
    pid: Pid,
    output: Capture,
}

impl Client {
    /// Starts the workload in a process group of its own. What it prints also goes to `echo`.
    ///
    /// The standard library would pass on the signal mask that the tracer set, so the child is made here.
    pub fn start(workload: &Workload, echo: Option<BorrowedFd<'_>>) -> io::Result<Self> {
        Self::run(workload.command(), workload.text(), echo)
    }

    /// Starts any command in the same way. `text` is what to call it.
    pub fn run(mut command: Command, text: &str, echo: Option<BorrowedFd<'_>>) -> io::Result<Self> {
        let output = Capture::new(echo)?;
        let writer = output.writer()?;
        match fork()? {
            Fork::Parent(pid) => Ok(Self { pid, output }),
            Fork::Child => {
                // None of these three fails for the signals there are.
                let _ = set_parent_process_death_signal(Some(Signal::KILL));
                let _ = reset_dispositions();
                let _ = set_mask(SignalSet::empty());
                if let Ok(copy) = writer.try_clone() {
                    command.stdout(Stdio::from(copy));
                }
                command.stderr(Stdio::from(writer)).process_group(0);
                let error = command.exec();
                let _ = rustix::io::write(
                    rustix::stdio::stderr(),
                    format!("cannot start `{text}`: {error}\n").as_bytes(),
                );
                exit_now(NOT_STARTED)
            }
        }
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Reads along what it prints.
    pub fn drain(&mut self) {
        self.output.drain();
    }

    /// Whether it has ended, and if so whether it passed. Not for use beside a tracer, which waits for
    /// every child itself.
    pub fn has_ended(&self) -> io::Result<Option<Verdict>> {
        let waited = rustix::process::waitpid(Some(self.pid), WaitOptions::NOHANG)?;
        Ok(waited.map(
            |(_, status)| match (status.exit_status(), status.terminating_signal()) {
                (Some(0), _) => Verdict::Passed,
                (Some(code), _) => Verdict::Failed(format!("exit {code}")),
                (_, Some(signal)) => Verdict::Failed(format!("signal {signal}")),
                _ => Verdict::Failed("an unknown end".to_owned()),
            },
        ))
    }

    /// Kills it and what it started. It has still to be waited for.
    pub fn kill(&self) {
        // The group is gone when every process in it has ended, which is what is wanted.
        let _ = rustix::process::kill_process_group(self.pid, Signal::KILL);
        let _ = rustix::process::kill_process(self.pid, Signal::KILL);
    }

    /// The last lines it printed.
    pub fn last_lines(&mut self) -> String {
        self.output.last_lines(20)
    }
}

/// How a workload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// With exit code 0.
    Passed,
    /// In this other way.
    Failed(String),
}
