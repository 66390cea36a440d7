//! Runs a command, or a closure, under the native back end's plan.
//!
//! Three processes: the supervisor is the caller, passes signals on and reports the end; `init` is number 1
//! of the pid namespace, builds the mount view and reaps; the service puts itself under the rest and
//! executes the command. A step that fails ends the attempt: the command never runs with less confinement
//! than the plan says. What a plan should hold is the compiler's business, and nothing is printed here.

mod accounts;
mod denials;
mod end;
mod environment;
mod error;
mod group;
mod identity;
mod init;
mod limit;
mod prepare;
mod report;
mod rules;
mod sandbox;
mod service;
mod supervise;
mod target;
mod view;

pub use denials::{Denial, ExplainError, explain_denials};
pub use end::Exit;
pub use error::SandboxError;
pub use sandbox::Sandbox;
pub use target::detect;
