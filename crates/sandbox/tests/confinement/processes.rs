//! Other processes, privileges and the kernel's surface.

use std::fs;

use ringfence_policy::path::AbsPath;
use ringfence_sys::namespace::{Namespaces, unshare};
use ringfence_sys::signal::{self, Signal};
use rustix::io::Errno;
use rustix::process::{Pid, getpid, test_kill_process};

use crate::given::{command, holds};
use crate::{Needs, Test};
use ringfence_sandbox::Exit;

pub const TESTS: &[Test] = &[
    ("no_process_but_its_own_is_seen", Needs::Anyone, unseen),
    (
        "the_supervisor_cannot_be_signalled",
        Needs::Anyone,
        unsignalled,
    ),
    ("number_1_cannot_be_looked_into", Needs::Anyone, number_one),
    ("there_are_no_capabilities", Needs::Anyone, capabilities),
    ("no_namespace_can_be_made", Needs::Anyone, namespaces),
    (
        "memory_is_not_written_and_executed",
        Needs::Anyone,
        write_execute,
    ),
    (
        "a_program_of_a_shell_sees_few_processes",
        Needs::Anyone,
        shell,
    ),
];

fn unseen() {
    assert!(holds(&[], || {
        let numbers = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse::<u32>().ok());
        let mut numbers: Vec<_> = numbers.collect();
        numbers.sort_unstable();
        numbers == [1, getpid().as_raw_nonzero().get().unsigned_abs()]
            && !AbsPath::root().join(b"proc/meminfo").as_path().exists()
    }));
}

fn unsignalled() {
    let supervisor = getpid();
    assert!(holds(&[], || {
        // In here that number belongs to nobody, and 1 is out of reach.
        test_kill_process(supervisor) == Err(Errno::SRCH)
            && signal::send(Pid::INIT, Signal::KILL).is_err()
    }));
}

fn number_one() {
    assert!(holds(&[], || {
        fs::read("/proc/1/environ").is_err()
            && fs::read_link("/proc/1/root").is_err()
            && fs::read("/proc/1/mem").is_err()
    }));
}

fn capabilities() {
    assert!(holds(&[], || {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = |name: &str| status.lines().find(|l| l.starts_with(name)).unwrap();
        let none = |name: &str| line(name).ends_with("\t0000000000000000");
        ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]
            .into_iter()
            .all(none)
            && line("NoNewPrivs").ends_with('1')
            && line("Seccomp:").ends_with('2')
    }));
}

fn namespaces() {
    assert!(holds(&[], || {
        [Namespaces::USER, Namespaces::MOUNT, Namespaces::NETWORK]
            .into_iter()
            .all(|kind| unshare(kind).is_err())
    }));
    assert!(holds(&["process.namespace user"], || unshare(
        Namespaces::USER
    )
    .is_ok()));
}

fn write_execute() {
    // dash does not map such memory, so the probe is the calls themselves, made by the test's own code.
    assert!(holds(&[], || {
        ringfence_sys::forbidden::writable_and_executable(4096).is_err()
    }));
    assert!(holds(&["process.jit"], || {
        ringfence_sys::forbidden::writable_and_executable(4096).is_ok()
    }));
}

fn shell() {
    let (exit, text) = command(&[], &["/bin/sh", "-c", "echo $$ $PPID"]);
    assert_eq!(exit, Ok(Exit::Code(0)));
    assert_eq!(text, "2 1\n");
}
