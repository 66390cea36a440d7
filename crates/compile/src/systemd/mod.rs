//! The systemd back end: a drop-in beside a packaged unit, or a whole unit, for one version of systemd.
//!
//! What is written here enforces nothing by being written: many directives are void on many hosts, and
//! none of them says so. The coverage tells for each one what it is worth on the target, and `prove` asks
//! the host itself.

mod arrange;
mod artifact;
mod calls;
mod compile;
#[cfg(test)]
mod compile_tests;
mod cover;
mod declared;
mod devices;
mod directive;
mod draft;
mod identity;
mod kernel;
mod limits;
mod mounts;
mod network;
mod packaged;
mod private;
mod secrets;
mod target;
#[cfg(test)]
mod traps;
mod view;
mod whole;
mod worth;

pub use arrange::paths;
pub use artifact::Artifact;
pub use compile::{CompileError, Form, compile};
pub use declared::declared;
pub use packaged::DROP_IN;
pub use target::{CgroupMode, Target};
pub use worth::worth;
