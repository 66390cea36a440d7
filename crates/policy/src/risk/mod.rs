//! What a grant is worth to whoever takes the service over, as a number and a sentence.
//!
//! The number orders findings; it is no probability. It looks at one grant alone: what two grants make
//! possible together is what `prove` finds out.

mod files;
mod grade;
mod kernel;
mod network;

pub use grade::{Risk, risk};
