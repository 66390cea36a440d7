//! Files: what is seen, read, written and executed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ringfence_compile::native::Layer;
use ringfence_sandbox::Exit;
use ringfence_sys::process::exec;

use crate::given::{command, directory, errno, grant, holds, holds_under, plan};
use crate::{Needs, Test};

pub const TESTS: &[Test] = &[
    ("nothing_is_written_below_usr", Needs::Anyone, usr),
    (
        "a_file_that_was_not_granted_is_not_there",
        Needs::Anyone,
        hidden,
    ),
    ("a_read_grant_is_for_that_path_alone", Needs::Anyone, read),
    (
        "a_write_grant_is_for_that_directory_alone",
        Needs::Anyone,
        write,
    ),
    (
        "a_missing_file_with_a_write_grant_is_created",
        Needs::Anyone,
        create,
    ),
    (
        "a_granted_link_and_what_it_leads_to_are_there",
        Needs::Anyone,
        link,
    ),
    (
        "tmp_is_empty_and_nobody_else_sees_it",
        Needs::Anyone,
        private,
    ),
    (
        "another_program_is_not_executed",
        Needs::Anyone,
        other_program,
    ),
    (
        "the_loader_does_not_run_another_program",
        Needs::Anyone,
        loader,
    ),
    (
        "a_granted_program_is_executed",
        Needs::Anyone,
        granted_program,
    ),
    ("what_was_written_is_not_executed", Needs::Anyone, written),
    ("a_set_user_id_bit_is_not_set", Needs::Anyone, set_user_id),
    ("proc_has_what_was_granted_alone", Needs::Anyone, proc),
    ("landlock_alone_holds_files", Needs::Anyone, landlock_alone),
    ("the_view_alone_holds_files", Needs::Anyone, view_alone),
    (
        "devices_that_were_not_granted_are_not_there",
        Needs::Anyone,
        devices,
    ),
    ("a_state_directory_is_the_services_own", Needs::Root, state),
    (
        "all_of_the_host_can_be_granted_for_reading",
        Needs::Root,
        everything,
    ),
];

fn usr() {
    assert!(holds(&[], || {
        errno(fs::write("/usr/ringfence-test", "x")).is_some()
            && errno(fs::write("/usr/lib/ringfence-test", "x")).is_some()
            && fs::read_dir("/usr/bin").is_ok()
    }));
    assert!(!Path::new("/usr/ringfence-test").exists());
}

fn hidden() {
    for path in [
        "/etc/passwd",
        "/etc/shadow",
        "/root",
        "/home",
        "/sys/kernel",
        "/var/log",
    ] {
        assert!(Path::new(path).exists(), "{path} is not on this host");
        assert!(holds(&[], || !Path::new(path).exists()), "{path}");
    }
}

fn read() {
    let place = directory();
    let (granted, beside) = (place.path().join("granted"), place.path().join("beside"));
    fs::write(&granted, "content").unwrap();
    fs::write(&beside, "secret").unwrap();
    assert!(holds(&[&grant("files.read", &granted)], || {
        fs::read_to_string(&granted).is_ok_and(|text| text == "content")
            && fs::write(&granted, "changed").is_err()
            && fs::read(&beside).is_err()
    }));
    assert_eq!(fs::read_to_string(&granted).unwrap(), "content");
}

fn write() {
    let place = directory();
    let (granted, beside) = (place.path().join("granted"), place.path().join("beside"));
    for path in [&granted, &beside] {
        fs::create_dir(path).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    }
    assert!(holds(&[&grant("files.write", &granted)], || {
        fs::write(granted.join("one"), "x").is_ok()
            && fs::rename(granted.join("one"), granted.join("two")).is_ok()
            && fs::create_dir(granted.join("dir")).is_ok()
            && fs::remove_dir(granted.join("dir")).is_ok()
            && fs::write(beside.join("one"), "x").is_err()
    }));
    assert!(granted.join("two").exists());
    assert!(!beside.join("one").exists());
}

