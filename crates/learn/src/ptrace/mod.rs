//! The tracer `ptrace`: seccomp sends the calls that carry policy to the tracer, the others run untouched.
//!
//! It needs no privilege beyond that of the service, and no BPF. Tracer and tracees are pinned to one CPU,
//! which makes a stop some ten times cheaper; see [`Options::pin`]. What it cannot see, it counts: see
//! [`Loss`](ringfence_policy::trace::Loss). Known blind spots, beyond what is counted there:
//!
//! * A path is judged once per name, directory, program, identity and phase, when the call succeeds. A link
//!   that somebody outside the service turns around later is not noticed; one that the service changes is.
//! * A datagram server that never asks who sent (`recv(2)`, `read(2)`) is not seen as served.
//! * Capabilities are inferred from call, operands and result; see `capability.rs`.
//! * Calls through `io_uring` are not system calls. A service that sets one up has an incomplete trace.

mod address;
mod call;
mod capability;
mod covered;
mod entry;
mod error;
mod exec;
mod exit;
mod file;
mod filter;
mod gather;
mod image;
mod launch;
mod lifecycle;
mod open;
mod operand;
mod options;
mod own_numbers;
mod peaks;
mod permission;
mod run;
mod socket;
mod status;
mod stop;
mod table;
mod task;
mod tracer;
mod view;

pub use error::LearnError;
pub(crate) use filter::program as filter_program;
pub use filter::{DENY, RECORD};
pub use options::Options;
pub use tracer::Tracer;
