//! `ringfence secrets render`: a configuration with its secrets, for a service that starts.

use std::path::Path;

use ringfence_host::secret::SecretError;

use super::secrets_restore::failure;
use crate::args::Render;
use crate::error::Failure;
use crate::exit::ExitCode;

/// Fills in the template. Says nothing: what it knows is secret.
pub fn render(typed: &Render) -> Result<ExitCode, Failure> {
    let variable = |name: &'static str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| failure(&SecretError::NoDirectory(name)))
    };
    let credentials = variable("CREDENTIALS_DIRECTORY")?;
    let runtime = variable("RUNTIME_DIRECTORY")?;
    let name = typed.template.file_name().map_or(Path::new(""), Path::new);
    let destination = typed.destination.as_deref().unwrap_or(name);
    ringfence_host::secret::render(
        &typed.template,
        Path::new(&credentials),
        &runtime,
        destination,
    )
    .map_err(|error| failure(&error))?;
    Ok(ExitCode::Fine)
}
