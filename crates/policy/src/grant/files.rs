//! What may be done with a file, and the directories a service owns.

/// What may be done with a path and everything beneath it.
///
/// Writing and executing both include reading: no back end can grant a write that keeps the content secret
/// from a process that could have written it, and a program that runs can be read by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileAccess {
    /// Open for reading, list.
    Read,
    /// Open for appending only. Does not include reading.
    Append,
    /// Read, write, create, rename, remove.
    Write,
    /// Execute as a program, and read.
    Exec,
}

impl FileAccess {
    /// Every access, narrowest first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Append, Self::Write, Self::Exec];

    /// Whether allowing this allows `other`.
    pub fn covers(self, other: Self) -> bool {
        use FileAccess::{Append, Exec, Read, Write};
        self == other || matches!((self, other), (Write, Read | Append) | (Exec, Read))
    }

    /// The access that both allow, if any.
    pub fn meet(self, other: Self) -> Option<Self> {
        // Every pair has at most one greatest common access, so the first in widest-first order is it.
        Self::ALL
            .into_iter()
            .rev()
            .find(|low| self.covers(*low) && other.covers(*low))
    }

    /// The word in the manifest's `[files]` table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Append => "append",
            Self::Write => "write",
            Self::Exec => "exec",
        }
    }
}

/// What may be done with a device node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceAccess {
    /// Open for reading.
    Read,
    /// Open for writing.
    Write,
    /// Both.
    ReadWrite,
}

impl DeviceAccess {
    /// Whether allowing this allows `other`.
    pub fn covers(self, other: Self) -> bool {
        self == other || self == Self::ReadWrite
    }

    /// The access that both allow, if any.
    pub fn meet(self, other: Self) -> Option<Self> {
        match (self, other) {
            (a, b) if a.covers(b) => Some(b),
            (a, b) if b.covers(a) => Some(a),
            _ => None,
        }
    }

    /// `r`, `w` or `rw`, as in `DeviceAllow=` of systemd.resource-control(5).
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Write => "w",
            Self::ReadWrite => "rw",
        }
    }
}

/// Which of the usual places a directory of the service's own lies in; see systemd.exec(5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DirectoryKind {
    /// Below `/var/lib`.
    State,
    /// Below `/var/cache`.
    Cache,
    /// Below `/var/log`.
    Logs,
    /// Below `/run`; gone when the service stops.
    Runtime,
}

impl DirectoryKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::State, Self::Cache, Self::Logs, Self::Runtime];

    /// The word in the manifest's `[dirs]` table.
    pub fn word(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Cache => "cache",
            Self::Logs => "logs",
            Self::Runtime => "runtime",
        }
    }

    /// The directory that holds it, for a system service.
    pub fn parent(self) -> &'static str {
        match self {
            Self::State => "/var/lib",
            Self::Cache => "/var/cache",
            Self::Logs => "/var/log",
            Self::Runtime => "/run",
        }
    }
}
