//! The figure at the end.

use std::fmt;

/// How exposed a service is, in tenths: 0 is as good as it gets, 100 as bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Exposure(u32);

impl Exposure {
    /// `badness` of `weight`, rounded up, so that nothing bad shows as nothing.
    pub(crate) fn of(badness: u32, weight: u32) -> Self {
        Self((badness * 100).div_ceil(weight.max(1)))
    }

    /// What one row adds: `badness`, weighted, of its `range`, and of all weights, rounded up twice.
    pub(crate) fn of_row(badness: u32, range: u32, weights: u32) -> Self {
        Self((badness * 100).div_ceil(range).div_ceil(weights.max(1)))
    }

    /// The number of tenths, 0 to 100.
    pub fn tenths(self) -> u32 {
        self.0
    }

    /// The word that `systemd-analyze security` has for it.
    pub fn level(self) -> Level {
        match self.0 {
            100.. => Level::Dangerous,
            90.. => Level::Unsafe,
            75.. => Level::Exposed,
            50.. => Level::Medium,
            10.. => Level::Ok,
            1.. => Level::Safe,
            0 => Level::Perfect,
        }
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.0 / 10, self.0 % 10))
    }
}

/// A range of exposures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the word of the same name")]
pub enum Level {
    Perfect,
    Safe,
    Ok,
    Medium,
    Exposed,
    Unsafe,
    Dangerous,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Perfect => "PERFECT",
            Self::Safe => "SAFE",
            Self::Ok => "OK",
            Self::Medium => "MEDIUM",
            Self::Exposed => "EXPOSED",
            Self::Unsafe => "UNSAFE",
            Self::Dangerous => "DANGEROUS",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exposure_is_rounded_up_and_shown_with_one_decimal() {
        assert_eq!(Exposure::of(53_510, 56_160).to_string(), "9.6");
        assert_eq!(Exposure::of(10, 56_160).to_string(), "0.1");
        assert_eq!(Exposure::of(0, 56_160).to_string(), "0.0");
        assert_eq!(Exposure::of(56_160, 56_160).to_string(), "10.0");
    }

    #[test]
    fn levels_begin_where_systemd_begins_them() {
        let level = |tenths| Exposure(tenths).level().to_string();
        let words = [0, 1, 9, 10, 49, 50, 74, 75, 89, 90, 99, 100].map(level);
        assert_eq!(
            words.join(" "),
            "PERFECT SAFE SAFE OK OK MEDIUM MEDIUM EXPOSED EXPOSED UNSAFE UNSAFE DANGEROUS"
        );
    }
}
