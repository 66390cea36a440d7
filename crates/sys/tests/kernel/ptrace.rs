//! Tracing a child.

use std::ffi::CStr;
use std::fs;

use ringfence_sys::memory::read_c_string;
use ringfence_sys::process::{Fork, exec, exit_now, fork};
use ringfence_sys::ptrace::{
    Event, Options, Stop, SyscallInfo, SyscallStop, WaitEvent, WaitFlags, cont, detach,
    event_message, interrupt, listen, seize, set_options, set_result, set_syscall, siginfo,
    syscall, syscall_info, wait_any, wait_pid,
};
use ringfence_sys::seccomp::Action;
use ringfence_sys::signal::{Signal, raise, send};
use rustix::process::{Pid, getpid, set_parent_process_death_signal};

use crate::{Verdict, cases, load};

cases! {
    a_call_is_seen_at_its_beginning_and_its_end
    a_filtered_call_is_seen_and_can_be_made_to_fail
    a_call_can_be_made_to_fail_without_a_filter
    a_call_s_result_can_be_replaced
    children_and_programs_are_announced
    a_signal_is_held_until_it_is_passed_on
    a_group_stop_can_be_left_in_place
    a_running_tracee_can_be_interrupted_and_let_go
    nothing_to_report_is_no_event
    a_process_cannot_be_seized_twice
}

/// A child that is seized and stopped before it runs `code`, whose value is its exit code.
fn tracee(options: Options, code: impl FnOnce() -> i32) -> Pid {
    let Fork::Parent(pid) = fork().expect("there is one thread") else {
        // A case that fails must not leave a child behind that runs for ever.
        set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).expect("anyone may");
        raise(Signal::STOP).expect("it is our own thread");
        exit_now(code());
    };
    let event = next(pid, WaitFlags::UNTRACED);
    assert_eq!(event, stopped(pid, Stop::Signal(Signal::STOP)));
    seize(pid, options | Options::EXIT_KILL).expect("the child is ours");
    // The stop from before the seizing is reported again, now as one of a tracee.
    assert_eq!(
        next(pid, WaitFlags::empty()),
        stopped(pid, Stop::Group(Signal::STOP))
    );
    send(pid, Signal::CONT).expect("the child is ours");
    cont(pid, None).expect("it is stopped");
    assert_eq!(next(pid, WaitFlags::empty()), stopped(pid, Stop::Interrupt));
    cont(pid, None).expect("it is stopped");
    assert_eq!(
        next(pid, WaitFlags::empty()),
        stopped(pid, Stop::Signal(Signal::CONT))
    );
    pid
}

fn stopped(pid: Pid, stop: Stop) -> WaitEvent {
    WaitEvent::Stopped { pid, stop }
}

fn next(pid: Pid, flags: WaitFlags) -> WaitEvent {
    wait_pid(pid, flags)
        .expect("the child is ours")
        .expect("waiting blocks")
}

fn info(pid: Pid) -> SyscallInfo {
    syscall_info(pid).expect("Linux 5.3")
}

/// A call that the C library has no reason to make by itself.
const CALL: libc::c_long = libc::SYS_chdir;

fn make_call() -> i32 {
    match rustix::process::chdir("/") {
        Ok(()) => 0,
        Err(errno) => errno.raw_os_error(),
    }
}

/// Runs to the next stop at the beginning of [`CALL`].
fn run_to_call(pid: Pid) -> SyscallInfo {
    loop {
        syscall(pid, None).expect("it is stopped");
        assert_eq!(next(pid, WaitFlags::empty()), stopped(pid, Stop::Syscall));
        let info = info(pid);
        if let SyscallStop::Entry { number, .. } = info.stop
            && number == CALL.unsigned_abs()
        {
            return info;
        }
    }
}

fn exits_with(pid: Pid, code: i32) {
    cont(pid, None).expect("it is stopped");
    assert_eq!(
        next(pid, WaitFlags::empty()),
        WaitEvent::Exited { pid, code }
    );
}

#[cfg(target_arch = "x86_64")]
const ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCH: u32 = 0xc000_00b7;

fn a_call_is_seen_at_its_beginning_and_its_end() -> Verdict {
    let pid = tracee(Options::SYSCALL_GOOD, make_call);
    let entry = run_to_call(pid);
    let SyscallStop::Entry { args, .. } = entry.stop else {
        panic!("{entry:?}");
    };
    let path = read_c_string(pid, args[0], 4096).expect("the path is there");
    assert_eq!(path, b"/");
    assert_eq!(entry.arch, ARCH);
    assert_ne!(entry.instruction_pointer, 0);
    assert_ne!(entry.stack_pointer, 0);
    syscall(pid, None).expect("it is stopped");
    assert_eq!(next(pid, WaitFlags::empty()), stopped(pid, Stop::Syscall));
    let exit = SyscallStop::Exit {
        result: 0,
        is_error: false,
    };
    assert_eq!(info(pid).stop, exit);
    exits_with(pid, 0);
    Verdict::Passed
}

