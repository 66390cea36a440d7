//! Attacks a confinement from inside and reports what was reached.
//!
//! Each [`Attempt`] is code that runs in a process made for it alone and tries one thing a service should
//! not be able to do. It runs twice: bare, to know that it can succeed on this host at all, and confined.
//! Nothing that is reached is used: files are opened and closed again, calls are made with arguments that
//! the kernel refuses after it looked at the rights, and sockets get no byte. Network traffic goes to
//! listeners that this crate opened on the loopback device, and nowhere else.
//!
//! It does not build the confinement (that is `ringfence-sandbox`) and prints nothing.
//!
//! # What it cannot tell
//! * Attempts know what this table knows. A report without holes says that these were stopped, not that
//!   nothing else is open; no address beyond the loopback device is tried, so neither is a metadata service.
//! * A file counts as the host's own when its inode is. Below an overlay the numbers differ, and a file
//!   that is visible there counts as another one.
//! * A fork has a copy of this program's memory, whatever the confinement. `own-environment` therefore
//!   goes by the names that it is told, and never by values.
//! * A processor that is busy with others gives no more than a quota would; see `use-all-cpu`.

mod attempt;
mod context;
mod errno;
mod limits;
mod neighbor;
mod outcome;
mod prove;
mod report;
mod runner;
mod survey;
mod text;
pub mod unit;

pub use attempt::{Attempt, Group, attempts};
pub use context::{Context, ContextError};
pub use limits::Limits;
pub use neighbor::{Neighbor, NeighborError};
pub use outcome::{How, Outcome, Reach};
pub use prove::{Subject, prove};
pub use report::{
    Bare as BareResult, Comparison, Confined as ConfinedResult, Counts, Grouped, Question, Report,
    Row, schema,
};
pub use runner::{Bare, Confined, End, Inside, RunError, Runner, sandboxed};
pub use survey::{Candidate, Survey};
