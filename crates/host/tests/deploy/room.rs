//! Disks that are full or read-only. These mount, in a mount namespace of the test's own thread, and so
//! take root.

use std::fs;
use std::path::Path;

use ringfence_host::deploy::DeployError;
use ringfence_sys::namespace::{Namespaces, unshare};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change, mount_remount};

use super::world::{DROP_IN, World};

const OTHER: &str = "/etc/systemd/system/other.conf.d/x.conf";

/// Gives this thread mounts of its own.
fn apart() {
    unshare(Namespaces::MOUNT).unwrap();
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).unwrap();
}

/// Mounts a file system with room for this many pages.
fn mount_small(directory: &Path, pages: usize) {
    let size = format!("size={}k,mode=755\0", pages * 4);
    let size = std::ffi::CStr::from_bytes_with_nul(size.as_bytes()).unwrap();
    mount("tmpfs", directory, "tmpfs", MountFlags::empty(), Some(size)).unwrap();
}

/// Applies with less and less room in a directory, until there is enough. As long as there is not, nothing
/// changes.
fn with_little_room_in(directory: &str) {
    apart();
    let (mut full, mut enough) = (0, 0);
    for pages in 1..40 {
        let world = World::new();
        let small = world.at(directory);
        mount_small(&small, pages);
        fs::create_dir_all(world.at("/etc/systemd/system/demo.service.d")).unwrap();
        fs::write(world.at(DROP_IN), "Theirs=1\n").unwrap();
        let before = world.etc();
        // More than a page, so that a write can end in the middle.
        let long = "A=1\n".repeat(1500);
        match world.apply(&[(DROP_IN, &long), (OTHER, &long)]) {
            Ok(generation) => {
                assert_eq!(generation, 1);
                assert_eq!(world.text(DROP_IN).unwrap(), long);
                assert_eq!(world.text(OTHER).unwrap(), long);
                enough += 1;
            }
            Err(DeployError::Write { source, .. }) => {
                assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
                assert_eq!(world.etc(), before, "with {pages} pages");
                assert!(world.is_active());
                full += 1;
                // With room again, it goes on as if nothing had been.
                let unlimited = c"size=1m";
                mount_remount(&small, MountFlags::empty(), unlimited).unwrap();
                world.apply(&[(DROP_IN, &long)]).unwrap();
                assert_eq!(world.text(DROP_IN).unwrap(), long);
                world.roll_back(None).unwrap();
                assert_eq!(world.etc(), before);
            }
            Err(error) => panic!("with {pages} pages: {error:?}"),
        }
        rustix::mount::unmount(&small, rustix::mount::UnmountFlags::DETACH).unwrap();
    }
    assert!(full >= 3 && enough >= 3, "{full} full, {enough} enough");
}

#[test]
fn a_full_disk_below_etc_changes_nothing() {
    with_little_room_in("/etc/systemd");
}

#[test]
fn a_full_disk_below_var_changes_nothing() {
    with_little_room_in("/var/lib");
}

#[test]
fn a_read_only_etc_changes_nothing() {
    apart();
    let world = World::new();
    let etc = world.at("/etc/systemd");
    mount_small(&etc, 64);
    fs::create_dir_all(world.at("/etc/systemd/system")).unwrap();
    let none = c"";
    mount_remount(&etc, MountFlags::RDONLY, none).unwrap();
    let error = world.apply(&[(DROP_IN, "A=1\n")]).unwrap_err();
    let DeployError::Write { path, source } = &error else {
        panic!("{error:?}");
    };
    assert!(path.ends_with("demo.service.d"), "{path}");
    assert_eq!(source.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
    assert_eq!(world.claim().ledger().unwrap().pending, None);
    assert!(world.is_active());
}
