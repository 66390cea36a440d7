//! Resource limits of the calling process and its children.

use ringfence_compile::native::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::error::{SandboxError, Step};

/// Sets the limits that a plan names.
pub(crate) fn apply(limits: &Limits) -> Result<(), SandboxError> {
    for (resource, amount, name) in [
        (Resource::Core, limits.core, "RLIMIT_CORE"),
        (Resource::Memlock, limits.locked, "RLIMIT_MEMLOCK"),
        (Resource::Nofile, limits.files, "RLIMIT_NOFILE"),
        (Resource::Nproc, limits.processes, "RLIMIT_NPROC"),
        (Resource::Data, limits.data, "RLIMIT_DATA"),
    ] {
        let Some(amount) = amount else { continue };
        // A hard limit that is lower already stays: only CAP_SYS_RESOURCE raises it, and whoever lowered
        // it meant it.
        let amount = getrlimit(resource)
            .maximum
            .map_or(amount, |maximum| maximum.min(amount));
        let both = Rlimit {
            current: Some(amount),
            maximum: Some(amount),
        };
        setrlimit(resource, both).step(|| format!("set {name} to {amount}"))?;
    }
    Ok(())
}
