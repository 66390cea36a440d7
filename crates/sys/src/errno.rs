//! Turns the result of a raw system call into a `Result`.
//!
//! It does not retry: `EINTR` is the caller's business, because a supervisor wants to hear of it.

use std::io;

use libc::c_long;

/// The value of a call that reports failure with -1 and `errno`.
pub(crate) fn checked(value: c_long) -> io::Result<c_long> {
    if value == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(value)
    }
}

/// As [`checked`], for a call whose value says nothing more.
pub(crate) fn unit(value: c_long) -> io::Result<()> {
    checked(value).map(drop)
}

/// The error for one `errno` that the kernel did not itself return here.
pub(crate) fn error(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}
