//! Killing every other process of a pid namespace, which only its number 1 may do.

use std::io;

use crate::errno::unit;

/// Kills every other process of the pid namespace of which the caller is number 1.
///
/// `ESRCH` when there is none. Refused (`PermissionDenied`) to anybody else: on the host it would reach
/// everything that the caller may signal.
pub fn kill_everyone() -> io::Result<()> {
    if !rustix::process::getpid().is_init() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    // SAFETY: no memory is involved.
    let value = unsafe { libc::kill(-1, libc::SIGKILL) };
    unit(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_number_1_may_kill_everyone() {
        if rustix::process::getpid().is_init() {
            return;
        }
        let refused = kill_everyone().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
    }
}
