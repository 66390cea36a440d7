//! Reads the machine and its service manager, applies what was compiled, and rolls it back.
//!
//! Nothing here decides what a service may do.

pub mod deploy;
pub mod secret;
pub mod systemd;
pub mod target;
pub mod units;
