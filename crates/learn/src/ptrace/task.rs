//! The tasks and processes of a service, as the tracer knows them.

use std::os::fd::OwnedFd;
use std::rc::Rc;

use rustix::process::Pid;

use super::exit::Pending;
use super::gather::Origin;
use super::image::Image;
use super::status::Identity;
use super::view::Looker;

/// One thread.
#[derive(Debug)]
pub struct Task {
    /// Its process.
    pub process: Pid,
    /// Its ids and capabilities.
    pub identity: Rc<Identity>,
    /// The call whose end is awaited.
    pub pending: Option<Pending>,
}

/// One process.
#[derive(Debug)]
pub struct Process {
    /// The index of its program.
    pub program: u32,
    /// Its number in its own pid namespace.
    pub inner: i32,
    /// A descriptor for it, once one was needed.
    pub pidfd: Option<Rc<OwnedFd>>,
    /// The unit's command that it comes from, if a unit is watched.
    pub origin: Option<Rc<Origin>>,
    /// The program of a unit's process.
    pub image: Option<Rc<Image>>,
    /// It is still the wrapper, on its way to the command.
    pub joining: bool,
}

/// Who makes a call: what the readers of its operands need to know.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The thread.
    pub task: Pid,
    /// Its process.
    pub process: Pid,
    /// The index of its program.
    pub program: u32,
    /// Its ids and capabilities.
    pub identity: Rc<Identity>,
    /// How it sees itself in `/proc`.
    pub looker: Looker,
}
