//! systemd's unit files: how the service manager reads them, and how exposed it says a service is.
//!
//! Everything here is pure: who reads files hands in their bytes. Nothing here knows what a host enforces.

pub mod edit;
pub mod exec;
pub mod lint;
pub mod load;
pub mod name;
pub mod reach;
pub mod score;
pub mod specifier;
pub mod text;
pub mod word;
