//! Secrets taken out of configuration files, kept for root alone, and written back where a service starts.
//!
//! What a secret is and how a template looks is decided by `ringfence_policy::secret`; here are the files.
//! Everything is written so that whoever stops in the middle leaves the configuration as it was or as it is to
//! be: first the original is kept, then the secrets, and only then the template takes its place.

mod config;
mod error;
mod extract;
mod record;
mod render;
mod restore;
mod vault;

pub use config::Config;
pub use error::SecretError;
pub use render::render;
pub use restore::Restored;
pub use vault::Vault;
