//! Secrets are found in configurations as people write them, and what is put back means what was there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod configurations;
mod round_trip;