fn create() {
    let place = directory();
    let missing = place.path().join("new.log");
    assert!(holds(&[&grant("files.write", &missing)], || {
        fs::write(&missing, "line").is_ok()
    }));
    assert_eq!(fs::read_to_string(&missing).unwrap(), "line");
}

fn link() {
    let place = directory();
    fs::create_dir(place.path().join("real")).unwrap();
    fs::write(place.path().join("real/file"), "content").unwrap();
    let link = place.path().join("link");
    std::os::unix::fs::symlink("real/file", &link).unwrap();
    assert!(holds(&[&grant("files.read", &link)], || {
        fs::read_to_string(&link).is_ok_and(|text| text == "content")
            && fs::read_link(&link).is_ok_and(|target| target == Path::new("real/file"))
    }));
}

fn private() {
    let outside = tempfile::tempdir_in("/tmp").unwrap();
    let name = "/tmp/ringfence-private-test";
    assert!(holds(&[], || {
        fs::read_dir("/tmp").is_ok_and(|mut entries| entries.next().is_none())
            && fs::write(name, "x").is_ok()
            && fs::write("/dev/shm/x", "x").is_ok()
            && fs::write("/var/tmp/x", "x").is_ok()
            && !outside.path().exists()
    }));
    assert!(!Path::new(name).exists());
}

fn other_program() {
    assert!(holds(&[], || {
        let error = exec(c"/bin/ls", &[c"ls"], &[] as &[&std::ffi::CStr]);
        error.raw_os_error() == Some(13)
    }));
}

fn loader() {
    let loader = "/lib64/ld-linux-x86-64.so.2";
    if !Path::new(loader).exists() {
        return;
    }
    let (exit, text) = command(&[], &[loader, "/bin/ls", "/usr"]);
    assert!(matches!(exit, Ok(Exit::Code(1..))), "{exit:?}");
    assert_eq!(text, "");
}

fn granted_program() {
    let (exit, text) = command(
        &["files.exec /bin/ls"],
        &["/bin/sh", "-c", "/bin/ls /usr/bin/ls"],
    );
    assert_eq!(exit, Ok(Exit::Code(0)));
    assert_eq!(text, "/usr/bin/ls\n");
}

fn written() {
    assert!(holds(&[], || {
        fs::copy("/bin/true", "/tmp/program").is_ok()
            && fs::set_permissions("/tmp/program", PermissionsExt::from_mode(0o755)).is_ok()
            && exec(c"/tmp/program", &[c"x"], &[] as &[&std::ffi::CStr]).raw_os_error() == Some(13)
    }));
    let place = directory();
    fs::copy("/bin/true", place.path().join("program")).unwrap();
    let path = place.path().join("program").display().to_string();
    let (exit, _) = command(
        &[&grant("files.write", place.path())],
        &["/bin/sh", "-c", &path],
    );
    assert_eq!(exit, Ok(Exit::Code(126)));
}

fn set_user_id() {
    assert!(holds(&[], || {
        fs::write("/tmp/x", "x").is_ok()
            && errno(fs::set_permissions(
                "/tmp/x",
                PermissionsExt::from_mode(0o4755),
            )) == Some(1)
            && fs::set_permissions("/tmp/x", PermissionsExt::from_mode(0o755)).is_ok()
    }));
}

fn landlock_alone() {
    let place = directory();
    let (granted, beside) = (place.path().join("granted"), place.path().join("beside"));
    fs::write(&granted, "content").unwrap();
    fs::write(&beside, "secret").unwrap();
    let plan = plan(&[&grant("files.read", &granted)], &["/bin/true"]).without(Layer::MountView);
    assert!(holds_under(plan, || {
        fs::read(&granted).is_ok()
            && fs::write(&granted, "x").is_err()
            && errno(fs::read(&beside)) == Some(13)
            && exec(c"/bin/ls", &[c"ls"], &[] as &[&std::ffi::CStr]).raw_os_error() == Some(13)
    }));
}

