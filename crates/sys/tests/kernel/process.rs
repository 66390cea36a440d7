//! Forks, clones and execs.

use std::ffi::CStr;
use std::fs;
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::sync::mpsc::channel;
use std::thread;

use ringfence_sys::namespace::Namespaces;
use ringfence_sys::process::{
    Clone, Fork, clone_namespaces, clone_with_pidfd, exec, exec_descriptor, exit_now, fork,
    is_single_threaded,
};
use ringfence_sys::seccomp::Action;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::{WaitId, WaitIdOptions, getpid, waitid};

use crate::{NO_USER_NAMESPACES, Verdict, cases, exit_code, has_user_namespaces, in_child, load};

cases! {
    a_forked_child_has_a_memory_of_its_own
    fork_is_refused_while_a_second_thread_lives
    threads_are_counted_where_unshare_is_refused
    a_child_in_a_new_pid_namespace_is_number_1
    a_clone_into_no_namespaces_is_a_fork
    a_pidfd_refers_to_the_child
    clone_works_where_clone3_is_refused
    a_child_can_start_in_a_cgroup
    a_new_program_gets_exactly_its_arguments_and_environment
    an_open_program_can_be_executed
    a_program_that_is_not_there_is_an_error
    an_immediate_exit_runs_no_destructors
}

fn a_forked_child_has_a_memory_of_its_own() -> Verdict {
    let mut value = 1;
    let code = in_child(|| {
        value += 6;
        value
    });
    assert_eq!((code, value), (7, 1));
    Verdict::Passed
}

fn fork_is_refused_while_a_second_thread_lives() -> Verdict {
    let (leave, left) = channel::<()>();
    let thread = thread::spawn(move || left.recv());
    let error = fork().expect_err("there are two threads");
    assert_eq!(error.kind(), ErrorKind::ResourceBusy);
    let error = clone_namespaces(Namespaces::empty()).expect_err("there are two threads");
    assert_eq!(error.kind(), ErrorKind::ResourceBusy);
    drop(leave);
    assert!(thread.join().expect("it does not panic").is_err());
    // No wait in between: a thread that was joined must not count any more. One in twenty still shows.
    for _ in 0..300 {
        thread::spawn(|| ()).join().expect("it does not panic");
        assert_eq!(in_child(|| 3), 3);
    }
    Verdict::Passed
}

fn threads_are_counted_where_unshare_is_refused() -> Verdict {
    load(libc::SYS_unshare, Action::Errno(1));
    assert!(is_single_threaded().expect("/proc is mounted"));
    let (leave, left) = channel::<()>();
    let thread = thread::spawn(move || left.recv());
    assert!(!is_single_threaded().expect("/proc is mounted"));
    drop(leave);
    assert!(thread.join().expect("it does not panic").is_err());
    Verdict::Passed
}

fn a_child_in_a_new_pid_namespace_is_number_1() -> Verdict {
    if !has_user_namespaces() {
        return Verdict::Skipped(NO_USER_NAMESPACES);
    }
    let kinds = Namespaces::USER | Namespaces::PID | Namespaces::UTS;
    match clone_namespaces(kinds).expect("anyone may") {
        Fork::Child => exit_now(getpid().as_raw_nonzero().get() + 40),
        Fork::Parent(pid) => {
            assert_ne!(pid.as_raw_nonzero().get(), 1);
            assert_eq!(exit_code(pid), 41);
        }
    }
    Verdict::Passed
}

fn a_clone_into_no_namespaces_is_a_fork() -> Verdict {
    let parent = getpid();
    match clone_namespaces(Namespaces::empty()).expect("anyone may") {
        Fork::Child => exit_now(i32::from(rustix::process::getppid() != Some(parent))),
        Fork::Parent(pid) => assert_eq!(exit_code(pid), 0),
    }
    Verdict::Passed
}

fn exit_through_pidfd(clone: Clone) -> i32 {
    match clone {
        Clone::Child => exit_now(9),
        Clone::Parent { pid, pidfd } => {
            let status = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED)
                .expect("the child is ours")
                .expect("waiting blocks");
            let gone = rustix::process::test_kill_process(pid);
            assert_eq!(gone, Err(rustix::io::Errno::SRCH));
            status.exit_status().expect("it exits")
        }
    }
}

