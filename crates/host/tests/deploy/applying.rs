//! From files to a running unit.

use std::fs;

use ringfence_host::deploy::{DeployError, Edits, Pending, affected};
use ringfence_host::systemd::SystemctlError;
use ringfence_unit::name::UnitName;

use super::world::{DROP_IN, World, artifacts, papers, settling};

#[test]
fn a_unit_that_runs_is_restarted_with_what_was_written() {
    let world = World::new();
    assert_eq!(world.apply(&[(DROP_IN, "A=1\n")]).unwrap(), 1);
    assert_eq!(world.text("/run/seen").unwrap(), "A=1\n");
    assert_eq!(
        world.asked(),
        [
            "daemon-reload",
            "reset-failed demo.service",
            "restart demo.service"
        ]
    );
    let status = world.store.status(&world.unit, &world.systemctl).unwrap();
    let status = status.unwrap();
    assert_eq!(
        (status.generation, status.generations.as_slice()),
        (1, &[1][..])
    );
    assert!(!status.differs() && status.applied.is_some());
}

#[test]
fn a_unit_that_does_not_run_is_not_started() {
    let world = World::new();
    world.runs("demo.service", "inactive");
    world.apply(&[(DROP_IN, "A=1\n")]).unwrap();
    assert_eq!(world.asked(), ["daemon-reload"]);
    assert!(!world.is_active());
    world.roll_back(None).unwrap();
    assert_eq!(world.asked(), ["daemon-reload"]);
    assert!(!world.is_active());
}

