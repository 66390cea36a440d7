//! Runs a command under the native back end's plan.
