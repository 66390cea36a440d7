//! Calls that change the running kernel or open a door into it.

#![expect(unsafe_code, reason = "these calls are in no crate as safe functions")]

use std::io;
use std::os::fd::OwnedFd;

use super::{call, owned};

/// `init_module(2)` of nothing. Let in: `ENOEXEC`, because an empty image is no ELF file; the right and
/// `modules_disabled` are looked at first.
pub fn load_module() -> io::Result<()> {
    let parameters = c"".as_ptr().expose_provenance();
    // SAFETY: no byte of the null image is read, its length being zero; the string is static.
    unsafe { call(libc::SYS_init_module, [0, 0, parameters, 0, 0, 0]) }.map(drop)
}

/// `finit_module(2)` of no descriptor. Let in: `EBADF`.
pub fn load_module_file() -> io::Result<()> {
    let parameters = c"".as_ptr().expose_provenance();
    // SAFETY: no descriptor has the number -1; the string is static.
    unsafe { call(libc::SYS_finit_module, [usize::MAX, parameters, 0, 0, 0, 0]) }.map(drop)
}

/// `kexec_load(2)` with flags that mean nothing and more segments than there can be. Let in: `EINVAL`.
///
/// Never with zero segments and good flags: that removes a kernel that someone has loaded.
pub fn replace_kernel() -> io::Result<()> {
    const NO_FLAGS: usize = 0xfff0;
    // SAFETY: the segments are not read: the flags are refused before, and the count, too.
    unsafe { call(libc::SYS_kexec_load, [0, 1 << 30, 0, NO_FLAGS, 0, 0]) }.map(drop)
}

/// `reboot(2)` without the magic numbers. Let in: `EINVAL`; the right is looked at before the numbers.
pub fn reboot_with_bad_magic() -> io::Result<()> {
    // SAFETY: no memory is involved: without the magic numbers the argument is not read.
    unsafe { call(libc::SYS_reboot, [0; 6]) }.map(drop)
}

/// `acct(2)` on an empty path. Let in: `ENOENT`.
///
/// Never with null, which switches accounting off.
pub fn process_accounting() -> io::Result<()> {
    let path = c"".as_ptr().expose_provenance();
    // SAFETY: the path is a static string.
    unsafe { call(libc::SYS_acct, [path, 0, 0, 0, 0, 0]) }.map(drop)
}

/// `swapon(2)` of an empty path. Let in: `ENOENT`.
pub fn swap_on() -> io::Result<()> {
    let path = c"".as_ptr().expose_provenance();
    // SAFETY: the path is a static string.
    unsafe { call(libc::SYS_swapon, [path, 0, 0, 0, 0, 0]) }.map(drop)
}

/// `swapoff(2)` of an empty path. Let in: `ENOENT`.
pub fn swap_off() -> io::Result<()> {
    let path = c"".as_ptr().expose_provenance();
    // SAFETY: the path is a static string.
    unsafe { call(libc::SYS_swapoff, [path, 0, 0, 0, 0, 0]) }.map(drop)
}

/// `settimeofday(2)` with neither a time nor a zone. Let in: success, which changes nothing.
pub fn set_no_time() -> io::Result<()> {
    // SAFETY: both arguments may be null.
    unsafe { call(libc::SYS_settimeofday, [0; 6]) }.map(drop)
}

/// `clock_adjtime(2)` of the wall clock with a tick length that no kernel takes. Let in: `EINVAL`.
///
/// Reading the clock's state needs no right, so the request has to ask for a change; the right is looked
/// at before the tick's range (`timekeeping_validate_timex`, since Linux 4.10).
pub fn adjust_nothing_in_the_clock() -> io::Result<()> {
    let mut request = std::mem::MaybeUninit::<libc::timex>::zeroed();
    // SAFETY: every field is an integer, for which zero is valid.
    let request = unsafe { request.assume_init_mut() };
    request.modes = libc::ADJ_TICK;
    request.tick = -1;
    let pointer = (&raw mut *request).expose_provenance();
    let clock = libc::CLOCK_REALTIME.unsigned_abs() as usize;
    // SAFETY: the kernel reads and writes one `timex`, which outlives the call.
    unsafe { call(libc::SYS_clock_adjtime, [clock, pointer, 0, 0, 0, 0]) }.map(drop)
}

