//! Traces in, manifests out: what a person reads at the end, for traces like those of real services.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be written is a broken test"
)]

mod laws;
mod scene;
mod services;
mod units;
