//! The site's bound on every policy: a ceiling that nothing exceeds, and grants that are never given.

use super::Manifest;
use crate::grant::Grant;

/// What a site lets its services have at most: `ceiling.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceiling {
    /// What may be granted; of `[service]` only the users count. `None` for a file that bounds nothing.
    pub bound: Option<Manifest>,
    /// Whether every system call may be granted: `syscalls = ["@any"]`.
    pub any_syscall: bool,
    /// What may not be granted, not even in part.
    pub never: Vec<Grant>,
}
