//! The facts about this host that decide what a directive does here.

mod cgroup;
mod detect;
mod library;
mod links;

pub use detect::{Detected, TargetError, detect};
pub use links::links;
