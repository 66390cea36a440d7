//! Starting, ending, signals, streams, environment.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use ringfence_compile::native::{Layer, Plan};
use ringfence_sandbox::{Exit, Sandbox, SandboxError};
use ringfence_sys::descriptors::place_at;
use ringfence_sys::process::{Fork, exit_now, fork};
use ringfence_sys::signal::{self, Signal, SignalSet};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, test_kill_process, waitpid};

use crate::given::{LONG, command, holds, plan, text, under};
use crate::{Needs, Test};

pub const TESTS: &[Test] = &[
    ("the_empty_policy_runs_bin_true", Needs::Anyone, runs),
    ("every_layer_can_be_left_out", Needs::Anyone, layers),
    ("the_exit_code_passes", Needs::Anyone, code),
    ("death_by_a_signal_passes", Needs::Anyone, death),
    ("sigterm_reaches_the_service", Needs::Anyone, term),
    (
        "nothing_outlives_the_supervisor",
        Needs::Anyone,
        supervisor_dies,
    ),
    ("nothing_outlives_the_deadline", Needs::Anyone, deadline),
    (
        "a_stopped_service_stops_its_supervisor",
        Needs::Anyone,
        stops,
    ),
    ("standard_input_passes", Needs::Anyone, stdin),
    ("other_descriptors_do_not_pass", Needs::Anyone, descriptors),
    ("only_listed_variables_pass", Needs::Anyone, environment),
    (
        "a_program_that_is_not_there_is_127",
        Needs::Anyone,
        not_found,
    ),
    (
        "a_file_that_is_no_program_is_126",
        Needs::Anyone,
        not_executable,
    ),
    (
        "a_failing_step_never_runs_the_command",
        Needs::Anyone,
        failing,
    ),
    (
        "children_are_killed_with_the_service",
        Needs::Anyone,
        children,
    ),
];

fn runs() {
    assert_eq!(command(&[], &["/bin/true"]).0, Ok(Exit::Code(0)));
}

fn layers() {
    let whole = plan(&[], &["/bin/true"]);
    for layer in whole.layers().collect::<Vec<_>>() {
        let exit = under(whole.clone().without(layer)).0;
        assert_eq!(exit, Ok(Exit::Code(0)), "without {}", layer.id());
    }
    let none = Layer::ALL.into_iter().fold(whole, Plan::without);
    assert_eq!(none.layers().count(), 0);
    assert_eq!(under(none).0, Ok(Exit::Code(0)));
}

fn code() {
    let (exit, text) = command(&[], &["/bin/sh", "-c", "echo out; exit 42"]);
    assert_eq!((exit, text.as_str()), (Ok(Exit::Code(42)), "out\n"));
}

fn death() {
    let exit = command(&[], &["/bin/sh", "-c", "kill -KILL $$"]).0;
    assert_eq!(exit, Ok(Exit::Signal(Signal::KILL)));
    // The supervisor dies the same way, as a shell expects of it.
    let Fork::Parent(pid) = fork().unwrap() else {
        let plan = plan(&[], &["/bin/sh", "-c", "kill -TERM $$"]);
        Sandbox::new(plan).run().unwrap().imitate()
    };
    let (_, status) = waitpid(Some(pid), WaitOptions::empty()).unwrap().unwrap();
    assert_eq!(status.terminating_signal(), Some(15));
}

/// Runs a closure confined in a child of the test, which is returned with what it prints.
fn in_background(closure: fn() -> i32) -> (Pid, std::fs::File) {
    in_background_under(plan(&[], &["/bin/true"]), closure)
}

/// A supervisor in a process of its own, and what the closure prints.
pub fn in_background_under(plan: Plan, closure: fn() -> i32) -> (Pid, std::fs::File) {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    match fork().unwrap() {
        Fork::Child => {
            drop(read);
            let sandbox = Sandbox::new(plan).stdout(write);
            sandbox.run_closure(closure).unwrap().imitate()
        }
        Fork::Parent(pid) => (pid, read.into()),
    }
}

fn say(text: &str) {
    rustix::io::write(rustix::stdio::stdout(), text.as_bytes()).unwrap();
}

pub fn line(from: &mut std::fs::File) -> String {
    let mut line = String::new();
    let mut byte = [0];
    while from.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        line.push(byte[0].into());
    }
    line
}

fn term() {
    let (supervisor, mut out) = in_background(|| {
        let set = SignalSet::empty().with(Signal::TERM);
        signal::block(set).unwrap();
        say("ready\n");
        let info = signal::wait(set, Some(LONG)).unwrap().unwrap();
        if info.signal == Signal::TERM { 3 } else { 4 }
    });
    assert_eq!(line(&mut out), "ready");
    signal::send(supervisor, Signal::TERM).unwrap();
    let (_, status) = waitpid(Some(supervisor), WaitOptions::empty())
        .unwrap()
        .unwrap();
    assert_eq!(status.exit_status(), Some(3));
}

