//! The root that a service sees: only what it was granted, at the same paths as on the host.
//!
//! [`resolve`] follows links on the host, [`arrange`] decides which mounts there are, [`build`] makes them.
//! The first two run in the supervisor and only look; nothing is mounted outside of the new namespace.

pub(crate) mod arrange;
pub(crate) mod build;
mod cover;
pub(crate) mod own;
pub(crate) mod resolve;
