//! Watches a service and writes down what it does.
//!
//! A tracer turns a running service into a [`Trace`](ringfence_policy::trace::Trace): facts, peaks and an
//! honest count of what was missed. Nothing here decides what should be allowed, and nothing is printed.
//! There is one tracer, [`ptrace`]; [`watch()`] starts a command under it, [`mod@unit`] watches what the service manager
//! starts.

mod accounts;
mod ledger;
pub mod ptrace;
mod store;
pub mod unit;
mod watch;

pub use ptrace::LearnError;
pub use store::{StoreError, load, save};
pub use watch::{Control, Ended, Ending, Event, Watch, watch};
