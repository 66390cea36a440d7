//! Generated names: `temp-1234.rdb` and `temp-77.rdb` are one pattern, `temp-*.rdb`.

use std::collections::{BTreeMap, BTreeSet};

use crate::path::AbsPath;
use crate::pattern::PathPattern;

/// The patterns under which at least two of `paths` fall, each with those paths.
///
/// Two names of one directory share a pattern when they differ only in one run of letters and digits, and
/// that run looks generated in both: digits alone, or at least six characters with a digit or with both
/// cases among them. Something of the name must remain beside it.
pub(super) fn patterns(paths: &BTreeSet<AbsPath>) -> BTreeMap<PathPattern, BTreeSet<AbsPath>> {
    let mut groups: BTreeMap<PathPattern, BTreeSet<AbsPath>> = BTreeMap::new();
    for path in paths {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            continue;
        };
        for (prefix, suffix) in templates(name) {
            groups
                .entry(PathPattern::children(&parent, prefix, suffix))
                .or_default()
                .insert(path.clone());
        }
    }
    groups.retain(|_, members| members.len() > 1);
    groups
}

/// What is left and right of each generated-looking run in `name`.
fn templates(name: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut at = 0;
    name.chunk_by(|a, b| a.is_ascii_alphanumeric() == b.is_ascii_alphanumeric())
        .map(move |run| {
            let start = at;
            at += run.len();
            (start, run)
        })
        .filter(|(_, run)| looks_generated(run))
        .filter_map(|(start, run)| {
            let (prefix, rest) = name.split_at_checked(start)?;
            let (_, suffix) = rest.split_at_checked(run.len())?;
            (!prefix.is_empty() || !suffix.is_empty()).then_some((prefix, suffix))
        })
}

fn looks_generated(run: &[u8]) -> bool {
    let any = |class: fn(&u8) -> bool| run.iter().any(class);
    let digit = any(u8::is_ascii_digit);
    let all_digits = run.iter().all(u8::is_ascii_digit);
    let mixed = any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase);
    all_digits && digit || run.len() >= 6 && (digit || mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(paths: &[&str]) -> Vec<String> {
        let paths = paths.iter().map(|path| path.parse().unwrap()).collect();
        patterns(&paths)
            .into_keys()
            .map(|p| p.to_string())
            .collect()
    }

    #[test]
    fn names_that_differ_in_a_number_are_one_pattern() {
        assert_eq!(
            found(&["/d/temp-1234.rdb", "/d/temp-77.rdb", "/d/dump.rdb"]),
            ["/d/temp-*.rdb"]
        );
    }

    #[test]
    fn random_middles_count_and_words_do_not() {
        assert_eq!(found(&["/d/x.aB3dEf", "/d/x.Zk91mm"]), ["/d/x.*"]);
        assert!(found(&["/d/access.log", "/d/error.log"]).is_empty());
        assert!(found(&["/d/12", "/d/13"]).is_empty());
        assert!(found(&["/d/a-1", "/e/a-2"]).is_empty());
    }
}
