//! Restrictions on the arguments of system calls that a service may make, one file per control.
//!
//! Each function gives [`Restriction`]s for [`Filter::restrict`], in terms of what is refused and with
//! which [`Action`]: an errno to enforce, a trace message to watch. They never permit a call.
//!
//! All of them share the limit of seccomp: work submitted through an `io_uring` ring does not pass the
//! filter, so none of them means anything to a service that may call `io_uring_setup`.
//!
//! [`Filter::restrict`]: super::seccomp::Filter::restrict

mod memory;
mod namespace;
mod operation;
mod scheduler;
mod set_id;
mod socket;

pub use memory::{executable_memory_file, write_and_execute};
pub use namespace::{Namespaces, namespaces};
pub use operation::{keyctl, other_process_limits, personality, prctl, terminal_injection};
pub use scheduler::realtime;
pub use set_id::set_id_bits;
pub use socket::{SocketKind, socket_pairs, sockets};

use super::seccomp::{Action, Clause, Restriction, Rule};

/// Refuses `call` where a clause holds.
fn refuse(call: &'static str, any: Vec<Clause>, denied: Action) -> Restriction {
    Restriction {
        call,
        rule: Rule::deny_only(any, denied),
    }
}

/// Refuses `call` where no clause holds.
fn permit_only(call: &'static str, any: Vec<Clause>, denied: Action) -> Restriction {
    Restriction {
        call,
        rule: Rule::allow_only(any, denied),
    }
}

#[cfg(test)]
mod testing;
