//! Safe wrappers of the Linux system calls that ringfence needs and no crate offers.
//!
//! This is the only crate with unsafe code. What [`rustix`] offers as a safe function is not repeated:
//! callers use it from there (the new mount API, `pivot_root`, `pidfd_open`, `setns`, capability sets,
//! `set_thread_res_uid`, most of `prctl`, resource limits, descriptors sent over a socket). Each wrapper
//! makes one system call, and decides nothing: policy belongs to the callers.
//!
//! Errors are [`std::io::Error`] with the kernel's number in it, so that an `errno` can be matched and a
//! caller can add the operand.

mod errno;

pub mod alarm;
pub mod credentials;
pub mod descriptors;
pub mod forbidden;
pub mod landlock;
pub mod memory;
pub mod mount;
pub mod namespace;
pub mod process;
pub mod ptrace;
pub mod seccomp;
pub mod signal;
