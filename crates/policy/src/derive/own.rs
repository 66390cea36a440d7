//! The directories that a service has by its name: `/etc/NAME`, `/var/lib/NAME` and their kin.

use std::collections::{BTreeMap, BTreeSet};

use super::select::Selection;
use crate::grant::{FileAccess, Grant};
use crate::path::AbsPath;
use crate::place;

/// So many entries in the service's own directory become the directory.
const OWN_FILES: usize = 3;

/// Where services keep what they make, each below its own name; hier(7).
const STATE: [&[u8]; 3] = [b"lib", b"cache", b"spool"];

impl Selection {
    /// Several files of the service's own directory below `/etc`, `/var/lib` or `/var/cache` are the directory:
    /// what is added there later is meant for the service too.
    pub(super) fn fold_own_directories(&mut self, own_names: &BTreeSet<Vec<u8>>) {
        let read = self.paths(FileAccess::Read);
        let places: [&[&[u8]]; 3] = [&[b"etc"], &[b"var", b"lib"], &[b"var", b"cache"]];
        let own = places.iter().flat_map(|place| {
            let top = place
                .iter()
                .fold(AbsPath::root(), |top, part| top.join(part));
            own_names.iter().map(move |name| top.join(name))
        });
        for directory in own {
            if !place::is_shared(&directory) && !place::is_secret(&directory) {
                self.fold_read_to(&directory, &read, OWN_FILES);
            }
        }
        self.drop_covered();
    }

    /// A service that writes somewhere in its own directory below `/var/lib`, `/var/cache` or `/var/spool` may
    /// write anywhere in it: which of the directories there are used depends on the size of a request, and
    /// on what an administrator adds.
    pub(super) fn fold_own_state(&mut self, own_names: &BTreeSet<Vec<u8>>) {
        let mut own: BTreeMap<AbsPath, Vec<Grant>> = BTreeMap::new();
        for path in self.paths(FileAccess::Write) {
            if let Some(top) = own_state(&path, own_names) {
                let seen = Grant::file(FileAccess::Write, &path);
                own.entry(top).or_default().push(seen);
            }
        }
        for (top, seen) in own {
            let whole = Grant::file(FileAccess::Write, &top);
            if !seen.contains(&whole) {
                self.widen(whole, seen);
            }
        }
        self.drop_covered();
    }
}

/// `/var/lib/NAME` for what lies in it.
fn own_state(path: &AbsPath, own_names: &BTreeSet<Vec<u8>>) -> Option<AbsPath> {
    let mut names = path.components();
    let (var, kind, name) = (names.next()?, names.next()?, names.next()?);
    if var != b"var" || !STATE.contains(&kind) || !own_names.contains(name) {
        return None;
    }
    let top = AbsPath::root().join(var).join(kind).join(name);
    (!place::is_shared(&top) && !place::is_secret(&top)).then_some(top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_directory_of_its_own_name_is_its_own() {
        let names = BTreeSet::from([b"nginx".to_vec()]);
        let own = |text: &str| own_state(&text.parse().unwrap(), &names).map(|top| top.to_string());
        assert_eq!(
            own("/var/lib/nginx/body/1").as_deref(),
            Some("/var/lib/nginx")
        );
        assert_eq!(own("/var/cache/nginx").as_deref(), Some("/var/cache/nginx"));
        assert_eq!(own("/var/lib/redis/dump.rdb"), None);
        assert_eq!(own("/var/www/nginx/x"), None);
        assert_eq!(own("/srv/lib/nginx/x"), None);
    }
}
