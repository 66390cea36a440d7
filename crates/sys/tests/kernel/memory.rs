//! Another process's memory.

#![expect(unsafe_code, reason = "rustix maps memory only unsafely")]

use std::ffi::CString;
use std::ptr;

use ringfence_sys::memory::{read, read_c_string};
use ringfence_sys::process::{Fork, exit_now, fork};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
use rustix::process::{Pid, getpid};

use crate::{Verdict, cases, exit_code};

cases! {
    a_child_s_memory_is_read_as_it_is_there
    a_string_over_several_pages_is_read_whole
    a_string_at_the_end_of_the_map_is_read
    a_read_over_the_end_of_the_map_is_short
    a_string_without_an_end_is_an_error
    nothing_is_read_from_nowhere
}

fn a_child_s_memory_is_read_as_it_is_there() -> Verdict {
    let mut value = *b"parent";
    let (mut ready, mut tell) = std::io::pipe().expect("a pipe");
    let (mut hold, release) = std::io::pipe().expect("a pipe");
    let address = value.as_ptr().addr() as u64;
    match fork().expect("there is one thread") {
        Fork::Child => {
            drop(release);
            value = *b"child!";
            std::hint::black_box(&mut value);
            std::io::Write::write_all(&mut tell, b"x").expect("the parent listens");
            let _ = std::io::Read::read(&mut hold, &mut [0]);
            exit_now(0);
        }
        Fork::Parent(child) => {
            std::io::Read::read_exact(&mut ready, &mut [0]).expect("the child tells");
            let mut buffer = [0; 6];
            let result = read(child, address, &mut buffer);
            drop(release);
            assert_eq!(exit_code(child), 0);
            assert_eq!(result.expect("the child is ours"), 6);
            assert_eq!((&buffer, &value), (b"child!", b"parent"));
        }
    }
    Verdict::Passed
}

fn a_string_over_several_pages_is_read_whole() -> Verdict {
    let string = CString::new(vec![b'x'; 10_000]).expect("no NUL");
    let address = string.as_ptr().addr() as u64;
    let found = read_c_string(getpid(), address, 10_001).expect("it is there");
    assert_eq!(found, string.as_bytes());
    let error = read_c_string(getpid(), address, 10_000).expect_err("its NUL is one further");
    assert_eq!(error.raw_os_error(), Some(libc::ENAMETOOLONG));
    Verdict::Passed
}

/// Twice 64 KiB of `x`, of which the second is not readable; returns the address of the second.
fn edge() -> *mut u8 {
    // The largest page that any architecture has.
    let size = 65536;
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping at a place of the kernel's choice.
    let start = unsafe { mmap_anonymous(ptr::null_mut(), 2 * size, protection, MapFlags::PRIVATE) };
    let start = start.expect("there is memory").cast::<u8>();
    // SAFETY: the mapping is writable, as long as that, and nothing refers to it.
    unsafe { start.write_bytes(b'x', 2 * size) };
    // SAFETY: the mapping has a second half.
    let second = unsafe { start.add(size) };
    // SAFETY: nothing refers to that half.
    unsafe { mprotect(second.cast(), size, MprotectFlags::empty()) }.expect("it is ours");
    second
}

fn a_string_at_the_end_of_the_map_is_read() -> Verdict {
    let edge = edge();
    // SAFETY: the byte before the edge is in the first half of the mapping.
    let last = unsafe { edge.sub(1) };
    // SAFETY: the first half is writable, and nothing refers to it.
    unsafe { last.write(0) };
    let found = read_c_string(getpid(), edge.addr() as u64 - 6, 4096).expect("it is there");
    assert_eq!(found, b"xxxxx");
    let found = read_c_string(getpid(), edge.addr() as u64 - 1, 4096).expect("it is there");
    assert_eq!(found, b"");
    Verdict::Passed
}

fn a_read_over_the_end_of_the_map_is_short() -> Verdict {
    let edge = edge();
    let mut buffer = [0; 100];
    let length = read(getpid(), edge.addr() as u64 - 60, &mut buffer).expect("part is there");
    assert_eq!(length, 60);
    assert_eq!(buffer[..60], [b'x'; 60]);
    Verdict::Passed
}

fn a_string_without_an_end_is_an_error() -> Verdict {
    let edge = edge();
    let error = read_c_string(getpid(), edge.addr() as u64 - 60, 4096).expect_err("no NUL");
    assert_eq!(error.raw_os_error(), Some(libc::EFAULT));
    let error = read_c_string(getpid(), edge.addr() as u64 - 60, 60).expect_err("no NUL");
    assert_eq!(error.raw_os_error(), Some(libc::ENAMETOOLONG));
    Verdict::Passed
}

fn nothing_is_read_from_nowhere() -> Verdict {
    let error = read(getpid(), 8, &mut [0; 8]).expect_err("page 0 is never mapped");
    assert_eq!(error.raw_os_error(), Some(libc::EFAULT));
    let error = read_c_string(getpid(), u64::MAX - 3, 100).expect_err("nothing is mapped there");
    assert_eq!(error.raw_os_error(), Some(libc::EFAULT));
    let nobody = Pid::from_raw(i32::MAX).expect("it is positive");
    let error = read(nobody, 8, &mut [0; 8]).expect_err("there is no such process");
    assert_eq!(error.raw_os_error(), Some(libc::ESRCH));
    Verdict::Passed
}
