//! What is known of programs and no workload of minutes shows.
//!
//! Each row is something that a program does rarely, in its usual configuration, and fails without. It is
//! granted with its reason, so that who reviews the manifest may strike it out.

use crate::grant::{Grant, Privilege};
use crate::manifest::Entry;
use crate::path::AbsPath;

/// Programs by their file name, what each needs, and why.
const KNOWN: [(&str, Privilege, &str); 1] = [(
    "postgres",
    Privilege::Jit,
    "PostgreSQL compiles queries that cost more than jit_above_cost",
)];

/// The grants that a program is known to need one day.
pub fn known(program: &AbsPath) -> Vec<Entry> {
    KNOWN
        .iter()
        .filter(|(name, ..)| program.file_name() == Some(name.as_bytes()))
        .map(|(_, privilege, why)| Entry {
            grant: Grant::Privilege(*privilege),
            why: Some((*why).to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_file_name() {
        let grants = |path: &str| known(&path.parse().unwrap()).len();
        assert_eq!(grants("/usr/lib/postgresql/15/bin/postgres"), 1);
        assert_eq!(grants("/usr/bin/postgresx"), 0);
    }
}
