//! A request to stop, kept until there is a good moment for it.

use std::cell::Cell;
use std::time::Duration;

use ringfence_sys::signal::{self, Signal, SignalSet};

use crate::error::{Failure, OrFail};

/// Holds back the signals by which people and sessions end a program. For the rest of the process: what is
/// half done when it is asked to stop has to be undone first, and then the process ends by itself.
#[derive(Debug)]
pub struct Interruption {
    asked: Cell<bool>,
}

impl Interruption {
    const SIGNALS: SignalSet = SignalSet::empty()
        .with(Signal::INT)
        .with(Signal::TERM)
        .with(Signal::HUP)
        .with(Signal::QUIT);

    /// From here on.
    pub fn hold() -> Result<Self, Failure> {
        signal::block(Self::SIGNALS).or_cannot(|| "hold back signals".to_owned())?;
        Ok(Self {
            asked: Cell::new(false),
        })
    }

    /// Lets the signals do what they usually do meanwhile: while nothing is half done, and a person may
    /// rather leave than answer.
    #[expect(
        clippy::unused_self,
        reason = "only who holds the signals may let them go"
    )]
    pub fn released<T>(&self, call: impl FnOnce() -> T) -> Result<T, Failure> {
        let what = || "hold back signals".to_owned();
        signal::unblock(Self::SIGNALS).or_cannot(what)?;
        let result = call();
        signal::block(Self::SIGNALS).or_cannot(what)?;
        Ok(result)
    }

    /// Whether anyone has asked to stop by now.
    pub fn is_asked(&self) -> bool {
        // Only a signal set that is wrong makes this fail, and it is ours.
        let pending = signal::wait(Self::SIGNALS, Some(Duration::ZERO));
        if matches!(pending, Ok(Some(_))) {
            self.asked.set(true);
        }
        self.asked.get()
    }
}
