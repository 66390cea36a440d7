//! A process that deploys is killed at any moment. Whoever comes next finds all of a change or none of it,
//! and can go on.
//!
//! The process that is killed is this program again, which is why the usual harness does not do.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test, although it does not look like one to Clippy"
)]

#[path = "deploy/world.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod world;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use world::{DROP_IN, World, settling};

const OTHER: &str = "/etc/udev/rules.d/demo.rules";
/// Names the host that the process to be killed works on.
const VICTIM: &str = "RINGFENCE_TEST_ROOT";
const ROUNDS: u32 = 60;

fn main() {
    if let Some(root) = std::env::var_os(VICTIM) {
        deploy_for_ever(&World::at_root(Path::new(&root)));
    }
    let mut cut_off = 0;
    for round in 0..ROUNDS {
        cut_off += u32::from(round_with(round));
    }
    // Else the moments were badly chosen, and nothing was tested.
    assert!(
        cut_off >= ROUNDS / 10,
        "only {cut_off} of {ROUNDS} were cut off"
    );
    println!("{cut_off} of {ROUNDS} were cut off in the middle of a change");
}

/// Both files change with every generation, and go back now and then.
fn deploy_for_ever(world: &World) -> ! {
    for number in 1_u64.. {
        let text = format!("A={number}\n");
        world.apply(&[(DROP_IN, &text), (OTHER, &text)]).unwrap();
        if number.is_multiple_of(3) {
            world.roll_back(None).unwrap();
        }
    }
    unreachable!("there are numbers enough");
}

/// Kills one process, and says whether it was in the middle of a change.
fn round_with(round: u32) -> bool {
    let world = World::new();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .env(VICTIM, world.root())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // From its first generation on, at moments spread over what one takes.
    let since = Instant::now();
    while world.text(DROP_IN).is_none() {
        assert!(
            since.elapsed() < Duration::from_mins(1),
            "it deploys nothing"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_micros(u64::from(round) * 1700));
    victim.kill().unwrap();
    victim.wait().unwrap();

    // A child that it had just forked may hold the lock until it becomes another program.
    let patience = Duration::from_mins(1);
    let claim = world.store.claim_within(&world.unit, patience).unwrap();
    let was_cut_off = claim.ledger().unwrap().pending.is_some();
    let recovered = claim.recover(&world.systemctl, &settling()).unwrap();
    assert_eq!(recovered.is_some(), was_cut_off);
    let ledger = claim.ledger().unwrap();
    assert_eq!(ledger.pending, None);
    let (one, two) = (world.text(DROP_IN), world.text(OTHER));
    assert_eq!(one, two, "round {round}, generation {}", ledger.current);
    assert_eq!(one.is_some(), ledger.current > 0, "round {round}");
    let files = world.etc();
    let stray = files
        .keys()
        .find(|path| path.to_string_lossy().contains(".ringfence-"));
    assert_eq!(stray, None, "round {round}");
    drop(claim);

    world.apply(&[(DROP_IN, "A=last\n")]).unwrap();
    assert_eq!(world.text(DROP_IN).unwrap(), "A=last\n");
    world.roll_back(Some(0)).unwrap();
    assert!(
        world
            .etc()
            .keys()
            .all(|path| !path.ends_with("50-ringfence.conf"))
    );
    was_cut_off
}