fn a_pidfd_refers_to_the_child() -> Verdict {
    let clone = clone_with_pidfd(Namespaces::empty(), None).expect("anyone may");
    assert_eq!(exit_through_pidfd(clone), 9);
    Verdict::Passed
}

fn clone_works_where_clone3_is_refused() -> Verdict {
    load(libc::SYS_clone3, Action::Errno(38));
    let clone = clone_with_pidfd(Namespaces::empty(), None).expect("clone(2) does it");
    assert_eq!(exit_through_pidfd(clone), 9);
    match clone_namespaces(Namespaces::empty()).expect("clone(2) does it") {
        Fork::Child => exit_now(8),
        Fork::Parent(pid) => assert_eq!(exit_code(pid), 8),
    }
    let error = clone_namespaces(Namespaces::TIME).expect_err("only clone3(2) can");
    assert_eq!(error.raw_os_error(), Some(libc::ENOSYS));
    Verdict::Passed
}

fn a_child_can_start_in_a_cgroup() -> Verdict {
    let Some(root) = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"]
        .into_iter()
        .find(|root| fs::exists(format!("{root}/cgroup.procs")).unwrap_or(false))
    else {
        return Verdict::Skipped("there is no cgroup v2 tree");
    };
    let name = format!("ringfence-test-{}", getpid().as_raw_nonzero());
    let path = format!("{root}/{name}");
    if fs::create_dir(&path).is_err() {
        return Verdict::Skipped("the cgroup tree is not writable");
    }
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let directory = openat(CWD, path.as_str(), flags, Mode::empty()).expect("it was just made");
    let clone = clone_with_pidfd(Namespaces::empty(), Some(directory.as_fd()));
    let code = match clone.expect("Linux 5.7") {
        Clone::Child => {
            let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
            exit_now(i32::from(
                !own.lines().any(|line| line == format!("0::/{name}")),
            ))
        }
        Clone::Parent { pid, .. } => exit_code(pid),
    };
    fs::remove_dir(&path).expect("it is empty again");
    assert_eq!(code, 0);
    Verdict::Passed
}

const SCRIPT: &CStr = c"[ \"$0-$1-$A\" = 'x-y-z' ] && [ -z \"$HOME\" ] && exit 7";

fn a_new_program_gets_exactly_its_arguments_and_environment() -> Verdict {
    let code = in_child(|| {
        let argv = [c"sh", c"-c", SCRIPT, c"x", c"y"];
        panic!("{}", exec(c"/bin/sh", &argv, &[c"A=z"]));
    });
    assert_eq!(code, 7);
    Verdict::Passed
}

fn an_open_program_can_be_executed() -> Verdict {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let shell = openat(CWD, "/bin/sh", flags, Mode::empty()).expect("there is a shell");
    let code = in_child(|| {
        let argv = [c"sh", c"-c", SCRIPT, c"x", c"y"];
        panic!("{}", exec_descriptor(shell.as_fd(), &argv, &[c"A=z"]));
    });
    assert_eq!(code, 7);
    Verdict::Passed
}

fn a_program_that_is_not_there_is_an_error() -> Verdict {
    let none: [&CStr; 0] = [];
    let error = exec(c"/nonexistent/program", &[c"program"], &none);
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    Verdict::Passed
}

fn an_immediate_exit_runs_no_destructors() -> Verdict {
    struct Writes(std::io::PipeWriter);
    impl Drop for Writes {
        fn drop(&mut self) {
            // The reader finds out whether this ran.
            let _ = std::io::Write::write(&mut self.0, b"dropped");
        }
    }
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    match fork().expect("there is one thread") {
        Fork::Child => {
            let _guard = Writes(writer);
            exit_now(5);
        }
        Fork::Parent(pid) => {
            assert_eq!(exit_code(pid), 5);
            drop(writer);
            let mut text = String::new();
            reader
                .read_to_string(&mut text)
                .expect("the pipe is closed");
            assert_eq!(text, "");
        }
    }
    Verdict::Passed
}
