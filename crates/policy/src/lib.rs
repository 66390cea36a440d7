//! The policy language of ringfence: trace, grant, manifest, lock, derive, diff and explain.