pub fn wait_for_ever() -> i32 {
    say("ready\n");
    let _ = signal::wait(SignalSet::empty(), None);
    0
}

fn supervisor_dies() {
    let (supervisor, mut out) = in_background(|| {
        if fork().unwrap() == Fork::Child {
            exit_now(wait_for_ever());
        }
        wait_for_ever()
    });
    assert_eq!([line(&mut out), line(&mut out)], ["ready", "ready"]);
    signal::send(supervisor, Signal::KILL).unwrap();
    waitpid(Some(supervisor), WaitOptions::empty()).unwrap();
    // Every process inside holds the pipe; its end means that all of them are gone.
    assert_eq!(out.read(&mut [0]).unwrap(), 0);
    assert_eq!(test_kill_process(supervisor), Err(Errno::SRCH));
}

fn deadline() {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let exit = Sandbox::new(plan(&[], &["/bin/true"]))
        .stdout(write)
        .deadline(Duration::from_millis(200))
        .run_closure(|| {
            if fork().unwrap() == Fork::Child {
                exit_now(wait_for_ever());
            }
            wait_for_ever()
        });
    assert_eq!(exit, Ok(Exit::Deadline));
    assert_eq!(text(read), "ready\nready\n");
}

fn stops() {
    let (supervisor, mut out) = in_background(|| {
        say("ready\n");
        signal::raise(Signal::TSTP).unwrap();
        5
    });
    assert_eq!(line(&mut out), "ready");
    let (_, status) = waitpid(Some(supervisor), WaitOptions::UNTRACED)
        .unwrap()
        .unwrap();
    assert!(status.stopped());
    signal::send(supervisor, Signal::CONT).unwrap();
    let (_, status) = waitpid(Some(supervisor), WaitOptions::empty())
        .unwrap()
        .unwrap();
    assert_eq!(status.exit_status(), Some(5));
}

fn stdin() {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    place_at(read.as_fd(), 0).unwrap();
    let mut write = std::fs::File::from(write);
    write.write_all(b"through\n").unwrap();
    drop(write);
    let (exit, text) = command(&[], &["/bin/cat"]);
    assert_eq!((exit, text.as_str()), (Ok(Exit::Code(0)), "through\n"));
}

fn descriptors() {
    let null = std::fs::File::open("/etc/passwd").unwrap();
    place_at(null.as_fd(), 9).unwrap();
    let (exit, text) = command(&[], &["/bin/sh", "-c", "read x <&9 && echo $x"]);
    assert_eq!(text, "");
    assert_ne!(exit, Ok(Exit::Code(0)));
    assert!(holds(&[], || {
        let open = |number: i32| std::fs::metadata(format!("/proc/self/fd/{number}")).is_ok();
        (0..=2).all(open) && !(3..20).any(open)
    }));
}

fn environment() {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let variables = [("LANG", "C"), ("SECRET", "x"), ("LD_PRELOAD", "/x.so")];
    let exit = Sandbox::new(plan(&[], &["/usr/bin/env"]))
        .environment(variables.map(|(n, v)| (n.into(), v.into())).to_vec())
        .stdout(write)
        .run();
    assert_eq!(exit, Ok(Exit::Code(0)));
    let text = text(read);
    assert!(text.contains("LANG=C"));
    assert!(
        !text.contains("SECRET") && !text.contains("LD_PRELOAD"),
        "{text}"
    );
}

fn not_found() {
    let error = command(&[], &["/no/such/program"]).0.unwrap_err();
    assert!(matches!(error, SandboxError::NotFound { .. }), "{error}");
    assert_eq!(error.exit_code(), 127);
}

fn not_executable() {
    let error = command(&[], &["/usr/share/dict"]).0.unwrap_err();
    assert!(matches!(error.exit_code(), 126 | 127), "{error}");
    let error = command(&["files.read /etc/hosts"], &["/etc/hosts"])
        .0
        .unwrap_err();
    assert_eq!(error.exit_code(), 126, "{error}");
}

fn failing() {
    let mut plan = plan(&[], &["/bin/sh", "-c", "echo ran"]);
    plan.directory = Some("/no/such/directory".parse().unwrap());
    let (exit, text) = under(plan);
    assert_eq!(text, "");
    let message = exit.unwrap_err().to_string();
    assert_eq!(
        message,
        "enter /no/such/directory: no such file or directory"
    );
}

fn children() {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let exit = Sandbox::new(plan(&[], &["/bin/true"]))
        .stdout(write)
        .run_closure(|| {
            if fork().unwrap() == Fork::Child {
                exit_now(wait_for_ever());
            }
            0
        });
    assert_eq!(exit, Ok(Exit::Code(0)));
    // The child held the pipe.
    let _ = text(read);
}
