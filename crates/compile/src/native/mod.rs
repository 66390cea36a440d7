//! The native back end: what our own sandbox enforces with the kernel's own means.
//!
//! Nothing here is enforced by being compiled; the sandbox installs it.

pub mod argument;
pub mod seccomp;
pub mod syscall;
