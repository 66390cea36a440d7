//! The two things about a process's own rights that rustix has not.
//!
//! The rest is there, and acts on the calling thread as the kernel does: `rustix::thread` has
//! `set_thread_res_uid`, `set_thread_res_gid`, `set_thread_groups`, `capabilities`, `set_capabilities`,
//! `remove_capability_from_bounding_set`, `clear_ambient_capability_set`,
//! `configure_capability_in_ambient_set`, `set_capabilities_secure_bits`, `set_keep_capabilities` and
//! `set_no_new_privs`; `rustix::process` has `set_dumpable_behavior`, `set_parent_process_death_signal`
//! and `set_child_subreaper` (where any pid means on).

#![expect(unsafe_code, reason = "PR_SET_MDWE and keyctl(2) are in no safe crate")]

use std::ffi::CStr;
use std::io;
use std::ptr;

use crate::errno::unit;

const SET_MDWE: libc::c_int = 65;
const REFUSE_EXEC_GAIN: libc::c_ulong = 1;

/// Denies this process and its children memory that is, or was, writable and is executable.
///
/// For good, across exec; needs no privilege. `EINVAL` before Linux 6.3.
pub fn deny_write_execute() -> io::Result<()> {
    let zero: libc::c_ulong = 0;
    // SAFETY: no memory is involved. From here on the kernel refuses some `mmap` and `mprotect` calls,
    // which every caller of those must expect anyway.
    let value = unsafe { libc::prctl(SET_MDWE, REFUSE_EXEC_GAIN, zero, zero, zero) };
    unit(value.into())
}

const JOIN_SESSION_KEYRING: libc::c_int = 1;

/// Leaves the session's keyring for a new, empty one, or for the one of that name.
///
/// Without it, a service holds what is in the keyring of whoever started it. Needs no privilege.
/// `ENOSYS` on a kernel without keyrings; `EDQUOT` when the user has too many.
pub fn join_session_keyring(name: Option<&CStr>) -> io::Result<()> {
    let name = name.map_or(ptr::null(), CStr::as_ptr);
    // SAFETY: `name` is null or a string that outlives the call.
    let value = unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, name) };
    unit(value)
}