/// `add_key(2)` of a null type. Let in: `EFAULT`; the kernel has no other check before.
pub fn add_key() -> io::Result<()> {
    // SAFETY: the kernel checks the null pointer when it reads the type, which it does first.
    unsafe { call(libc::SYS_add_key, [0; 6]) }.map(drop)
}

/// `request_key(2)` of a null type. Let in: `EFAULT`, as for [`add_key`].
pub fn request_key() -> io::Result<()> {
    // SAFETY: the kernel checks the null pointer when it reads the type, which it does first.
    unsafe { call(libc::SYS_request_key, [0; 6]) }.map(drop)
}

/// `io_uring_setup(2)` with null parameters. Let in: `EFAULT`; `kernel.io_uring_disabled` (Linux 6.6) is
/// looked at first.
pub fn io_uring() -> io::Result<()> {
    // SAFETY: the kernel checks the null pointer before it uses it.
    unsafe { call(libc::SYS_io_uring_setup, [1, 0, 0, 0, 0, 0]) }.map(drop)
}

/// `syslog(2)`, reading the whole log into no buffer. Let in: `EINVAL`; the right, which depends on
/// `kernel.dmesg_restrict`, is looked at first.
pub fn kernel_log() -> io::Result<()> {
    const READ_ALL: usize = 3;
    // SAFETY: the kernel refuses the null buffer and writes nothing.
    unsafe { call(libc::SYS_syslog, [READ_ALL, 0, 0, 0, 0, 0]) }.map(drop)
}

/// `struct file_handle` with eight bytes.
#[repr(C)]
struct Handle {
    bytes: u32,
    kind: i32,
    opaque: [u8; 8],
}

/// `open_by_handle_at(2)` of a handle of a type that no file system has. Let in: `ESTALE`.
///
/// A null handle would not do: kernels differ in whether they read it before they look at the right.
pub fn open_by_handle() -> io::Result<()> {
    static BOGUS: Handle = Handle {
        bytes: 8,
        kind: 0x7e,
        opaque: [0xff; 8],
    };
    let here = libc::AT_FDCWD.cast_unsigned() as usize;
    let handle = (&raw const BOGUS).expose_provenance();
    // SAFETY: the handle is as long as it says, and the kernel only reads it.
    let value = unsafe { call(libc::SYS_open_by_handle_at, [here, handle, 0, 0, 0, 0]) }?;
    // SAFETY: the kernel just returned this new descriptor, and nothing else owns it.
    unsafe { owned(value) }.map(drop)
}

/// The fields of `union bpf_attr` for `BPF_MAP_CREATE` that every kernel knows.
#[repr(C)]
struct MapAttributes {
    kind: u32,
    key_size: u32,
    value_size: u32,
    entries: u32,
    flags: u32,
}

/// `bpf(2)`: creates an array of one number. Let in: a descriptor, whose end is the map's end.
pub fn create_bpf_map() -> io::Result<OwnedFd> {
    const MAP_CREATE: usize = 0;
    const ARRAY: u32 = 2;
    let attributes = MapAttributes {
        kind: ARRAY,
        key_size: 4,
        value_size: 4,
        entries: 1,
        flags: 0,
    };
    let pointer = (&raw const attributes).expose_provenance();
    let size = size_of::<MapAttributes>();
    // SAFETY: the kernel reads `size` bytes from `attributes`, which outlives the call.
    let value = unsafe { call(libc::SYS_bpf, [MAP_CREATE, pointer, size, 0, 0, 0]) }?;
    // SAFETY: the kernel just returned this new descriptor, and nothing else owns it.
    unsafe { owned(value) }
}

/// The fields of `union bpf_attr` for `BPF_PROG_LOAD` that every kernel knows.
#[repr(C)]
struct ProgramAttributes {
    kind: u32,
    instruction_count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log_buffer: u64,
    kernel_version: u32,
    flags: u32,
}

