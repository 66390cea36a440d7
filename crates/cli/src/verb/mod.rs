//! One module for each verb: what was typed becomes what is meant, and is done.

mod apply;
mod attempt;
mod check;
mod compile;
mod confirm;
mod generate;
mod harden;
mod harden_unit;
mod join;
mod learn;
mod learn_unit;
mod policy_check;
pub mod policy_derive;
mod policy_diff;
mod policy_explain;
mod policy_fmt;
mod policy_merge;
mod prove;
mod prove_unit;
mod rollback;
mod run;
mod scan;
mod score;
pub mod secrets_extract;
mod secrets_render;
pub mod secrets_restore;
mod status;

mod dispatch;

pub use dispatch::main;
pub use run::not_started;
