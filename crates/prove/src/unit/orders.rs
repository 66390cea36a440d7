//! What the inner side is told.

use serde::{Deserialize, Serialize};

use crate::context::Context;

/// An order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// What every attempt knows. Comes first.
    Know {
        /// All of it.
        context: Box<Context>,
        /// Whom attempts are made as; `None` for whoever was started.
        become_: Option<Identity>,
    },
    /// Make the attempt of this id.
    Attempt {
        /// Its id.
        id: String,
        /// In the started process itself, which is of no use afterwards, instead of in a fork.
        directly: bool,
    },
}

/// Whom a process runs as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
}

impl Identity {
    /// From `/proc/PID/status`, where the numbers are those of the reader's user namespace. The effective
    /// ids count: what the process may do goes by them.
    pub(super) fn of_status(text: &str) -> Option<Self> {
        let numbers = |key: &str| -> Option<Vec<u32>> {
            let line = text.lines().find_map(|line| line.strip_prefix(key))?;
            line.split_whitespace()
                .map(|word| word.parse().ok())
                .collect()
        };
        Some(Self {
            uid: *numbers("Uid:")?.get(1)?,
            gid: *numbers("Gid:")?.get(1)?,
            groups: numbers("Groups:")?,
        })
    }
}

#[cfg(test)]
impl PartialEq for Order {
    fn eq(&self, other: &Self) -> bool {
        let text = |order: &Self| serde_json::to_string(order).unwrap();
        text(self) == text(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_who_its_effective_ids_say() {
        let text = "Name:\tx\nUid:\t0\t103\t0\t0\nGid:\t0\t107\t0\t0\nGroups:\t107 4 \n";
        let expected = Identity {
            uid: 103,
            gid: 107,
            groups: vec![107, 4],
        };
        assert_eq!(Identity::of_status(text), Some(expected));
        let none = "Uid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nGroups:\t \n";
        assert_eq!(Identity::of_status(none).map(|i| i.groups), Some(vec![]));
        assert_eq!(Identity::of_status("Uid:\t1\n"), None);
    }
}
