//! What ringfence knows about system calls by name: which ones carry no privilege of their own, which
//! need one, and which arguments of the others decide a control.

mod argument;
mod base;
mod equivalent;
mod privileged;

pub use argument::{
    Deciding, Meaning, Need, Place, Test, calls_with_deciding_arguments, deciding_arguments,
};
pub use base::{BASE, is_base};
pub use equivalent::equivalents;
pub use privileged::privilege_of;
