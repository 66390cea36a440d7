//! `ringfence secrets restore`: a configuration file as it was.

use ringfence_host::secret::{SecretError, Vault};

use super::secrets_extract::absolute;
use crate::args::Restore;
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::Output;

/// Puts the file back, and says what was not thrown away.
pub fn restore(typed: &Restore, output: &Output) -> Result<ExitCode, Failure> {
    let path = absolute(&typed.file)?;
    let vault = Vault::default();
    let restored = vault
        .restore(&path, typed.lose_edits)
        .map_err(|error| failure(&error))?;
    for name in &restored.stayed {
        let file = vault.file(name);
        output.note(&format!("{} was changed since and stays", file.display()));
    }
    output.say(&format!("{} is what it was", path.display()));
    Ok(ExitCode::Fine)
}

/// The way out of what can go wrong with secrets.
pub fn failure(error: &SecretError) -> Failure {
    let (code, help) = match error {
        SecretError::Link { .. } => (
            ExitCode::Usage,
            Some("name the file itself, as realpath(1) prints it"),
        ),
        SecretError::Unfit { .. } => (ExitCode::Usage, None),
        SecretError::Template { source, .. } => {
            let failure = Failure::usage(error.to_string());
            return match source {
                ringfence_policy::secret::TemplateError::Harmful { instead, .. } => {
                    failure.help(format!("write {instead} there"))
                }
                _ => failure,
            };
        }
        SecretError::NotKept { .. } => (ExitCode::NothingMatched, None),
        SecretError::Edited { .. } => (
            ExitCode::Differs,
            Some("`--lose-edits` restores it all the same; the edits are lost"),
        ),
        SecretError::Exposed { .. } => (
            ExitCode::Cannot,
            Some("make it a directory of root's with mode 0700"),
        ),
        SecretError::NoDirectory(_) => (
            ExitCode::HostCannot,
            Some(
                "run it from `ExecStartPre=` of a unit with LoadCredential= and RuntimeDirectory=",
            ),
        ),
        SecretError::Read { source, .. } | SecretError::Write { source, .. }
            if source.kind() == std::io::ErrorKind::PermissionDenied =>
        {
            (ExitCode::HostCannot, Some("run it as root"))
        }
        _ => (ExitCode::Cannot, None),
    };
    let failure = Failure::new(code, error.to_string());
    match help {
        Some(help) => failure.help(help),
        None => failure,
    }
}
