//! Compiles a policy for a target into what a back end enforces, and says how exactly.
//!
//! Everything here is a pure function of its input: nothing looks at the host, installs a filter or
//! opens a file. Who enforces the result is the business of the sandbox.

pub mod coverage;
pub mod native;
pub mod systemd;
