//! Hardening a unit where it runs: learn, derive, compile, apply, use, attack; and take back what fails.

mod force;
mod give_back;
mod mask;
mod report;
mod secrets;
mod standing;

pub use force::{Force, Kept, checks};
pub use give_back::{Paper, Verdict, enforce};
pub use mask::Mask;
pub use report::{End, Hardened};
pub use secrets::Secrets;
pub use standing::Standing;
