//! All services of a host or a directory tree, each with its score, its findings and what it could do.

mod judged;
mod release;
mod services;
mod visible;

pub use judged::{Judged, Open};
pub use release::release;
pub use services::{Service, Services, services};
pub use visible::visible;
