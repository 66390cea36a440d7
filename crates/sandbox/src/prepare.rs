//! What can be made ready before anything is confined: it is inherited by the processes to come.

use std::ffi::{CString, OsString};
use std::os::fd::OwnedFd;

use ringfence_compile::native::Plan;
use ringfence_sys::seccomp::Instruction;
use rustix::process::getuid;

use crate::environment;
use crate::error::SandboxError;
use crate::identity::{self, Ids};
use crate::view::arrange::{Arrangement, arrange};

/// A plan with everything looked up and compiled.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    pub(crate) ids: Ids,
    pub(crate) argv: Vec<CString>,
    pub(crate) environment: Vec<CString>,
    /// How many descriptors from 3 on are passed to the command.
    pub(crate) passed: u32,
    pub(crate) arrangement: Arrangement,
    pub(crate) filter: Option<Vec<Instruction>>,
    /// Whether namespaces are made with root's own capabilities, not through a user namespace.
    pub(crate) root: bool,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Where the caller is.
    pub(crate) directory: Option<std::path::PathBuf>,
    /// Put in place of standard output.
    pub(crate) stdout: Option<OwnedFd>,
}

impl Prepared {
    /// Whether number 1 drops the old root while the service's process already prepares itself.
    ///
    /// Dropping it takes number 1 some milliseconds, of which the service needs none. Only with a pid
    /// namespace, in which the service cannot outlive a number 1 that failed.
    pub(crate) fn shares_root_change(&self) -> bool {
        self.plan.view.is_some() && self.plan.namespaces.pid
    }
}

/// Looks up identities and paths, creates the service's own directories and compiles the filter.
pub(crate) fn prepare(
    plan: Plan,
    variables: &[(OsString, OsString)],
    stdout: Option<OwnedFd>,
) -> Result<Prepared, SandboxError> {
    let ids = identity::resolve(&plan)?;
    let root = getuid().is_root();
    let arrangement = arrange(&plan, &ids, root)?;
    let passed = environment::passed_descriptors(variables);
    let environment = environment::filter(variables, &plan.environment, &ids);
    let argv = plan
        .argv
        .iter()
        .map(|argument| CString::new(argument.as_bytes()))
        .collect::<Result<_, _>>()
        .map_err(|_| SandboxError::Step {
            step: "pass the arguments".to_owned(),
            reason: "one holds a NUL byte".to_owned(),
        })?;
    let filter = plan.seccomp.as_ref().map(compile).transpose()?;
    Ok(Prepared {
        ids,
        argv,
        environment,
        passed,
        arrangement,
        filter,
        root,
        uid: getuid().as_raw(),
        gid: rustix::process::getgid().as_raw(),
        directory: std::env::current_dir().ok(),
        stdout,
        plan,
    })
}

fn compile(
    filter: &ringfence_compile::native::seccomp::Filter,
) -> Result<Vec<Instruction>, SandboxError> {
    let program = filter.compile().map_err(|error| SandboxError::Step {
        step: "compile the system call filter".to_owned(),
        reason: error.to_string(),
    })?;
    Ok(program
        .instructions()
        .iter()
        .map(|one| Instruction::from((one.code, one.jt, one.jf, one.k)))
        .collect())
}
