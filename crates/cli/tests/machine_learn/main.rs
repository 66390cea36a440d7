//! Units learned on a running system: each kind is watched as the service manager runs it, and is afterwards what
//! it was before, whatever happened.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

mod interrupted;
mod kinds;
mod packaged;
mod scene;
