//! Boots real Debian machines with systemd as process 1, for the tests.
//!
//! ```no_run
//! use ringfence_testbed::{Image, Kind, Machine};
//!
//! let machine = Machine::boot(Image::Bookworm, Kind::Nspawn)?;
//! let version = machine.check(["systemctl", "--version"])?;
//! assert!(version.starts_with("systemd 252"));
//! # Ok::<(), ringfence_testbed::MachineError>(())
//! ```
//!
//! A machine is the caller's alone: what it boots from is never written to, and it ends with the value or
//! with the process, however the process ends. Machines run beside each other.
//!
//! A machine that cannot be had is an error. Tests that need one fail without it; nothing is skipped.

mod agent;
mod cgroup;
mod child;
mod image;
mod machine;
mod nspawn;
mod qemu;
mod reply;
mod uml;

pub use image::{Image, ImageError, probe};
pub use machine::{Kind, Machine, MachineError};
pub use reply::Reply;