fn a_filtered_call_is_seen_and_can_be_made_to_fail() -> Verdict {
    let pid = tracee(Options::SECCOMP, || {
        load(CALL, Action::Trace(4242));
        make_call()
    });
    cont(pid, None).expect("it is stopped");
    assert_eq!(
        next(pid, WaitFlags::empty()),
        stopped(pid, Stop::Event(Event::Seccomp))
    );
    assert_eq!(event_message(pid).expect("it is stopped"), 4242);
    let SyscallStop::Seccomp { number, args, data } = info(pid).stop else {
        panic!("{:?}", info(pid));
    };
    assert_eq!((number, data), (CALL.unsigned_abs(), 4242));
    assert_ne!(args[0], 0);
    set_syscall(pid, -1).expect("it is stopped");
    set_result(pid, -77).expect("it is stopped");
    exits_with(pid, 77);
    Verdict::Passed
}

fn a_call_can_be_made_to_fail_without_a_filter() -> Verdict {
    let pid = tracee(Options::SYSCALL_GOOD, make_call);
    run_to_call(pid);
    set_syscall(pid, -1).expect("it is stopped");
    set_result(pid, -77).expect("it is stopped");
    syscall(pid, None).expect("it is stopped");
    assert_eq!(next(pid, WaitFlags::empty()), stopped(pid, Stop::Syscall));
    let exit = SyscallStop::Exit {
        result: -77,
        is_error: true,
    };
    assert_eq!(info(pid).stop, exit);
    exits_with(pid, 77);
    Verdict::Passed
}

fn a_call_s_result_can_be_replaced() -> Verdict {
    let pid = tracee(Options::SYSCALL_GOOD, || {
        load(CALL, Action::Errno(5));
        make_call()
    });
    run_to_call(pid);
    syscall(pid, None).expect("it is stopped");
    assert_eq!(next(pid, WaitFlags::empty()), stopped(pid, Stop::Syscall));
    let exit = SyscallStop::Exit {
        result: -5,
        is_error: true,
    };
    assert_eq!(info(pid).stop, exit);
    set_result(pid, -6).expect("it is stopped");
    exits_with(pid, 6);
    Verdict::Passed
}

fn children_and_programs_are_announced() -> Verdict {
    let options = Options::FORK | Options::EXEC | Options::EXIT;
    let pid = tracee(options, || {
        let Ok(Fork::Parent(child)) = fork() else {
            exit_now(3);
        };
        let none: [&CStr; 0] = [];
        if crate::exit_code(child) == 3 {
            exec(c"/bin/sh", &[c"sh", c"-c", c"exit 4"], &none);
        }
        100
    });
    cont(pid, None).expect("it is stopped");
    assert_eq!(
        next(pid, WaitFlags::empty()),
        stopped(pid, Stop::Event(Event::Fork))
    );
    let message = i32::try_from(event_message(pid).expect("it is stopped"));
    let child = Pid::from_raw(message.expect("it is a pid")).expect("it is a pid");
    assert_eq!(
        next(child, WaitFlags::empty()),
        stopped(child, Stop::Interrupt)
    );
    cont(child, None).expect("it is stopped");
    cont(pid, None).expect("it is stopped");

    let (mut exits, mut execs, mut ended) = (0, 0, Vec::new());
    while ended.len() < 2 {
        let event = wait_any(WaitFlags::empty())
            .expect("two are left")
            .expect("waiting blocks");
        let signal = match event {
            WaitEvent::Stopped {
                pid,
                stop: Stop::Event(Event::Exit),
            } => {
                let status = event_message(pid).expect("it is stopped");
                assert_eq!(status, if pid == child { 3 << 8 } else { 4 << 8 });
                exits += 1;
                None
            }
            WaitEvent::Stopped {
                pid: who,
                stop: Stop::Event(Event::Exec),
            } => {
                assert_eq!(who, pid);
                let former = event_message(pid).expect("it is stopped");
                assert_eq!(former, u64::from(pid.as_raw_nonzero().get().unsigned_abs()));
                execs += 1;
                None
            }
            WaitEvent::Stopped {
                stop: Stop::Signal(signal),
                ..
            } => Some(signal),
            WaitEvent::Exited { pid, code } => {
                ended.push((pid, code));
                continue;
            }
            other => panic!("{other:?}"),
        };
        cont(event.pid(), signal).expect("it is stopped");
    }
    assert_eq!((exits, execs), (2, 1));
    assert!(
        ended.contains(&(child, 3)) && ended.contains(&(pid, 4)),
        "{ended:?}"
    );
    let error = wait_any(WaitFlags::empty()).expect_err("none is left");
    assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
    Verdict::Passed
}

