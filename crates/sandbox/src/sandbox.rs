//! The public face: a plan, and a command or a closure to run under it.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::time::Duration;

use ringfence_compile::native::Plan;

use crate::end::Exit;
use crate::error::SandboxError;
use crate::prepare::prepare;
use crate::service::Work;
use crate::supervise::supervise;

/// A confinement that is about to be entered.
///
/// The calling process must have one thread: it is copied.
#[derive(Debug)]
pub struct Sandbox {
    plan: Plan,
    variables: Option<Vec<(OsString, OsString)>>,
    stdout: Option<OwnedFd>,
    deadline: Option<Duration>,
    hurry: bool,
}

impl Sandbox {
    /// A sandbox for a plan, with the caller's environment, streams and directory.
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            variables: None,
            stdout: None,
            deadline: None,
            hurry: false,
        }
    }

    /// Filters these variables instead of the caller's.
    #[must_use]
    pub fn environment(mut self, variables: Vec<(OsString, OsString)>) -> Self {
        self.variables = Some(variables);
        self
    }

    /// Puts this in place of standard output inside.
    #[must_use]
    pub fn stdout(mut self, stdout: OwnedFd) -> Self {
        self.stdout = Some(stdout);
        self
    }

    /// Kills everything inside when so much time has passed; the end is then [`Exit::Deadline`].
    #[must_use]
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// Returns as soon as the last process of the service is gone.
    ///
    /// For a caller that ends right then: the kernel takes milliseconds to take the namespaces apart, and
    /// leaves a process to reap behind.
    #[must_use]
    pub fn hurry(mut self) -> Self {
        self.hurry = true;
        self
    }

    /// Runs the plan's command and waits for it.
    ///
    /// Meanwhile signals that the caller is sent go to the command.
    pub fn run(self) -> Result<Exit, SandboxError> {
        self.supervise(Work::Command)
    }

    /// Runs a closure in a confined copy of this process and waits for it; what it returns is the code.
    ///
    /// Only descriptors 0 to 2 are open inside. Nothing it changes in memory is seen by the caller, and
    /// destructors of what it captured do not run. Whatever it forks is killed when it returns.
    pub fn run_closure(self, closure: impl FnOnce() -> i32) -> Result<Exit, SandboxError> {
        self.supervise(Work::Closure(Box::new(closure)))
    }

    fn supervise(self, work: Work<'_>) -> Result<Exit, SandboxError> {
        let variables = self
            .variables
            .unwrap_or_else(|| std::env::vars_os().collect());
        let prepared = prepare(self.plan, &variables, self.stdout)?;
        supervise(&prepared, work, self.deadline, self.hurry)
    }
}
