//! What a confined process can and cannot do, asked of the kernel.
//!
//! Without the usual harness, because a process with several threads cannot be copied. Everything is run as
//! root, where the tests are, and what needs no root again as an ordinary user.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and this is its own harness"
)]

mod denials;
mod files;
mod given;
mod identity;
mod life;
mod limits;
mod network;
mod processes;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use ringfence_sys::process::{Fork, exit_now, fork};
use rustix::process::{
    DumpableBehavior, Gid, Uid, WaitOptions, getuid, set_dumpable_behavior, waitpid,
};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// A test: its name, and whether it needs root.
pub type Test = (&'static str, Needs, fn());

/// Who can run a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anyone.
    Anyone,
    /// Root.
    Root,
}

fn main() -> ExitCode {
    let wanted = std::env::args()
        .nth(1)
        .filter(|word| !word.starts_with('-'));
    let tests: Vec<Test> = [
        life::TESTS,
        files::TESTS,
        network::TESTS,
        processes::TESTS,
        identity::TESTS,
        limits::TESTS,
        denials::TESTS,
    ]
    .concat();
    let tests: Vec<Test> = tests
        .into_iter()
        .filter(|(name, ..)| wanted.as_ref().is_none_or(|wanted| name.contains(wanted)))
        .collect();
    let mut passed = 0;
    let mut failed = 0;
    let mut count = |ok: bool| *(if ok { &mut passed } else { &mut failed }) += 1;
    let root = getuid().is_root();
    for (name, needs, test) in &tests {
        if root || *needs == Needs::Anyone {
            count(report(name, in_child(None, *test)));
        }
    }
    if root {
        for (name, needs, test) in &tests {
            if *needs == Needs::Anyone {
                let name = format!("{name} (as an ordinary user)");
                count(report(&name, in_child(Some(65534), *test)));
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

fn report(name: &str, ok: bool) -> bool {
    println!("{} {name}", if ok { "ok    " } else { "FAILED" });
    ok
}

/// Runs a test in a process of its own, so that nothing it changes lives on.
fn in_child(user: Option<u32>, test: fn()) -> bool {
    match fork().unwrap() {
        Fork::Child => {
            if let Some(id) = user {
                become_user(id);
            }
            let ok = catch_unwind(AssertUnwindSafe(test)).is_ok();
            exit_now(i32::from(!ok));
        }
        Fork::Parent(pid) => {
            let (_, status) = waitpid(Some(pid), WaitOptions::empty()).unwrap().unwrap();
            status.exit_status() == Some(0)
        }
    }
}

fn become_user(id: u32) {
    let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
    set_thread_groups(&[]).unwrap();
    set_thread_res_gid(gid, gid, gid).unwrap();
    set_thread_res_uid(uid, uid, uid).unwrap();
    set_dumpable_behavior(DumpableBehavior::Dumpable).unwrap();
    std::env::set_current_dir("/").unwrap();
}