#[test]
fn a_unit_that_does_not_start_gets_everything_back_and_runs_again() {
    let world = World::new();
    world.apply(&[(DROP_IN, "A=1\n")]).unwrap();
    let before = world.etc();
    let error = world
        .apply(&[(DROP_IN, "Break=1\n"), ("/etc/udev/rules.d/demo.rules", "")])
        .unwrap_err();
    let DeployError::Unhealthy { why, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(why.starts_with("it does not start: it is failed"), "{why}");
    assert_eq!(world.etc(), before);
    assert!(world.is_active());
    assert_eq!(world.text("/run/seen").unwrap(), "A=1\n");
    // What never worked is nothing to roll forward to.
    assert!(matches!(
        world.roll_back(Some(2)),
        Err(DeployError::NoGeneration { generation: 2, .. })
    ));
}

#[test]
fn what_is_there_already_is_no_change() {
    let world = World::new();
    world.apply(&[(DROP_IN, "A=1\n")]).unwrap();
    let change = world
        .claim()
        .change(&artifacts(&[(DROP_IN, "A=1\n")]))
        .unwrap();
    assert!(change.is_empty());
    assert_eq!(change.diff(), "");
}

#[test]
fn the_change_is_a_unified_diff_and_writes_nothing() {
    let world = World::new();
    world.apply(&[(DROP_IN, "A=1\nB=1\n")]).unwrap();
    let before = world.etc();
    let files = artifacts(&[
        (DROP_IN, "A=1\nB=2\n"),
        ("/etc/systemd/system/demo.timer", "T\n"),
    ]);
    let change = world.claim().change(&files).unwrap();
    assert_eq!(
        change.diff(),
        format!(
            "--- {DROP_IN}\n+++ {DROP_IN}\n@@ -1,2 +1,2 @@\n A=1\n-B=1\n+B=2\n\
             --- /dev/null\n+++ /etc/systemd/system/demo.timer\n@@ -0,0 +1 @@\n+T\n"
        )
    );
    assert_eq!(world.etc(), before);
}

#[test]
fn a_file_that_is_no_longer_wanted_goes_back_to_what_it_was() {
    let world = World::new();
    let (ours, theirs) = ("/etc/udev/rules.d/demo.conf", "/etc/modprobe.d/demo.conf");
    fs::create_dir_all(world.at("/etc/modprobe.d")).unwrap();
    fs::write(world.at(theirs), "theirs\n").unwrap();
    world.runs("demo.service", "inactive");
    let write = |files: &[(&str, &str)]| {
        let claim = world.claim();
        let change = claim.change(&artifacts(files)).unwrap();
        let deployment = claim.write(&change, &papers(), Vec::new(), Edits::Refuse);
        deployment.unwrap().keep(None).unwrap();
    };
    write(&[(DROP_IN, "A=1\n"), (ours, "x\n"), (theirs, "y\n")]);
    assert_eq!(world.text(theirs).unwrap(), "y\n");
    write(&[(DROP_IN, "A=1\n")]);
    assert_eq!(world.text(ours), None);
    assert_eq!(world.text(theirs).unwrap(), "theirs\n");
}

#[test]
fn an_edit_by_hand_is_not_replaced_unless_that_was_asked_for() {
    let world = World::new();
    world.apply(&[(DROP_IN, "A=1\n")]).unwrap();
    fs::write(world.at(DROP_IN), "A=1\nMine=1\n").unwrap();
    let files = [(DROP_IN, "A=2\n")];
    assert!(matches!(
        world.apply(&files),
        Err(DeployError::Edited { .. })
    ));
    assert_eq!(world.text(DROP_IN).unwrap(), "A=1\nMine=1\n");
    assert!(matches!(
        world.roll_back(None),
        Err(DeployError::Edited { .. })
    ));
    let status = world.store.status(&world.unit, &world.systemctl).unwrap();
    assert_eq!(status.unwrap().edited.len(), 1);
    world.apply_over(&files, Edits::Replace).unwrap();
    assert_eq!(world.text(DROP_IN).unwrap(), "A=2\n");
    // It was what was there before, so going back brings it back.
    world.roll_back(None).unwrap();
    assert_eq!(world.text(DROP_IN).unwrap(), "A=1\nMine=1\n");
}

#[test]
fn a_file_that_changes_after_it_was_shown_is_left_alone() {
    let world = World::new();
    let claim = world.claim();
    let other = "/etc/udev/rules.d/demo.conf";
    let change = claim
        .change(&artifacts(&[(DROP_IN, "A=1\n"), (other, "x\n")]))
        .unwrap();
    fs::create_dir_all(world.at("/etc/udev/rules.d")).unwrap();
    fs::write(world.at(other), "someone's\n").unwrap();
    let before = world.etc();
    let error = claim.write(&change, &papers(), Vec::new(), Edits::Refuse);
    assert!(matches!(error, Err(DeployError::Moved { .. })), "{error:?}");
    drop(error);
    assert_eq!(world.etc(), before);
    assert_eq!(claim.ledger().unwrap().pending, None);
}

#[test]
fn two_do_not_work_on_one_unit() {
    let world = World::new();
    let claim = world.claim();
    assert!(matches!(
        world.store.claim(&world.unit),
        Err(DeployError::Busy { .. })
    ));
    let other = UnitName::parse("other.service").unwrap();
    assert!(world.store.claim(&other).is_ok(), "another unit is free");
    drop(claim);
    assert!(world.store.claim(&world.unit).is_ok());
}

#[test]
fn an_apply_that_was_cut_off_is_taken_back_by_the_next_one() {
    let world = World::new();
    world.apply(&[(DROP_IN, "A=1\n")]).unwrap();
    let before = world.etc();
    {
        let claim = world.claim();
        let change = claim.change(&artifacts(&[(DROP_IN, "Break=1\n")])).unwrap();
        let units = affected(&world.systemctl, &world.unit, false).unwrap();
        let cut_off = claim.write(&change, &papers(), units, Edits::Refuse);
        assert_eq!(cut_off.unwrap().generation(), 2);
    }
    let status = world.store.status(&world.unit, &world.systemctl).unwrap();
    assert!(status.unwrap().differs());
    let claim = world.claim();
    let refused = claim.change(&artifacts(&[(DROP_IN, "A=3\n")]));
    assert!(matches!(refused, Err(DeployError::Interrupted { .. })));
    let recovered = claim.recover(&world.systemctl, &settling()).unwrap();
    assert_eq!(recovered, Some(Pending::Apply { generation: 2 }));
    assert_eq!(world.etc(), before);
    assert!(world.is_active());
    assert_eq!(claim.recover(&world.systemctl, &settling()).unwrap(), None);
}

#[test]
fn running_instances_of_a_template_are_restarted() {
    let mut world = World::new();
    world.unit = UnitName::parse("tenant@.service").unwrap();
    world.runs("tenant@a.service", "active");
    world.runs("tenant@b.service", "active");
    let drop_in = "/etc/systemd/system/tenant@.service.d/50-ringfence.conf";
    // The script knows no template's directory, so what it read cannot be looked at.
    let claim = world.claim();
    let change = claim.change(&artifacts(&[(drop_in, "A=1\n")])).unwrap();
    let units = affected(&world.systemctl, &world.unit, false).unwrap();
    let names: Vec<_> = units.iter().map(|unit| unit.name.as_str()).collect();
    assert_eq!(names, ["tenant@a.service", "tenant@b.service"]);
    let deployment = claim
        .write(&change, &papers(), units, Edits::Refuse)
        .unwrap();
    let error = deployment
        .activate(&world.systemctl, &settling())
        .unwrap_err();
    assert!(error.to_string().contains("does not read"), "{error}");
    deployment.undo(&world.systemctl, &settling()).unwrap();
    assert_eq!(world.text(drop_in), None);
    let asked = world.asked();
    for instance in ["restart tenant@a.service", "restart tenant@b.service"] {
        assert!(asked.iter().any(|line| line == instance), "{asked:?}");
    }
}

#[test]
fn a_missing_unit_and_a_masked_one_are_told_apart() {
    let world = World::new();
    let missing = UnitName::parse("missing.service").unwrap();
    assert!(matches!(
        affected(&world.systemctl, &missing, false),
        Err(DeployError::Systemctl(SystemctlError::NotFound { .. }))
    ));
    fs::write(
        world.at("/run/units/masked.service"),
        "LoadState=masked\nActiveState=inactive\n",
    )
    .unwrap();
    let masked = UnitName::parse("masked.service").unwrap();
    assert!(matches!(
        affected(&world.systemctl, &masked, true),
        Err(DeployError::Systemctl(SystemctlError::Masked { .. }))
    ));
}
