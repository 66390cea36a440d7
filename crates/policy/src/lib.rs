//! The policy language of ringfence: traces, grants and their algebra, the manifest and its lock, and what
//! follows from them: derive, diff, explain.
//!
//! Everything here is pure: no file is opened, no clock is read, nothing looks at the host. Two people with
//! the same input get the same bytes.

#[cfg(test)]
mod arbitrary;
pub mod denial;
pub mod derive;
pub mod diff;
pub mod effective;
pub mod explain;
pub mod grant;
pub mod headroom;
pub mod known;
#[cfg(test)]
mod laws;
pub mod lock;
pub mod manifest;
pub mod merge;
pub mod path;
pub mod pattern;
pub mod place;
pub mod policy;
pub mod risk;
pub mod schema;
pub mod secret;
pub mod syscall;
pub mod trace;
pub mod unexercised;
