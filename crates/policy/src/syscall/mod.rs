//! What ringfence knows about system calls by name: which ones carry no privilege of their own, and which
//! arguments of the others decide a control.

mod base;

pub use base::{BASE, is_base};
