//! `ringfence attempt`: the inside of `ringfence prove --unit`, started by the service manager.

use std::io;
use std::os::fd::AsFd as _;

use ringfence_prove::unit::obey;

use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;

/// Makes the attempts that whoever is at the other end of standard input asks for.
pub fn attempt() -> Result<ExitCode, Failure> {
    obey(io::stdin().as_fd(), io::stdout().as_fd())
        .or_usage(|| "make attempts".to_owned())
        .map(|()| ExitCode::Fine)
        .map_err(|failure| failure.help("`ringfence prove --unit` has a service manager start it"))
}
