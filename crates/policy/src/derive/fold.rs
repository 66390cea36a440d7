//! Folding: fewer, wider file grants in place of many narrow ones, in the cheapest place first.
//!
//! Folding loses precision, so it never reaches a directory that the service shares with others or that
//! holds a known secret, and everything it widens is told.

use std::collections::{BTreeMap, BTreeSet};

use crate::path::AbsPath;
use crate::place;

/// How far to fold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// More names than this directly in one directory become the directory.
    pub siblings: usize,
    /// No more entries than this, as long as folding can help.
    pub entries: usize,
}

/// Whether files in `directory` may be granted as the directory.
fn may_fold_to(directory: &AbsPath) -> bool {
    !place::is_shared(directory)
        && !place::is_secret(directory)
        && !is_hidden_at_home(directory)
        && !place::holds_sensitive(directory)
        && place::in_proc(directory).is_none()
}

/// Whether `directory` lies in a hidden part of somebody's home, where programs keep what they are trusted
/// with.
fn is_hidden_at_home(directory: &AbsPath) -> bool {
    place::is_at_home(directory) && directory.components().any(|name| name.starts_with(b"."))
}

/// Folds paths until both limits hold or nothing more may be folded.
pub(super) fn fold(
    paths: &BTreeSet<AbsPath>,
    limits: Limits,
) -> BTreeMap<AbsPath, BTreeSet<AbsPath>> {
    let mut folded: BTreeMap<AbsPath, BTreeSet<AbsPath>> = paths
        .iter()
        .map(|path| (path.clone(), BTreeSet::from([path.clone()])))
        .collect();
    absorb(&mut folded);
    loop {
        let crowded = crowded(&folded, limits.siblings);
        if crowded.is_empty() {
            break;
        }
        fold_to(&mut folded, crowded);
    }
    while folded.len() > limits.entries {
        let Some(directory) = cheapest(&folded) else {
            break;
        };
        fold_to(&mut folded, [directory]);
    }
    folded
}

/// Drops entries that lie beneath another.
fn absorb(folded: &mut BTreeMap<AbsPath, BTreeSet<AbsPath>>) {
    let tops: Vec<_> = folded
        .keys()
        .filter(|path| {
            !path
                .ancestors()
                .skip(1)
                .any(|above| folded.contains_key(&above))
        })
        .cloned()
        .collect();
    let mut kept: BTreeMap<AbsPath, BTreeSet<AbsPath>> =
        tops.into_iter().map(|top| (top, BTreeSet::new())).collect();
    for (path, from) in std::mem::take(folded) {
        let top = path.ancestors().find(|above| kept.contains_key(above));
        if let Some(own) = top.and_then(|top| kept.get_mut(&top)) {
            own.extend(from);
        }
    }
    *folded = kept;
}

fn fold_to(
    folded: &mut BTreeMap<AbsPath, BTreeSet<AbsPath>>,
    directories: impl IntoIterator<Item = AbsPath>,
) {
    for directory in directories {
        folded.entry(directory).or_default();
    }
    absorb(folded);
}

/// Counts the entries directly and anywhere beneath each directory that may be folded to.
fn populations(folded: &BTreeMap<AbsPath, BTreeSet<AbsPath>>) -> BTreeMap<AbsPath, (usize, usize)> {
    let mut counts: BTreeMap<AbsPath, (usize, usize)> = BTreeMap::new();
    for path in folded.keys() {
        for (distance, above) in path.ancestors().enumerate().skip(1) {
            let (direct, all) = counts.entry(above).or_default();
            *direct += usize::from(distance == 1);
            *all += 1;
        }
    }
    counts.retain(|directory, _| may_fold_to(directory));
    counts
}

/// The directories with more names directly in them than allowed, the deepest alone: folding them may
/// change what is crowded above, but not each other.
fn crowded(folded: &BTreeMap<AbsPath, BTreeSet<AbsPath>>, siblings: usize) -> Vec<AbsPath> {
    let mut crowded: Vec<_> = populations(folded)
        .into_iter()
        .filter(|(_, (direct, _))| *direct > siblings)
        .map(|(directory, _)| directory)
        .collect();
    let deepest = crowded.iter().map(depth).max();
    crowded.retain(|directory| Some(depth(directory)) == deepest);
    crowded
}