/// `bpf(2)`: loads a socket filter that says zero, and attaches it to nothing. Let in: a descriptor.
pub fn load_bpf_program() -> io::Result<OwnedFd> {
    const PROG_LOAD: usize = 5;
    const SOCKET_FILTER: u32 = 1;
    /// `r0 = 0; exit`.
    static INSTRUCTIONS: [u64; 2] = [0xb7, 0x95];
    let attributes = ProgramAttributes {
        kind: SOCKET_FILTER,
        instruction_count: 2,
        instructions: (&raw const INSTRUCTIONS).expose_provenance() as u64,
        license: c"".as_ptr().expose_provenance() as u64,
        log_level: 0,
        log_size: 0,
        log_buffer: 0,
        kernel_version: 0,
        flags: 0,
    };
    let pointer = (&raw const attributes).expose_provenance();
    let size = size_of::<ProgramAttributes>();
    // SAFETY: the kernel reads `size` bytes, two instructions and one string, which outlive the call.
    let value = unsafe { call(libc::SYS_bpf, [PROG_LOAD, pointer, size, 0, 0, 0]) }?;
    // SAFETY: the kernel just returned this new descriptor, and nothing else owns it.
    unsafe { owned(value) }
}

/// The first version of `struct perf_event_attr`, with its bit field as one word.
#[repr(C)]
#[derive(Default)]
struct PerfAttributes {
    kind: u32,
    size: u32,
    config: u64,
    period: u64,
    sample: u64,
    read: u64,
    bits: u64,
    wakeup: u32,
    breakpoint: u32,
    config1: u64,
}

/// `perf_event_open(2)`: a disabled counter of the caller's own time, the kernel's part included. Let in:
/// a descriptor. Denied with `EACCES` by `kernel.perf_event_paranoid` of 2 and above.
pub fn perf_event() -> io::Result<OwnedFd> {
    const SOFTWARE: u32 = 1;
    const DISABLED: u64 = 1;
    const CLOSE_ON_EXEC: usize = 8;
    let attributes = PerfAttributes {
        kind: SOFTWARE,
        size: 64,
        bits: DISABLED,
        ..PerfAttributes::default()
    };
    let pointer = (&raw const attributes).expose_provenance();
    let none = usize::MAX;
    let arguments = [pointer, 0, none, none, CLOSE_ON_EXEC, 0];
    // SAFETY: the kernel reads the 64 bytes that `size` says, which outlive the call.
    let value = unsafe { call(libc::SYS_perf_event_open, arguments) }?;
    // SAFETY: the kernel just returned this new descriptor, and nothing else owns it.
    unsafe { owned(value) }
}

/// `userfaultfd(2)` for faults of user space and of the kernel. Let in: a descriptor.
pub fn userfaultfd() -> io::Result<OwnedFd> {
    let flags = libc::O_CLOEXEC.unsigned_abs() as usize;
    // SAFETY: no memory is involved.
    let value = unsafe { call(libc::SYS_userfaultfd, [flags, 0, 0, 0, 0, 0]) }?;
    // SAFETY: the kernel just returned this new descriptor, and nothing else owns it.
    unsafe { owned(value) }
}

/// `fanotify_init(2)` for a group that may decide about other processes' opens. Let in: a descriptor,
/// which watches nothing yet.
pub fn fanotify() -> io::Result<OwnedFd> {
    let flags = (libc::FAN_CLASS_CONTENT | libc::FAN_CLOEXEC) as usize;
    // SAFETY: no memory is involved.
    let value = unsafe { call(libc::SYS_fanotify_init, [flags, 0, 0, 0, 0, 0]) }?;
    // SAFETY: the kernel just returned this new descriptor, and nothing else owns it.
    unsafe { owned(value) }
}

/// `modify_ldt(2)`, reading the table into no buffer. Let in: success, because there is no room to fill.
#[cfg(target_arch = "x86_64")]
pub fn modify_ldt() -> io::Result<()> {
    // SAFETY: the kernel writes as many bytes as there is room for, which is none.
    unsafe { call(libc::SYS_modify_ldt, [0; 6]) }.map(drop)
}

/// `modify_ldt(2)` is a call of x86 only.
#[cfg(not(target_arch = "x86_64"))]
pub fn modify_ldt() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
