//! The address of a Unix socket.

use crate::path::{PathError, escape, unescape};
use crate::pattern::PathPattern;

/// Where a Unix socket is found; see unix(7).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerAddress {
    /// A socket in the file system.
    Path(PathPattern),
    /// A name in the abstract namespace, which belongs to the network namespace.
    Abstract(Box<[u8]>),
}

impl PeerAddress {
    /// Whether every socket `other` names is one of this.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Path(a), Self::Path(b)) => a.covers(b),
            _ => self == other,
        }
    }

    /// The sockets in both.
    pub fn meet(&self, other: &Self) -> Vec<Self> {
        match (self, other) {
            (Self::Path(a), Self::Path(b)) => a.meet(b).into_iter().map(Self::Path).collect(),
            (a, b) if a == b => vec![a.clone()],
            _ => Vec::new(),
        }
    }
}

impl std::fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => path.fmt(f),
            Self::Abstract(name) => write!(f, "@{}", escape(name)),
        }
    }
}

impl std::str::FromStr for PeerAddress {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        match text.strip_prefix('@') {
            Some(name) => Ok(Self::Abstract(unescape(name)?.into())),
            None => text.parse().map(Self::Path),
        }
    }
}