/// The deepest directory that saves an entry; among equals the one that saves most, then by name.
fn cheapest(folded: &BTreeMap<AbsPath, BTreeSet<AbsPath>>) -> Option<AbsPath> {
    populations(folded)
        .into_iter()
        .filter(|(_, (_, all))| *all > 1)
        .min_by_key(|(directory, (_, all))| {
            (
                std::cmp::Reverse(depth(directory)),
                std::cmp::Reverse(*all),
                directory.clone(),
            )
        })
        .map(|(directory, _)| directory)
}

fn depth(path: &AbsPath) -> usize {
    path.components().count()
}

/// The directories below the installation prefix of `program` that hold its own files, when it is not
/// installed by the package manager: `PREFIX/lib` of `PREFIX/bin/python3.11`.
pub(super) fn own_installation(program: &AbsPath) -> Vec<AbsPath> {
    let Some(bin) = program.parent() else {
        return Vec::new();
    };
    let is_bin = matches!(bin.file_name(), Some(b"bin" | b"sbin" | b"libexec"));
    match bin.parent() {
        Some(prefix) if is_bin && !place::is_shared(&prefix) => [
            &b"include"[..],
            b"lib",
            b"lib32",
            b"lib64",
            b"libexec",
            b"share",
        ]
        .iter()
        .map(|name| prefix.join(name))
        .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(paths: &[&str]) -> BTreeSet<AbsPath> {
        paths.iter().map(|path| path.parse().unwrap()).collect()
    }

    fn folded(paths: &[&str], limits: Limits) -> Vec<String> {
        fold(&set(paths), limits)
            .into_keys()
            .map(|path| path.to_string())
            .collect()
    }

    const LIMITS: Limits = Limits {
        siblings: 8,
        entries: 3,
    };

    #[test]
    fn a_crowded_directory_is_granted_whole() {
        let names: Vec<_> = (0..9).map(|n| format!("/srv/www/{n}.html")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert_eq!(folded(&names, LIMITS), ["/srv/www"]);
        let limits = Limits {
            entries: 20,
            ..LIMITS
        };
        assert_eq!(folded(&names[..8], limits).len(), 8);
    }

    #[test]
    fn the_deepest_directory_folds_first() {
        let paths = ["/srv/a/b/c/1", "/srv/a/b/c/2", "/srv/a/3", "/srv/a/4"];
        assert_eq!(
            folded(&paths, LIMITS),
            ["/srv/a/3", "/srv/a/4", "/srv/a/b/c"]
        );
    }

    #[test]
    fn shared_and_sensitive_directories_are_never_folded_to() {
        let names: Vec<_> = (0..20).map(|n| format!("/etc/{n}.conf")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert_eq!(folded(&names, LIMITS).len(), 20);
        let keys: Vec<_> = (0..20)
            .map(|n| format!("/etc/ssl/private/{n}.pem"))
            .collect();
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        assert_eq!(folded(&keys, LIMITS).len(), 20);
    }

    #[test]
    fn a_program_of_its_own_prefix_knows_its_libraries() {
        let own = own_installation(
            &"/root/.pyenv/versions/3.11.7/bin/python3.11"
                .parse()
                .unwrap(),
        );
        assert!(own.contains(&"/root/.pyenv/versions/3.11.7/lib".parse().unwrap()));
        assert!(own_installation(&"/usr/bin/python3.11".parse().unwrap()).is_empty());
        assert!(own_installation(&"/bin/sh".parse().unwrap()).is_empty());
    }

    proptest! {
        #[test]
        fn folding_only_widens_and_names_every_cause(
            paths in proptest::collection::btree_set("/(srv|etc|opt|var/lib|home)(/[ab]{1,2}){1,4}", 0..40)
        ) {
            let paths: BTreeSet<AbsPath> = paths.iter().map(|p| p.parse().unwrap()).collect();
            let folded = fold(&paths, LIMITS);
            for path in &paths {
                let cover = folded.iter().find(|(top, _)| path.is_within(top));
                prop_assert!(cover.is_some_and(|(_, from)| from.contains(path)));
            }
            for top in folded.keys().filter(|top| !paths.contains(top)) {
                prop_assert!(may_fold_to(top), "{}", top);
            }
        }
    }
}
