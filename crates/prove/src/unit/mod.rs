//! Attempts inside a service unit, made by the service manager that runs it.
//!
//! A second unit is written with the settings of the first that make its sandbox, its user and its limits.
//! In place of the service's program stands this program, bound over it, so that nothing has to be opened
//! for the attempts to run: no path more is visible or executable, and a profile that goes by the path
//! of the program applies. It is given its orders, and answers, through a socket that the manager connects
//! before it builds the sandbox. The service itself is neither stopped nor restarted.
//!
//! *Bare* is a third unit, with nothing but the service's environment, in which the attempts become the
//! service's user. So the two differ by the sandbox alone, and not by what a shell has and a service has not:
//! a terminal, other limits, other groups.
//!
//! # What it cannot tell
//! * The copy has a mount namespace in any case, and the sockets, files and bus names that the service is
//!   handed by the manager are not its own. What a PAM session adds (`PAMName=`) is not there either.
//! * `ExecStart=` with several commands is proven for the first one.
//! * A credential that is read from a socket is asked for under the copy's name.
//! * Settings of drop-ins for every service (`service.d`) count twice, which changes no list of paths,
//!   calls or capabilities.

mod channel;
mod directories;
mod error;
mod interrupt;
mod orders;
mod packaged;
mod place;
mod probe;
mod program;
mod prove;
mod runner;
mod specifier;
mod stand_in;

pub use error::UnitError;
pub(crate) use orders::Identity;
pub use packaged::AsPackaged;
pub use probe::{NoOrders, obey};
pub use prove::prove_unit;
pub use stand_in::{Probe, VERB};
