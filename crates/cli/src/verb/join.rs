//! `ringfence join`: the wrapper before the commands of a watched unit.

use ringfence_learn::unit::{self, Manner};

use crate::args::Join;
use crate::error::Failure;

/// What the service manager itself says when it cannot execute a command; see systemd.exec(5).
const EXIT_EXEC: u8 = 203;

/// Becomes the command. Returns only when it cannot.
pub fn join(typed: Join) -> Failure {
    let manner = Manner {
        name: typed.argv0,
        search: typed.search,
        sigpipe: typed.sigpipe,
    };
    let error = unit::join(&typed.command, &manner);
    Failure::with_number(
        EXIT_EXEC,
        format!("execute {}", super::learn::shown(&typed.command)),
    )
    .because(error)
}
