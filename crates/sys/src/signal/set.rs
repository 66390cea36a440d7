//! A set of signals in the kernel's form: bit n - 1 stands for signal n.

use std::fmt;

use super::Signal;

/// Signals 32 and 33 belong to the C library: it cancels threads with one, and makes every thread change
/// its uid with the other. Blocking them would hang that. musl keeps 34 as well.
const KEPT_BY_LIBC: u64 = if cfg!(target_env = "musl") {
    0b111 << 31
} else {
    0b11 << 31
};

/// A set of signals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SignalSet(u64);

impl SignalSet {
    /// No signal.
    pub const fn empty() -> Self {
        Self(0)
    }

    /// Every signal but the two or three that the C library keeps for itself.
    pub const fn all() -> Self {
        Self(!KEPT_BY_LIBC)
    }

    /// The set in the kernel's form, as in the `SigBlk` line of `/proc/PID/status`.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The kernel's form.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// This set and one more.
    #[must_use]
    pub const fn with(self, signal: Signal) -> Self {
        Self(self.0 | Self::bit(signal))
    }

    /// This set without one.
    #[must_use]
    pub const fn without(self, signal: Signal) -> Self {
        Self(self.0 & !Self::bit(signal))
    }

    /// Whether the signal is in the set.
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & Self::bit(signal) != 0
    }

    /// The signals, smallest number first.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        (1..=64)
            .filter_map(Signal::from_raw)
            .filter(move |signal| self.contains(*signal))
    }

    const fn bit(signal: Signal) -> u64 {
        1 << (signal.raw() - 1)
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        signals.into_iter().fold(Self::empty(), Self::with)
    }
}

impl fmt::Debug for SignalSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Signal, SignalSet};

    #[test]
    fn a_set_gives_back_the_signals_it_was_made_of() {
        let signals = [Signal::HUP, Signal::TERM, Signal::CHLD];
        let set: SignalSet = signals.into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), signals);
        assert!(!set.without(Signal::TERM).contains(Signal::TERM));
    }

    #[test]
    fn all_leaves_out_the_signals_of_the_c_library() {
        let kept = if cfg!(target_env = "musl") { 3 } else { 2 };
        assert_eq!(SignalSet::all().iter().count(), 64 - kept);
        assert!(SignalSet::all().contains(Signal::SYS));
    }
}
