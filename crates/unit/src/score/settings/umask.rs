//! UMask=.

use super::number::unsigned;

/// Reads a mask: octal digits and nothing else.
pub(crate) fn read(value: &str) -> Option<u32> {
    let mask = unsigned(value, 8).and_then(|mask| u32::try_from(mask).ok());
    mask.filter(|mask| *mask <= 0o7777)
}

/// How bad the score takes it to be, of 10: whether others may write, others may read, the group may write,
/// the group may read what the service makes.
pub(crate) fn badness(mask: u32) -> u32 {
    let rules = [(0o002, 10), (0o004, 5), (0o020, 2), (0o040, 1)];
    let first = rules.iter().find(|(bit, _)| mask & bit == 0);
    first.map_or(0, |(_, badness)| *badness)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_counts_by_the_widest_access_that_it_leaves() {
        assert_eq!(
            [0, 0o022, 0o007, 0o037, 0o077].map(badness),
            [10, 5, 2, 1, 0]
        );
    }

    #[test]
    fn a_mask_is_octal() {
        assert_eq!(read("0077"), Some(0o77));
        for none in ["8", "-1", "10000", "", "0x7"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
