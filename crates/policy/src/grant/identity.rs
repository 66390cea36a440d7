//! The user a service starts as.

/// The identity a service starts with, from the narrowest to the widest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum User {
    /// A user id that no file and no other process has.
    Dynamic,
    /// A named user of the host, or a number.
    Named(String),
    /// The superuser. A manifest that says so must say why.
    Root,
}

impl User {
    /// Root can become anyone, and anyone can do what a user who owns nothing can.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Root, _) | (_, Self::Dynamic) => true,
            _ => self == other,
        }
    }

    /// The widest identity that both cover.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        match (self, other) {
            (a, b) if a.covers(b) => b.clone(),
            (a, b) if b.covers(a) => a.clone(),
            _ => Self::Dynamic,
        }
    }
}
