//! The service in its sandbox, beside this process: started, looked after, and stopped as an admin would.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use ringfence_compile::native::Plan;
use ringfence_sandbox::Sandbox;
use ringfence_sys::process::{Fork, exit_now, fork};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, set_parent_process_death_signal};

use crate::capture::{Capture, Streams};
use crate::error::{Failure, OrFail};

/// How long a service may take to end before it is killed, as service managers have it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at what cannot be waited for together.
pub const GLANCE: Duration = Duration::from_millis(20);

/// A service in its sandbox. Dropped, it is killed.
#[derive(Debug)]
pub struct Confined {
    supervisor: Pid,
    output: Capture,
    ended: Option<WaitStatus>,
}

impl Confined {
    /// Starts the supervisor of the sandbox as a child. What the service prints also goes to `echo`.
    pub fn start(plan: &Plan, echo: Option<BorrowedFd<'_>>) -> Result<Self, Failure> {
        let prepare = || "set up the service's output".to_owned();
        let output = Capture::new(echo).or_cannot(prepare)?;
        let streams = Streams::captured(&output).or_cannot(prepare)?;
        match fork().or_cannot(|| "fork".to_owned())? {
            Fork::Child => {
                // The supervisor passes it on to the service.
                let _ = set_parent_process_death_signal(Some(Signal::TERM));
                match Sandbox::new(plan.clone()).run() {
                    Ok(exit) => exit.imitate(),
                    Err(error) => {
                        let text = format!("cannot {error}\n");
                        let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
                        exit_now(error.exit_code().into())
                    }
                }
            }
            Fork::Parent(supervisor) => {
                drop(streams);
                Ok(Self {
                    supervisor,
                    output,
                    ended: None,
                })
            }
        }
    }

    /// Reads along what it prints, and looks whether it has ended.
    pub fn glance(&mut self) -> io::Result<Option<WaitStatus>> {
        self.output.drain();
        if self.ended.is_none() {
            let waited = rustix::process::waitpid(Some(self.supervisor), WaitOptions::NOHANG)?;
            self.ended = waited.map(|(_, status)| status);
        }
        Ok(self.ended)
    }

    /// Asks it to end with SIGTERM, and kills it when it does not.
    pub fn stop(&mut self) -> io::Result<WaitStatus> {
        // It may have ended by itself, which is as well.
        let _ = rustix::process::kill_process(self.supervisor, Signal::TERM);
        let asked = Instant::now();
        let mut killed = false;
        loop {
            if let Some(status) = self.glance()? {
                return Ok(status);
            }
            if asked.elapsed() > PATIENCE && !killed {
                killed = true;
                let _ = rustix::process::kill_process(self.supervisor, Signal::KILL);
            }
            std::thread::sleep(GLANCE);
        }
    }

    /// The last lines it printed.
    pub fn last_lines(&mut self) -> String {
        self.output.last_lines(20)
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        if matches!(self.glance(), Ok(None)) {
            let _ = rustix::process::kill_process(self.supervisor, Signal::KILL);
            let _ = rustix::process::waitpid(Some(self.supervisor), WaitOptions::empty());
        }
    }
}

/// How a process ended, in words.
pub fn ending(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("exit {code}"),
        (_, Some(signal)) => format!("signal {signal}"),
        _ => "an unknown end".to_owned(),
    }
}
