//! Back, further back, and forward again.

use std::fs;

use ringfence_host::deploy::{DeployError, Edits};

use super::world::{DROP_IN, World, settling};

const OTHER: &str = "/etc/udev/rules.d/demo.rules";

#[test]
fn every_generation_can_be_gone_to_from_every_other() {
    let world = World::new();
    let start = world.etc();
    let mut states = vec![start];
    for files in [
        &[(DROP_IN, "A=1\n")][..],
        &[(DROP_IN, "A=2\n"), (OTHER, "x\n")],
        &[(OTHER, "y\n")],
    ] {
        world.apply(files).unwrap();
        states.push(world.etc());
    }
    for to in [0, 3, 1, 2, 0, 2, 3, 1, 1, 0] {
        world.roll_back(Some(to)).unwrap();
        let state = &states[usize::try_from(to).unwrap()];
        assert_eq!(&world.etc(), state, "at generation {to}");
        assert!(world.is_active());
    }
}

#[test]
fn going_back_without_a_number_goes_to_the_generation_before() {
    let world = World::new();
    world.apply(&[(DROP_IN, "A=1\n")]).unwrap();
    world.apply(&[(DROP_IN, "A=2\n")]).unwrap();
    world.roll_back(None).unwrap();
    assert_eq!(world.text(DROP_IN).unwrap(), "A=1\n");
    // A branch: the third came from the first.
    assert_eq!(world.apply(&[(DROP_IN, "A=3\n")]).unwrap(), 3);
    world.roll_back(None).unwrap();
    assert_eq!(world.text(DROP_IN).unwrap(), "A=1\n");
    world.roll_back(None).unwrap();
    assert_eq!(world.text(DROP_IN), None);
    assert!(
        !world.at(DROP_IN).parent().unwrap().exists(),
        "its directory is gone too"
    );
    assert!(matches!(
        world.roll_back(None),
        Err(DeployError::NothingApplied { .. })
    ));
}

#[test]
fn what_was_stopped_since_stays_stopped_and_what_fails_is_started() {
    let world = World::new();
    world.apply(&[(DROP_IN, "A=1\n")]).unwrap();
    world.runs("demo.service", "inactive");
    world.roll_back(None).unwrap();
    assert!(!world.is_active());
    world.runs("demo.service", "active");
    world.apply(&[(DROP_IN, "A=2\n")]).unwrap();
    world.runs("demo.service", "failed");
    world.roll_back(None).unwrap();
    assert!(world.is_active());
}

#[test]
fn an_edit_that_going_back_replaces_is_kept() {
    let world = World::new();
    world.apply(&[(DROP_IN, "A=1\n")]).unwrap();
    fs::write(world.at(DROP_IN), "Mine=1\n").unwrap();
    let claim = world.claim();
    let kept = claim
        .rollback(None)
        .unwrap()
        .carry_out(&world.systemctl, &settling(), Edits::Replace)
        .unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(fs::read_to_string(&kept[0]).unwrap(), "Mine=1\n");
    assert_eq!(world.text(DROP_IN), None);
}

#[test]
fn a_unit_that_does_not_come_back_is_said_and_its_files_are_as_they_were() {
    let world = World::new();
    let broken = "/etc/systemd/system/demo.service.d/10-admin.conf";
    world.apply(&[(DROP_IN, "A=1\n")]).unwrap();
    // Someone broke the unit in another way meanwhile.
    fs::write(world.at(broken), "Break=1\n").unwrap();
    let error = world.roll_back(None).unwrap_err();
    assert!(
        matches!(error, DeployError::NotRestored { .. }),
        "{error:?}"
    );
    assert_eq!(world.text(DROP_IN), None);
    assert_eq!(world.claim().ledger().unwrap().current, 0);
    assert!(world.at(broken).exists());
}

#[test]
fn a_store_that_was_tampered_with_is_not_followed() {
    let world = World::new();
    world.apply(&[(DROP_IN, "A=1\n")]).unwrap();
    world.apply(&[(DROP_IN, "A=2\n")]).unwrap();
    let copy = world.at("/var/lib/ringfence/units/demo.service/2/0.before");
    fs::write(&copy, "ExecStart=/tmp/evil\n").unwrap();
    let error = world.roll_back(None).unwrap_err();
    assert!(error.to_string().contains("not what was saved"), "{error}");
    assert_eq!(world.text(DROP_IN).unwrap(), "A=2\n");
}