fn a_signal_is_held_until_it_is_passed_on() -> Verdict {
    let pid = tracee(Options::empty(), || {
        loop {
            rustix::event::pause();
        }
    });
    cont(pid, None).expect("it is stopped");
    send(pid, Signal::USR1).expect("the child is ours");
    assert_eq!(
        next(pid, WaitFlags::empty()),
        stopped(pid, Stop::Signal(Signal::USR1))
    );
    let info = siginfo(pid).expect("it is stopped");
    assert_eq!((info.signal, info.code), (Signal::USR1, libc::SI_USER));
    assert_eq!(info.pid, getpid().as_raw_nonzero().get().unsigned_abs());
    // Held back, it has no effect; passed on, it ends the process.
    cont(pid, None).expect("it is stopped");
    send(pid, Signal::USR2).expect("the child is ours");
    assert_eq!(
        next(pid, WaitFlags::empty()),
        stopped(pid, Stop::Signal(Signal::USR2))
    );
    cont(pid, Some(Signal::USR2)).expect("it is stopped");
    let end = WaitEvent::Signaled {
        pid,
        signal: Signal::USR2,
        core_dumped: false,
    };
    assert_eq!(next(pid, WaitFlags::empty()), end);
    Verdict::Passed
}

fn a_group_stop_can_be_left_in_place() -> Verdict {
    let pid = tracee(Options::empty(), || {
        loop {
            rustix::event::pause();
        }
    });
    cont(pid, None).expect("it is stopped");
    send(pid, Signal::TSTP).expect("the child is ours");
    assert_eq!(
        next(pid, WaitFlags::empty()),
        stopped(pid, Stop::Signal(Signal::TSTP))
    );
    cont(pid, Some(Signal::TSTP)).expect("it is stopped");
    let event = next(pid, WaitFlags::empty());
    // An orphaned process group does not stop for the terminal's signals: then it simply runs on.
    assert_eq!(event, stopped(pid, Stop::Group(Signal::TSTP)));
    listen(pid).expect("it is in a group stop");
    assert_eq!(
        wait_pid(pid, WaitFlags::NO_HANG).expect("the child is ours"),
        None
    );
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    assert!(state.expect("it lives").contains(") t "));
    send(pid, Signal::CONT).expect("the child is ours");
    assert_eq!(next(pid, WaitFlags::empty()), stopped(pid, Stop::Interrupt));
    cont(pid, None).expect("it is stopped");
    assert_eq!(
        next(pid, WaitFlags::empty()),
        stopped(pid, Stop::Signal(Signal::CONT))
    );
    end(pid);
    Verdict::Passed
}

fn end(pid: Pid) {
    send(pid, Signal::KILL).expect("the child is ours");
    let end = WaitEvent::Signaled {
        pid,
        signal: Signal::KILL,
        core_dumped: false,
    };
    assert_eq!(next(pid, WaitFlags::empty()), end);
}

fn a_running_tracee_can_be_interrupted_and_let_go() -> Verdict {
    let pid = tracee(Options::empty(), || {
        loop {
            std::hint::spin_loop();
        }
    });
    cont(pid, None).expect("it is stopped");
    interrupt(pid).expect("it runs");
    assert_eq!(next(pid, WaitFlags::empty()), stopped(pid, Stop::Interrupt));
    set_options(pid, Options::EXIT).expect("it is stopped");
    detach(pid, None).expect("it is stopped");
    let error = interrupt(pid).expect_err("it is let go");
    assert_eq!(error.raw_os_error(), Some(libc::ESRCH));
    end(pid);
    Verdict::Passed
}

fn nothing_to_report_is_no_event() -> Verdict {
    let error = wait_any(WaitFlags::NO_HANG).expect_err("there are no children");
    assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
    let pid = tracee(Options::empty(), || {
        loop {
            rustix::event::pause();
        }
    });
    cont(pid, None).expect("it is stopped");
    assert_eq!(
        wait_any(WaitFlags::NO_HANG).expect("there is a child"),
        None
    );
    end(pid);
    Verdict::Passed
}

fn a_process_cannot_be_seized_twice() -> Verdict {
    let pid = tracee(Options::empty(), || 0);
    let error = seize(pid, Options::empty()).expect_err("it is traced");
    assert_eq!(error.raw_os_error(), Some(libc::EPERM));
    exits_with(pid, 0);
    Verdict::Passed
}
