//! Users and directories that files in sysusers.d(5) and tmpfiles.d(5) ask for, made now rather than at
//! the next boot.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use super::SystemctlError;
use super::process::{self, Unfinished};

/// Makes the users of a file.
pub fn make_users(file: &Path) -> Result<(), SystemctlError> {
    let arguments = [file.as_os_str()];
    provision("systemd-sysusers", &arguments, file)
}

/// Makes the directories and files of a file.
pub fn make_files(file: &Path) -> Result<(), SystemctlError> {
    let arguments = [OsStr::new("--create"), file.as_os_str()];
    provision("systemd-tmpfiles", &arguments, file)
}

fn provision(program: &str, arguments: &[&OsStr], file: &Path) -> Result<(), SystemctlError> {
    const PATIENCE: Duration = Duration::from_mins(1);
    let action = || format!("provide what {} asks for", file.display());
    let ended = process::run(Path::new(program), arguments, PATIENCE).map_err(|why| match why {
        Unfinished::Missing => SystemctlError::NotInstalled {
            program: program.into(),
        },
        Unfinished::TimedOut => SystemctlError::TimedOut {
            action: action(),
            patience: PATIENCE,
        },
        Unfinished::Io(source) => SystemctlError::Io {
            action: action(),
            source,
        },
    })?;
    if ended.code == Some(0) {
        return Ok(());
    }
    Err(SystemctlError::from_message(action(), None, &ended.stderr))
}
