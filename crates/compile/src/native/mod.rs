//! The native back end: what our own sandbox enforces with the kernel's own means.
//!
//! Nothing here is enforced by being compiled; the sandbox installs it.

pub(crate) mod calls;
mod compile;
#[cfg(test)]
mod compile_tests;
mod cover;
pub(crate) mod files;
pub(crate) mod implied;
mod layer;
mod limits;
pub(crate) mod network;
mod plan;
mod target;

pub mod argument;
pub mod seccomp;
pub mod syscall;

pub use crate::coverage::{Coverage, Row, Status, Subject};
pub use compile::{CompileError, Settings, compile};
pub use layer::Layer;
pub use plan::{
    FileRule, FileUse, Identity, Landlock, Limits, Namespaces, Plan, Proc, StartUser, View,
};
pub use target::Target;
