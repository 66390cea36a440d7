//! Traces in, manifests out: what a person reads at the end, for traces like those of real services.

mod laws;
mod scene;
mod services;