fn view_alone() {
    let place = directory();
    let (granted, beside) = (place.path().join("granted"), place.path().join("beside"));
    fs::write(&granted, "content").unwrap();
    fs::write(&beside, "secret").unwrap();
    let plan = plan(&[&grant("files.read", &granted)], &["/bin/true"]).without(Layer::Landlock);
    assert!(holds_under(plan, || {
        fs::read(&granted).is_ok()
            && errno(fs::write(&granted, "x")) == Some(30)
            && errno(fs::read(&beside)) == Some(2)
            && exec(c"/bin/ls", &[c"ls"], &[] as &[&std::ffi::CStr]).raw_os_error() == Some(13)
    }));
}

fn devices() {
    assert!(holds(&[], || {
        fs::write("/dev/null", "x").is_ok()
            && fs::read("/dev/kmsg").is_err()
            && !Path::new("/dev/vda").exists()
            && !Path::new("/dev/kmsg").exists()
            && fs::read_link("/dev/fd").is_ok()
    }));
}

fn state() {
    use std::os::unix::fs::MetadataExt;
    let name = format!("ringfence-test-{}", std::process::id());
    let path = format!("/var/lib/{name}");
    let inside = format!("{path}/file");
    assert!(holds(&[&format!("dirs.state {name}")], || {
        fs::write(&inside, "x").is_ok()
    }));
    let owner = fs::metadata(&inside).unwrap().uid();
    fs::remove_dir_all(&path).unwrap();
    assert!((61184..=65519).contains(&owner), "{owner}");

    let runtime = format!("/run/{name}");
    assert!(holds(&[&format!("dirs.runtime {name}")], || {
        fs::write(format!("{runtime}/socket"), "x").is_ok()
    }));
    assert!(
        !Path::new(&runtime).exists(),
        "a runtime directory is removed"
    );
}

fn proc() {
    let closed =
        |path: &str| matches!(fs::File::open(path), Err(error) if error.raw_os_error() == Some(13));
    let empty = |path: &str| fs::read_dir(path).is_ok_and(|entries| entries.count() == 0);
    let shut = |path: &str| empty(path) || closed(path);
    let grants = [
        "files.read /proc/meminfo",
        "files.read /proc/sys/kernel/osrelease",
    ];
    let check = || {
        fs::read("/proc/meminfo").is_ok_and(|text| !text.is_empty())
            && fs::read("/proc/sys/kernel/osrelease").is_ok()
            && fs::read("/proc/self/status").is_ok()
            && closed("/proc/kmsg")
            && closed("/proc/cpuinfo")
            && closed("/proc/sys/kernel/core_pattern")
            && shut("/proc/sys/vm")
            && shut("/proc/irq")
    };
    assert!(holds(&grants, check));
    if rustix::process::getuid().is_root() {
        let root = [
            "service.user root",
            "process.capability CAP_SYS_ADMIN",
            "process.capability CAP_SYSLOG",
            "process.capability CAP_DAC_OVERRIDE",
        ];
        assert!(holds(&[root.as_slice(), &grants].concat(), check));
        let all = [root.as_slice(), &["proc.sys"]].concat();
        assert!(holds(&all, || {
            closed("/proc/kmsg")
                && fs::File::open("/proc/kcore").is_err()
                && fs::read("/proc/cpuinfo").is_ok()
        }));
    }
}

fn everything() {
    assert!(holds(&["files.read /"], || {
        fs::read("/etc/passwd").is_ok()
            && fs::read_dir("/").is_ok()
            && fs::read_dir("/proc").is_ok_and(|entries| entries.count() < 60)
            && fs::write("/tmp/x", "x").is_ok()
            && fs::write("/srv/x", "x").is_err()
    }));
}
