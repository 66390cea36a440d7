//! Compiles a policy for a target into what a back end enforces, and says how exactly.
