//! Who a service is.

use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::process::{Uid, getgid, getuid};
use rustix::thread::set_thread_res_uid;

use crate::given::{directory, grant, holds};
use crate::{Needs, Test};

pub const TESTS: &[Test] = &[
    ("a_dynamic_user_has_an_id_of_its_own", Needs::Root, dynamic),
    ("an_ordinary_user_stays_itself", Needs::Anyone, own),
    ("a_named_user_has_its_id_and_groups", Needs::Root, named),
    ("root_becomes_only_whom_it_drops_to", Needs::Root, drops_to),
    (
        "a_capability_is_kept_across_the_change_of_user",
        Needs::Root,
        capability,
    ),
];

fn dynamic() {
    let place = directory();
    let file = place.path().join("file");
    assert!(holds(
        &["service.user dynamic", &grant("files.write", place.path())],
        || { (61184..=65519).contains(&getuid().as_raw()) && fs::write(&file, "x").is_ok() }
    ));
    let owner = fs::metadata(&file).unwrap().uid();
    assert!(
        (61184..=65519).contains(&owner),
        "the id on the host is {owner}"
    );
}

fn own() {
    let outside = getuid();
    if !outside.is_root() {
        assert!(holds(&["service.user dynamic"], || getuid() == outside));
    }
}

fn named() {
    assert!(holds(&["service.user nobody"], || {
        getuid().as_raw() == 65534 && getgid().as_raw() == 65534
    }));
}

fn drops_to() {
    let grants = [
        "service.user root",
        "service.drops_to nobody",
        "process.capability CAP_SETUID",
        "process.capability CAP_SETGID",
    ];
    let become_user = |id: u32| {
        let uid = Uid::from_raw(id);
        set_thread_res_uid(uid, uid, uid).is_ok()
    };
    assert!(holds(&grants, || {
        getuid().is_root() && become_user(65534) && !become_user(0)
    }));
    assert!(holds(&grants, || !become_user(1)));
}

fn capability() {
    let grants = [
        "process.capability CAP_NET_BIND_SERVICE",
        "net.bind tcp:1-1023",
    ];
    assert!(holds(&grants, || {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        !getuid().is_root() && status.contains("CapEff:\t0000000000000400")
    }));
    let (exit, text) = crate::given::command(
        &[grants[0], grants[1], "files.exec /bin/grep"],
        &["/bin/grep", "CapEff", "/proc/self/status"],
    );
    assert_eq!(exit, Ok(ringfence_sandbox::Exit::Code(0)));
    assert_eq!(text, "CapEff:\t0000000000000400\n");
}
