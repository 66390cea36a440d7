//! Safe wrappers of the Linux system calls that ringfence needs and no crate offers.
