//! Signals that ask to end, held back until what was set up is taken down.

use std::io;
use std::time::Duration;

use ringfence_sys::signal::{self, Signal, SignalSet};

/// Holds them back for as long as it lives.
#[derive(Debug)]
pub(super) struct Interrupts {
    set: SignalSet,
    before: SignalSet,
    seen: bool,
}

impl Interrupts {
    pub(super) fn hold() -> io::Result<Self> {
        let set = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT]
            .into_iter()
            .fold(SignalSet::empty(), SignalSet::with);
        let before = signal::block(set)?;
        Ok(Self {
            set,
            before,
            seen: false,
        })
    }

    /// Whether one has come.
    pub(super) fn seen(&mut self) -> bool {
        while let Ok(Some(_)) = signal::wait(self.set, Some(Duration::ZERO)) {
            self.seen = true;
        }
        self.seen
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        // Those that came are known to whoever asked `seen`, which is done last.
        self.seen();
        let _ = signal::set_mask(self.before);
    }
}
