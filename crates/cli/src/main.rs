//! Watches a service, writes its least-privilege policy, enforces it and attacks the result.
fn main() {}
