//! Directories and links that someone else could have put there.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

use ringfence_host::deploy::DeployError;

use super::world::{DROP_IN, World};

fn refused(world: &World) -> String {
    let error = world.apply(&[(DROP_IN, "A=1\n")]).unwrap_err();
    assert!(matches!(error, DeployError::Unsafe { .. }), "{error:?}");
    assert_eq!(
        world.asked(),
        [""; 0],
        "the manager is not asked for anything"
    );
    error.to_string()
}

#[test]
fn a_link_in_place_of_the_directory_is_not_followed() {
    let world = World::new();
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(
        elsewhere.path(),
        world.at("/etc/systemd/system/demo.service.d"),
    )
    .unwrap();
    let why = refused(&world);
    assert!(
        why.ends_with("demo.service.d: it is a symbolic link"),
        "{why}"
    );
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_link_in_place_of_the_file_is_neither_followed_nor_replaced() {
    let world = World::new();
    let target = tempfile::NamedTempFile::new().unwrap();
    fs::write(target.path(), "theirs").unwrap();
    fs::create_dir(world.at("/etc/systemd/system/demo.service.d")).unwrap();
    symlink(target.path(), world.at(DROP_IN)).unwrap();
    let why = refused(&world);
    assert!(
        why.ends_with("50-ringfence.conf: it is a symbolic link"),
        "{why}"
    );
    assert_eq!(fs::read_to_string(target.path()).unwrap(), "theirs");
    assert!(world.at(DROP_IN).is_symlink());
}

#[test]
fn a_directory_that_others_can_write_to_is_refused() {
    let world = World::new();
    let directory = world.at("/etc/systemd/system");
    for mode in [0o777, 0o775, 0o1777] {
        fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
        let why = refused(&world);
        assert!(
            why.contains("others than its owner can write to it"),
            "{why}"
        );
    }
}

#[test]
fn a_directory_of_another_user_is_refused() {
    let world = World::new();
    chown(world.at("/etc/systemd"), Some(65_534), None).unwrap();
    let why = refused(&world);
    assert!(why.ends_with("it belongs to user 65534"), "{why}");
}

#[test]
fn a_store_that_others_can_write_to_is_refused() {
    let world = World::new();
    let store = world.at("/var/lib/ringfence");
    fs::create_dir(&store).unwrap();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o757)).unwrap();
    let why = refused(&world);
    assert!(
        why.contains("/var/lib/ringfence: others than its owner"),
        "{why}"
    );
}

#[test]
fn leftovers_beside_the_file_are_replaced_even_when_they_are_links() {
    let world = World::new();
    let target = tempfile::NamedTempFile::new().unwrap();
    fs::write(target.path(), "theirs").unwrap();
    let directory = world.at("/etc/systemd/system/demo.service.d");
    fs::create_dir(&directory).unwrap();
    for name in [
        ".50-ringfence.conf.ringfence-new",
        ".50-ringfence.conf.ringfence-old",
    ] {
        symlink(target.path(), directory.join(name)).unwrap();
    }
    world.apply(&[(DROP_IN, "A=1\n")]).unwrap();
    assert_eq!(fs::read_to_string(target.path()).unwrap(), "theirs");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
}
