//! What a program inherits.

use std::ffi::CStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd};

use ringfence_sys::descriptors::{
    close_from, close_on_exec_except, close_on_exec_from, duplicate, place_at,
};
use ringfence_sys::process::exec;

use crate::{Verdict, cases, in_child};

cases! {
    a_program_does_not_inherit_what_was_marked
    a_program_inherits_what_was_kept
    closing_from_a_number_leaves_only_those_below
    closing_is_refused_while_a_second_thread_lives
    a_duplicate_refers_to_the_same_file
    a_file_can_be_placed_at_the_number_it_already_has
    a_number_that_is_not_open_cannot_be_duplicated
}

/// Whether a program finds these numbers open; it must not open files itself to find out.
fn program_sees(numbers: &[i32]) -> bool {
    let tests: Vec<String> = numbers
        .iter()
        .map(|number| format!("[ -e /proc/$$/fd/{number} ]"))
        .collect();
    let script = std::ffi::CString::new(tests.join(" && ")).expect("no NUL");
    let code = in_child(|| {
        let none: [&CStr; 0] = [];
        panic!("{}", exec(c"/bin/sh", &[c"sh", c"-c", &script], &none));
    });
    assert!(code == 0 || code == 1, "sh ended with {code}");
    code == 0
}

fn file_at(number: i32) -> File {
    let file = tempfile::tempfile().expect("a temporary file");
    place_at(file.as_fd(), number).expect("the number is free");
    file
}

fn a_program_does_not_inherit_what_was_marked() -> Verdict {
    let _file = file_at(20);
    assert!(program_sees(&[20]));
    close_on_exec_from(20).expect("Linux 5.11");
    assert!(!program_sees(&[20]));
    assert!(program_sees(&[0, 1, 2]));
    Verdict::Passed
}

fn a_program_inherits_what_was_kept() -> Verdict {
    let file = file_at(20);
    let _other = file_at(21);
    let kept = duplicate(20).expect("it is open");
    close_on_exec_except(3, &[kept.as_fd()]).expect("Linux 5.11");
    assert!(program_sees(&[kept.as_raw_fd()]));
    assert!(!program_sees(&[20]));
    assert!(!program_sees(&[21]));
    assert!(!program_sees(&[file.as_raw_fd()]));
    Verdict::Passed
}

fn closing_from_a_number_leaves_only_those_below() -> Verdict {
    std::mem::forget(file_at(20));
    close_from(3).expect("Linux 5.9");
    for number in [3, 20] {
        let error = duplicate(number).expect_err("it is closed");
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    }
    duplicate(2).expect("standard error is still open");
    Verdict::Passed
}

fn closing_is_refused_while_a_second_thread_lives() -> Verdict {
    let (leave, left) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || left.recv());
    let error = close_from(3).expect_err("there are two threads");
    assert_eq!(error.kind(), std::io::ErrorKind::ResourceBusy);
    drop(leave);
    assert!(thread.join().expect("it does not panic").is_err());
    Verdict::Passed
}

fn a_duplicate_refers_to_the_same_file() -> Verdict {
    let mut file = tempfile::tempfile().expect("a temporary file");
    let copy = duplicate(file.as_raw_fd()).expect("it is open");
    assert_ne!(copy.as_raw_fd(), file.as_raw_fd());
    let flags = rustix::io::fcntl_getfd(&copy).expect("it is open");
    assert_eq!(flags, rustix::io::FdFlags::CLOEXEC);
    File::from(copy)
        .write_all(b"one file")
        .expect("it is writable");
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).expect("it is a file");
    file.read_to_string(&mut text).expect("it is text");
    assert_eq!(text, "one file");
    Verdict::Passed
}

fn a_file_can_be_placed_at_the_number_it_already_has() -> Verdict {
    let file = tempfile::tempfile().expect("a temporary file");
    place_at(file.as_fd(), file.as_raw_fd()).expect("it stays");
    let flags = rustix::io::fcntl_getfd(&file).expect("it is open");
    assert_eq!(flags, rustix::io::FdFlags::empty());
    Verdict::Passed
}

fn a_number_that_is_not_open_cannot_be_duplicated() -> Verdict {
    let error = duplicate(900).expect_err("it is not open");
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    Verdict::Passed
}
