//! How to watch.

use std::time::Duration;

/// How to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Keep tracer and service on one CPU while learning. A stop then costs some 5 us instead of 50,
    /// because no other CPU has to be woken. The service sees one CPU in `sched_getaffinity(2)`, so a
    /// program that starts a thread per CPU starts one; [`Resource::TasksMax`] is then too low. The
    /// workload that a callback starts inherits it too.
    ///
    /// [`Resource::TasksMax`]: ringfence_policy::grant::Resource::TasksMax
    pub pin: bool,
    /// How often [`Event::Tick`](crate::Event::Tick) comes and peaks are sampled.
    pub tick: Duration,
    /// How long nothing must happen before [`Event::Idle`](crate::Event::Idle).
    pub quiet: Duration,
    /// Send [`Event::Seen`](crate::Event::Seen).
    pub tell_facts: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pin: true,
            tick: Duration::from_millis(50),
            quiet: Duration::from_millis(300),
            tell_facts: false,
        }
    }
}
