//! Processes that end with this one.
//!
//! `Drop` does not run when a process is killed, nor for what is in a `static`. So children ask the kernel for a
//! signal when their parent ends (`PR_SET_PDEATHSIG`, by setpriv(1)).

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Sender};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

type Order = (Command, Sender<io::Result<Child>>);

/// The thread that starts all children. The "parent" of prctl(2) is a thread, not a process: a machine that was
/// started by the thread of one test and is shared with others would end with that test.
static STARTER: LazyLock<Mutex<Sender<Order>>> = LazyLock::new(|| {
    let (orders, inbox) = mpsc::channel::<Order>();
    thread::spawn(move || {
        for (mut command, answer) in inbox {
            // The one who asked may be gone; then nobody wants the child either.
            if let Err(mpsc::SendError(Ok(mut child))) = answer.send(command.spawn()) {
                let _ = child.kill();
            }
        }
    });
    Mutex::new(orders)
});

/// A command that gets a signal when this process ends: `TERM` or `KILL`.
pub(crate) fn mortal(signal: &str, program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal, "--", program]);
    command
}

/// Starts a command from the thread that lives as long as the process.
pub(crate) fn start(command: Command) -> io::Result<Child> {
    let (answer, started) = mpsc::channel();
    STARTER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send((command, answer))
        .map_err(io::Error::other)?;
    started.recv().map_err(io::Error::other)?
}

/// Waits for a child for at most `limit`.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Asks a child to end, and ends it if it has not within ten seconds.
pub(crate) fn stop(child: &mut Child) {
    if let Ok(None) = child.try_wait() {
        let pid = Pid::from_child(child);
        // The child was not waited for, so the number is still its own.
        let _ = kill_process(pid, Signal::TERM);
        if let Ok(None) = wait(child, Duration::from_secs(10)) {
            let _ = child.kill();
        }
    }
    let _ = child.wait();
}
