//! Calls that a confined service must not be able to make, in a form that does no harm where it can.
//!
//! Each wrapper passes fixed arguments that the kernel looks at *after* the caller's rights: a null
//! pointer, an empty path, a number that means nothing. So the errno tells whether the caller was let in:
//! `EPERM` (or whatever a filter says) when not, and the complaint about the argument when it was. The
//! documentation of each names that complaint as "let in"; where a call can be made without consequence
//! it is made, and success means let in. Nothing here judges; that is the caller's business.
//!
//! What rustix has as a safe function with harmless arguments is not repeated: `sethostname` with a name
//! that is too long, `chroot` to `/`, `fsopen`, `pivot_root` of empty paths, `delete_module` of a module
//! that does not exist.

#![expect(unsafe_code, reason = "these calls are in no crate as safe functions")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use libc::c_long;

use crate::errno::checked;

mod kernel;
mod memory;
mod mount;
mod own;

pub use kernel::{
    add_key, adjust_nothing_in_the_clock, create_bpf_map, fanotify, io_uring, kernel_log,
    load_bpf_program, load_module, load_module_file, modify_ldt, open_by_handle, perf_event,
    process_accounting, reboot_with_bad_magic, replace_kernel, request_key, set_no_time, swap_off,
    swap_on, userfaultfd,
};
pub use memory::{lock, shared_segment, writable_and_executable};
pub use mount::{mount_without_type, unmount_with_bad_flags};
pub use own::{
    all_io_ports, enter_keyboard_input, io_port, io_real_time_class, personality,
    real_time_scheduling,
};

/// Makes a raw call.
///
/// # Safety
/// The arguments must be what the call takes: numbers, or memory of the size and kind it names.
unsafe fn call(number: c_long, arguments: [usize; 6]) -> io::Result<c_long> {
    let [one, two, three, four, five, six] = arguments;
    // SAFETY: passed on to the caller; a call that takes fewer arguments ignores the rest.
    checked(unsafe { libc::syscall(number, one, two, three, four, five, six) })
}

/// The new descriptor that a call returned.
///
/// # Safety
/// `value` must be a descriptor that the kernel just opened and nothing else owns.
unsafe fn owned(value: c_long) -> io::Result<OwnedFd> {
    let number = RawFd::try_from(value).map_err(|_| io::ErrorKind::InvalidData)?;
    // SAFETY: passed on to the caller.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn errno<T>(result: io::Result<T>) -> i32 {
        result.map_or_else(|error| error.raw_os_error().unwrap_or(-1), |_| 0)
    }

    /// Each answer is one of those that the documentation names, whoever runs the tests.
    #[test]
    fn every_call_answers_and_does_nothing() {
        let denied = [libc::EPERM, libc::EACCES, libc::ENOSYS];
        let answers = [
            ("load_module", errno(load_module()), libc::ENOEXEC),
            ("load_module_file", errno(load_module_file()), libc::EBADF),
            ("replace_kernel", errno(replace_kernel()), libc::EINVAL),
            ("reboot", errno(reboot_with_bad_magic()), libc::EINVAL),
            (
                "process_accounting",
                errno(process_accounting()),
                libc::ENOENT,
            ),
            ("swap_on", errno(swap_on()), libc::ENOENT),
            ("swap_off", errno(swap_off()), libc::ENOENT),
            ("add_key", errno(add_key()), libc::EFAULT),
            ("request_key", errno(request_key()), libc::EFAULT),
            ("io_uring", errno(io_uring()), libc::EFAULT),
            ("kernel_log", errno(kernel_log()), libc::EINVAL),
            ("open_by_handle", errno(open_by_handle()), libc::ESTALE),
            ("mount", errno(mount_without_type()), libc::EINVAL),
            ("unmount", errno(unmount_with_bad_flags()), libc::EINVAL),
            ("set_no_time", errno(set_no_time()), 0),
            ("clock", errno(adjust_nothing_in_the_clock()), libc::EINVAL),
        ];
        for (name, answer, let_in) in answers {
            assert!(
                answer == let_in || denied.contains(&answer),
                "{name}: {answer}"
            );
        }
    }

    #[test]
    fn calls_that_open_something_close_it_again() {
        let count = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        let before = count();
        for opened in [
            create_bpf_map(),
            load_bpf_program(),
            perf_event(),
            userfaultfd(),
            fanotify(),
        ] {
            drop(opened);
        }
        // Other tests open descriptors meanwhile, but none opens five.
        assert!(count() < before + 5);
    }

    #[test]
    fn memory_attempts_give_back_what_they_took() {
        assert_eq!(errno(writable_and_executable(4096)), 0);
        assert_eq!(errno(lock(4096)), 0);
        assert_eq!(errno(shared_segment(4096)), 0);
        let segments = std::fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
        let own = std::process::id().to_string();
        assert!(!segments.split_whitespace().any(|word| word == own));
    }

    #[test]
    fn personality_can_be_asked_for_without_a_change() {
        // Everything set is left as it is; the call itself is what a filter denies.
        assert!(personality(0xffff_ffff).is_ok());
    }

    #[test]
    fn only_a_terminal_takes_keyboard_input() {
        let null = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(
            errno(enter_keyboard_input(std::os::fd::AsFd::as_fd(&null), b'x')),
            libc::ENOTTY
        );
    }
}
