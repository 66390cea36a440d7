//! What to watch of a unit, and the watch itself.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ringfence_policy::trace::{Exercise, Trace};

use super::cgroup::ControlGroup;
use crate::ptrace::{LearnError, Options, Tracer};
use crate::watch::{Control, Event};

/// A unit whose commands are to be watched when the service manager starts them.
///
/// Each of them must have the wrapper before it; see [`DropIn`](super::DropIn).
#[derive(Debug)]
pub struct UnitWatch {
    /// The unit's name, for the trace.
    pub name: String,
    /// Where its processes are.
    pub group: ControlGroup,
    /// The program that stands before its commands, as a file that can be looked at from here.
    pub wrapper: PathBuf,
    /// What cannot be exercised, because the unit has no such thing.
    pub inapplicable: BTreeSet<Exercise>,
    /// How to watch.
    pub options: Options,
}

/// Takes on every process of a unit that comes in through the wrapper, and returns what was seen of them.
///
/// Nothing is started here: the caller asks the service manager to, and says with [`Control::Serving`] when the
/// unit is active. Watching goes on over any number of starts. After [`Control::Leaving`] it ends with the last
/// process; [`Control::Finish`] kills what is left, for nothing runs on without its tracer.
///
/// The callback runs between events, on the calling thread, and may start and wait for processes of its own,
/// such as systemctl(1). The calling process must have one thread. A signal that would end it is told as
/// [`Event::Interrupted`], and nothing else is done about it. If the caller dies, the service's processes
/// are killed.
pub fn watch_unit(
    watch: UnitWatch,
    callback: &mut dyn FnMut(Event) -> Control,
) -> Result<Trace, LearnError> {
    Tracer::await_unit(watch)?.run(callback)
}
