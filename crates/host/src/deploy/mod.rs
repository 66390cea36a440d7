//! Puts compiled files on the host, and takes them away again.
//!
//! A [`Store`] remembers for each unit what was applied and what was there before. Whoever works on a unit
//! holds its [`Claim`]. From there it goes in steps that the caller puts together:
//!
//! 1. [`Claim::recover`] undoes what an earlier process left half done.
//! 2. [`Claim::change`] says what would change; nothing is written.
//! 3. [`Claim::write`] writes the files, all or none, and gives a [`Deployment`].
//! 4. [`Deployment::arm`] has the service manager roll back unless someone confirms.
//! 5. [`Deployment::activate`] restarts what runs and watches whether it works.
//! 6. [`Deployment::keep`] makes it current, or [`Deployment::undo`] takes it back.
//!
//! A process that dies between 3 and 6 leaves a change that the next one takes back.

mod activation;
mod affected;
mod change;
mod deployment;
mod error;
mod folder;
mod health;
mod history;
mod record;
mod rollback;
mod sentinel;
mod status;
mod store;
mod transition;
mod tree;

pub use affected::affected;
pub use change::Change;
pub use deployment::{Deployment, Edits, Papers};
pub use error::DeployError;
pub use health::Settling;
pub use record::{Affected, Awaiting, Course, Ledger, Pending};
pub use rollback::Rollback;
pub use status::{Run, Status};
pub use store::{Claim, Store};
