//! Calls every wrapper for real.
//!
//! Each case runs in a process of its own with a deadline, because most of them cannot be undone. Cases
//! that need more than the caller has say so and count as skipped, unless `RINGFENCE_TESTBED=required`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "this is a test program"
)]

use std::os::fd::AsFd;
use std::panic;
use std::process::ExitCode;

use ringfence_sys::process::{Fork, exit_now, fork};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid,
};

mod alarm;
mod credentials;
mod descriptors;
mod landlock;
mod memory;
mod mount;
mod namespace;
mod process;
mod ptrace;
mod seccomp;
mod signal;

/// How a case went, unless it panics.
enum Verdict {
    Passed,
    Skipped(&'static str),
}

/// A sentence and the code that holds it to be true.
type Case = (&'static str, fn() -> Verdict);

/// Names cases after their functions.
macro_rules! cases {
    ($($name:ident)*) => {
        pub(crate) const CASES: &[crate::Case] = &[$((stringify!($name), $name),)*];
    };
}
pub(crate) use cases;

const PASSED: i32 = 0;
const SKIPPED: i32 = 77;
const FAILED: i32 = 1;
const DEADLINE_SECONDS: i64 = 20;

fn main() -> ExitCode {
    let filters: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let required = std::env::var_os("RINGFENCE_TESTBED").is_some_and(|value| value == "required");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (module, cases) in [
        ("alarm", alarm::CASES),
        ("credentials", credentials::CASES),
        ("descriptors", descriptors::CASES),
        ("landlock", landlock::CASES),
        ("memory", memory::CASES),
        ("mount", mount::CASES),
        ("namespace", namespace::CASES),
        ("process", process::CASES),
        ("ptrace", ptrace::CASES),
        ("seccomp", seccomp::CASES),
        ("signal", signal::CASES),
    ] {
        for (name, case) in cases {
            let name = format!("{module}::{name}");
            if !filters.is_empty() && !filters.iter().any(|filter| name.contains(filter)) {
                continue;
            }
            match run(&name, *case) {
                PASSED => {
                    passed += 1;
                    println!("{name} ... ok");
                }
                SKIPPED if !required => skipped += 1,
                code => {
                    failed += 1;
                    println!("{name} ... FAILED ({code})");
                }
            }
        }
    }
    if skipped > 0 {
        println!("{skipped} skipped");
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed + skipped > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs one case in a child and returns its exit code, or minus the signal that ended it.
fn run(name: &str, case: fn() -> Verdict) -> i32 {
    let Fork::Parent(pid) = fork().expect("the test program has one thread") else {
        let code = match panic::catch_unwind(case) {
            Ok(Verdict::Passed) => PASSED,
            Ok(Verdict::Skipped(why)) => {
                println!("{name} ... skipped: {why}");
                SKIPPED
            }
            Err(_) => FAILED,
        };
        exit_now(code);
    };
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).expect("the child is ours");
    let deadline = Timespec {
        tv_sec: DEADLINE_SECONDS,
        tv_nsec: 0,
    };
    let ended = poll(
        &mut [PollFd::from_borrowed_fd(pidfd.as_fd(), PollFlags::IN)],
        Some(&deadline),
    );
    if ended.expect("nothing interrupts") == 0 {
        println!("{name} ... over its deadline");
        pidfd_send_signal(&pidfd, Signal::KILL).expect("the child is ours");
    }
    exit_code(pid)
}

/// Waits for a child.
fn exit_code(pid: Pid) -> i32 {
    let (_, status) = waitpid(Some(pid), WaitOptions::empty())
        .expect("the child is ours")
        .expect("waiting blocks");
    status
        .exit_status()
        .or_else(|| status.terminating_signal().map(|signal| -signal))
        .expect("the child ended")
}

/// What a forked child's code returns as its exit code.
fn in_child(code: impl FnOnce() -> i32) -> i32 {
    match fork().expect("the case has one thread") {
        Fork::Child => {
            let code = panic::catch_unwind(panic::AssertUnwindSafe(code)).unwrap_or(101);
            exit_now(code)
        }
        Fork::Parent(pid) => exit_code(pid),
    }
}

/// The value of one line of `/proc/self/status`.
fn status_line(name: &str) -> String {
    std::fs::read_to_string("/proc/self/status")
        .expect("/proc is mounted")
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .expect("the line exists")
        .trim()
        .to_owned()
}

/// A filter with one verdict for one call, and `Allow` for all others.
fn filter_on(
    call: libc::c_long,
    action: ringfence_sys::seccomp::Action,
) -> [(u16, u8, u8, u32); 4] {
    let call = u32::try_from(call).expect("numbers of calls are small");
    [
        (0x20, 0, 0, 0),
        (0x15, 0, 1, call),
        (0x06, 0, 0, action.raw()),
        (0x06, 0, 0, ringfence_sys::seccomp::Action::Allow.raw()),
    ]
}

/// Loads [`filter_on`] into the calling thread.
fn load(call: libc::c_long, action: ringfence_sys::seccomp::Action) {
    rustix::thread::set_no_new_privs(true).expect("anyone may");
    let flags = ringfence_sys::seccomp::FilterFlags::empty();
    ringfence_sys::seccomp::load_filter(filter_on(call, action), flags).expect("the filter loads");
}

/// Whether the host lets this process make a user namespace.
fn has_user_namespaces() -> bool {
    in_child(|| {
        i32::from(
            ringfence_sys::namespace::unshare(ringfence_sys::namespace::Namespaces::USER).is_err(),
        )
    }) == 0
}

const NO_USER_NAMESPACES: &str = "the host allows no user namespaces";
