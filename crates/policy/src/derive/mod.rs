//! Turns a trace into the smallest manifest a person would read that would have allowed it.
//!
//! Nothing here looks at the host: two people with the same trace get the same manifest and the same lock,
//! byte for byte, in whatever order the trace was joined. The rules are fail-safe: what succeeded is
//! granted; what was only looked at, missing or refused is recorded as tried and never opens more than
//! reading the service's own configuration. Whatever is granted beyond what was seen is in the lock as
//! widened. What a host can enforce is not this module's business.

mod amounts;
mod assemble;
mod bundle;
mod dynamic;
mod evidence;
mod fold;
mod identity;
mod network;
mod own;
mod select;
mod service;
mod temporary;
mod verdict;

pub use assemble::{DeriveError, Derived, Options, derive};
