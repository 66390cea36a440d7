//! A clock that interrupts.

use std::io::ErrorKind;
use std::time::Duration;

use ringfence_sys::alarm::Alarm;
use ringfence_sys::process::{Fork, exit_now, fork};
use ringfence_sys::ptrace::{WaitFlags, wait_pid};
use ringfence_sys::signal::{Signal, SignalSet, raise, send, unblock, wait};

use crate::{Verdict, cases, exit_code, in_child};

cases! {
    a_wait_for_a_child_that_lives_on_is_interrupted
    a_dropped_alarm_leaves_the_signal_its_effect
}

fn a_wait_for_a_child_that_lives_on_is_interrupted() -> Verdict {
    let Fork::Parent(child) = fork().expect("the case has one thread") else {
        // Nothing sends it: the child waits until it is killed.
        let never = wait(SignalSet::empty().with(Signal::USR1), None);
        exit_now(i32::from(never.is_err()));
    };
    unblock(SignalSet::empty().with(Signal::ALRM)).expect("anyone may");
    let alarm = Alarm::every(Duration::from_millis(5)).expect("anyone may");
    let waited = wait_pid(child, WaitFlags::empty());
    drop(alarm);
    send(child, Signal::KILL).expect("the child is ours");
    assert_eq!(exit_code(child), -Signal::KILL.raw());
    let error = waited.expect_err("the child lives");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    Verdict::Passed
}

fn a_dropped_alarm_leaves_the_signal_its_effect() -> Verdict {
    let code = in_child(|| {
        unblock(SignalSet::empty().with(Signal::ALRM)).expect("anyone may");
        drop(Alarm::every(Duration::from_mins(1)).expect("anyone may"));
        raise(Signal::ALRM).expect("it is our own thread");
        0
    });
    assert_eq!(code, -Signal::ALRM.raw());
    Verdict::Passed
}
