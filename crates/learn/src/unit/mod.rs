//! Watches a unit while the service manager runs it.
//!
//! The service manager starts a service in its own way: with an identity, a mount view, sockets, a pid that
//! it waits for. None of that can be had by starting the command oneself, so the commands are watched where
//! they are. A [`DropIn`] puts a wrapper before each of them. The wrapper ([`join()`]) waits until the tracer has
//! found it in the unit's control group, loads the filter, and becomes the command in the same process.
//!
//! No channel leads from one to the other: the unit may have no network, no `/run` and no `/proc`. The tracer
//! finds the wrapper by its program file, and answers with a signal. When no tracer comes, the wrapper goes on
//! without one, so that a drop-in left behind by a crash delays a service and does not stop it.
//!
//! What this cannot see: commands with the prefix `+`, which run outside of the sandbox by design, are left
//! alone. A program that a set-user-ID bit would make more privileged runs without, when the unit's processes
//! lack `CAP_SYS_ADMIN` (the kernel then lets them load a filter only with `no_new_privs`); the trace says so
//! where it mattered. What another part of the unit's own sandbox refuses stays refused and, where that is done
//! by a filter such as that of `RestrictNamespaces=`, unseen: the service is learned as one that does without.
//! Under SELinux the wrapper is in the way of the domain that the service's program has.

mod cgroup;
mod dropin;
mod join;
mod place;
mod role;
mod view;
mod watch;

pub use cgroup::ControlGroup;
pub use dropin::{DROP_IN, DropIn, DropInError, Wrapper};
pub use join::{Manner, join};
pub(crate) use join::{READY, WATCHED};
pub use place::{Place, PlaceError, sweep};
pub use role::{Role, UnknownRole};
pub use view::has_own_view;
pub use watch::{UnitWatch, watch_unit};
