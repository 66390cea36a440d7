//! The systemd back end: a drop-in beside a packaged unit, or a whole unit, for one version of systemd.
//!
//! What is written here enforces nothing by being written: many directives are void on many hosts, and
//! none of them says so. The coverage tells for each one what it is worth on the target, and `prove` asks
//! the host itself.

mod artifact;
mod target;

pub use artifact::Artifact;
pub use target::{CgroupMode, Target};
