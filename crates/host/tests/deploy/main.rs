//! Deployments on a host of files, with a service manager that is a script.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

mod applying;
mod going_back;
mod room;
mod strangers;
mod world;
