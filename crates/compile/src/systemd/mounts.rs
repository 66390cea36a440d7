//! The files that a service sees: what is put over the host's tree, and in which words.
//!
//! systemd applies these directives in an order of its own, and where two of them name one path only one
//! is applied, without a word: a tmpfs is the weakest of all (namespace.c of systemd, up to 262). So no
//! path here is ever given a tmpfs and another directive both, and `/` is never given a tmpfs at all.

use std::collections::{BTreeMap, BTreeSet};

use ringfence_policy::grant::DirectoryKind;
use ringfence_policy::path::AbsPath;

use super::draft::word;

/// A piece of the host that is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each property of a mount is independent"
)]
pub(super) struct Piece {
    /// Where it lies on the host, when that is another path, as it is written in a unit.
    pub(super) source: Option<String>,
    /// It can be changed.
    pub(super) write: bool,
    /// Programs and libraries in it can run.
    pub(super) code: bool,
    /// It is there when the service starts: the service manager makes it.
    pub(super) made: bool,
    /// It stands in for a directory of everyone's, of which it shows nothing.
    pub(super) private: bool,
}

/// What lies at a path, as far as the service sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing: an empty directory is in its place.
    Hidden,
    /// The host's, to read.
    Read,
    /// The host's, to read and to run.
    Code,
    /// The host's, to change.
    Write,
}

/// The arrangement.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    /// Pieces by the path at which they are seen.
    pub(super) pieces: BTreeMap<AbsPath, Piece>,
    /// Directories that are empty, read-only.
    pub(super) hidden: BTreeSet<AbsPath>,
    /// Directories that nobody may enter: with the homes of people, by `ProtectHome=`.
    pub(super) closed: BTreeSet<AbsPath>,
    /// Directories of the service manager's making whose names hold specifiers: where they are seen and
    /// what is bound there, as it is written in a unit.
    pub(super) unnamed: Vec<(String, String)>,
}

impl Mounts {
    /// Shows a piece of the host; twice the same path is shown for both.
    pub(super) fn show(&mut self, path: AbsPath, piece: Piece) {
        let own = self.pieces.entry(path).or_default();
        own.write |= piece.write;
        own.code |= piece.code;
        own.made |= piece.made;
        own.private |= piece.private;
        own.source = own.source.take().or(piece.source);
    }

    /// What the service sees at a path by what lies above it, and by the path itself when `with` says so.
    fn nearest(&self, path: &AbsPath, with: bool) -> Seen {
        for at in path.ancestors().skip(usize::from(!with)) {
            if let Some(piece) = self.pieces.get(&at) {
                return match piece {
                    Piece { private: true, .. } if at != *path => Seen::Hidden,
                    Piece { write: true, .. } => Seen::Write,
                    Piece { code: true, .. } => Seen::Code,
                    _ => Seen::Read,
                };
            }
            if self.hidden.contains(&at) || self.closed.contains(&at) {
                return Seen::Hidden;
            }
        }
        Seen::Read
    }

    /// What the service sees at a path.
    pub(super) fn seen(&self, path: &AbsPath) -> Seen {
        self.nearest(path, true)
    }

    /// Takes out what what lies above it shows just so.
    pub(super) fn prune(&mut self) {
        let idle: Vec<_> = self
            .pieces
            .iter()
            .filter(|(path, piece)| {
                let same = match self.nearest(path, false) {
                    Seen::Hidden => false,
                    Seen::Read => !piece.write && !piece.code,
                    Seen::Code => !piece.write,
                    Seen::Write => !piece.code,
                };
                same && piece.source.is_none() && !piece.made
            })
            .map(|(path, _)| path.clone())
            .collect();
        for path in idle {
            self.pieces.remove(&path);
        }
    }

    /// Shows again, below a link that is hidden itself, what is shown below where it leads.
    pub(super) fn follow(&mut self, link: &AbsPath, leads_to: &AbsPath) {
        if self.seen(link) != Seen::Hidden {
            return;
        }
        let mut below = Vec::new();
        for (path, piece) in &self.pieces {
            if path.is_within(leads_to) && !path.is_within(link) {
                let rest = path.as_bytes().get(leads_to.as_bytes().len()..);
                let mut at = link.as_bytes().to_vec();
                at.extend_from_slice(rest.unwrap_or_default());
                let piece = Piece {
                    source: piece.source.clone().or_else(|| Some(word(path))),
                    ..piece.clone()
                };
                if let Ok(at) = AbsPath::from_bytes(&at) {
                    below.push((at, piece));
                }
            }
        }
        let seen = self.seen(leads_to);
        if seen != Seen::Hidden && !self.pieces.contains_key(leads_to) {
            let piece = Piece {
                source: Some(word(leads_to)),
                write: seen == Seen::Write,
                code: seen == Seen::Code,
                ..Piece::default()
            };
            below.push((link.clone(), piece));
        }
        for (path, piece) in below {
            self.show(path, piece);
        }
    }
}

/// The path of a directory of the service's own.
pub(super) fn own_directory(kind: DirectoryKind, name: &str) -> Option<AbsPath> {
    AbsPath::from_bytes(format!("{}/{name}", kind.parent()).as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> AbsPath {
        text.parse().unwrap()
    }

    fn var_hidden(pieces: &[(&str, bool)]) -> Mounts {
        let mut mounts = Mounts::default();
        mounts.hidden.insert(path("/var"));
        mounts.hidden.insert(path("/run"));
        for (at, write) in pieces {
            let piece = Piece {
                write: *write,
                ..Piece::default()
            };
            mounts.show(path(at), piece);
        }
        mounts
    }

    #[test]
    fn a_piece_that_its_parent_shows_is_not_written_again() {
        let mut mounts = var_hidden(&[
            ("/var/lib/x", true),
            ("/var/lib/x/y", false),
            ("/usr/share/z", false),
            ("/var/www", false),
        ]);
        mounts.prune();
        let left: Vec<_> = mounts.pieces.keys().map(ToString::to_string).collect();
        assert_eq!(left, ["/var/lib/x", "/var/www"]);
    }

    #[test]
    fn a_hidden_link_shows_what_is_shown_where_it_leads() {
        let mut mounts = var_hidden(&[("/run/x", true)]);
        mounts.follow(&path("/var/run"), &path("/run"));
        let piece = &mounts.pieces[&path("/var/run/x")];
        assert_eq!(piece.source.as_deref(), Some("/run/x"));
        assert!(piece.write);
        assert!(!mounts.pieces.contains_key(&path("/var/run")));
    }

    #[test]
    fn a_link_into_what_is_visible_anyway_is_shown_itself() {
        let mut mounts = var_hidden(&[]);
        mounts.follow(&path("/var/zone"), &path("/usr/share/zoneinfo/UTC"));
        let piece = &mounts.pieces[&path("/var/zone")];
        assert_eq!(piece.source.as_deref(), Some("/usr/share/zoneinfo/UTC"));
    }
}
