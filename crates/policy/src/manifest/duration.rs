//! Spans of time in whole seconds, written as a person writes them: `90s`, `5min`, `2h`, `1d`.

use std::fmt;
use std::str::FromStr;

/// A number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub u64);

/// Longest first, so that the text form picks the longest unit that divides the number. `m` is read but
/// never written: systemd.time(7) takes it for minutes, and people take it for months.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400),
    ("h", 3_600),
    ("min", 60),
    ("m", 60),
    ("s", 1),
];

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS
            .iter()
            .find(|(_, size)| self.0 > 0 && self.0.is_multiple_of(*size))
        {
            Some((unit, size)) => write!(f, "{}{unit}", self.0 / size),
            None => write!(f, "{}s", self.0),
        }
    }
}

impl FromStr for Seconds {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let at = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (digits, unit) = text.split_at(at);
        let size = match unit {
            "" => 1,
            _ => UNITS
                .iter()
                .find_map(|(name, size)| (*name == unit).then_some(*size))
                .ok_or(())?,
        };
        let number: u64 = digits.parse().map_err(|_| ())?;
        number.checked_mul(size).map(Self).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unit_that_divides_is_written() {
        for (seconds, text) in [(0, "0s"), (90, "90s"), (300, "5min"), (7200, "2h")] {
            assert_eq!(Seconds(seconds).to_string(), text);
            assert_eq!(text.parse(), Ok(Seconds(seconds)));
        }
        assert_eq!("5m".parse(), Ok(Seconds(300)));
        assert_eq!("7".parse(), Ok(Seconds(7)));
    }

    #[test]
    fn other_units_fractions_and_overflow_are_refused() {
        for text in [
            "",
            "s",
            "1.5h",
            "5 min",
            "-1s",
            "2weeks",
            "213503982334602d",
        ] {
            assert_eq!(text.parse::<Seconds>(), Err(()), "{text}");
        }
    }
}
