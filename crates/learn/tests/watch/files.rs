//! Paths as the kernel resolved them.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use ringfence_policy::grant::Resource;
use ringfence_policy::trace::{Fact, Object, Outcome, Permission, Touch};

use crate::Test;
use crate::trace::{Ask, python, watched};

pub const TESTS: &[Test] = &[
    (
        "every_link_on_the_way_is_a_fact",
        every_link_on_the_way_is_a_fact,
    ),
    (
        "descriptors_of_directories_are_followed",
        descriptors_of_directories_are_followed,
    ),
    (
        "names_that_are_not_utf_8_are_kept",
        names_that_are_not_utf_8_are_kept,
    ),
    (
        "each_way_to_open_is_told_apart",
        each_way_to_open_is_told_apart,
    ),
    (
        "names_are_made_renamed_and_removed",
        names_are_made_renamed_and_removed,
    ),
    (
        "a_file_missing_at_first_is_seen_when_it_is_there",
        a_file_missing_at_first_is_seen_when_it_is_there,
    ),
    (
        "the_bits_that_allowed_an_access_are_told",
        the_bits_that_allowed_an_access_are_told,
    ),
    (
        "a_changed_root_does_not_hide_where_files_are",
        a_changed_root_does_not_hide_where_files_are,
    ),
    (
        "the_own_process_directory_has_no_number",
        the_own_process_directory_has_no_number,
    ),
    (
        "a_link_turned_around_by_the_service_is_seen_again",
        a_link_turned_around_by_the_service_is_seen_again,
    ),
    (
        "a_hundred_thousand_names_stay_few_facts",
        a_hundred_thousand_names_stay_few_facts,
    ),
    ("a_32_bit_call_is_not_misread", a_32_bit_call_is_not_misread),
];

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn every_link_on_the_way_is_a_fact(top: &Path) {
    fs::create_dir_all(top.join("real/deep")).unwrap();
    fs::write(top.join("real/deep/file"), "x").unwrap();
    symlink("real", top.join("one")).unwrap();
    symlink(top.join("one/deep"), top.join("two")).unwrap();
    symlink("two/file", top.join("three")).unwrap();

    let trace = watched(top, ["cat", "three"]);

    assert_eq!(
        trace.touches(&top.join("real/deep/file")),
        [(Touch::Read, Outcome::Done)]
    );
    assert_eq!(trace.link(&top.join("three")).as_deref(), Some("two/file"));
    assert_eq!(
        trace.link(&top.join("two")),
        top.join("one/deep").to_str().map(str::to_owned)
    );
    assert_eq!(trace.link(&top.join("one")).as_deref(), Some("real"));
    assert!(trace.of(&top.join("three")).is_empty());
    assert!(trace.is_complete(), "{:?}", trace.run().loss);
}

fn descriptors_of_directories_are_followed(top: &Path) {
    fs::create_dir_all(top.join("a/b")).unwrap();
    fs::write(top.join("a/b/file"), "x").unwrap();
    let trace = python(
        top,
        "import os\n\
         fd = os.open('a', os.O_RDONLY)\n\
         os.open('b/../b/file', os.O_RDONLY, dir_fd=fd)\n\
         os.stat('missing', dir_fd=fd) if os.access('b', os.R_OK, dir_fd=fd) and 0 else None\n\
         os.fchdir(fd)\n\
         os.mkdir('made')\n",
    );
    assert_eq!(
        trace.touches(&top.join("a")),
        [(Touch::List, Outcome::Done)]
    );
    assert_eq!(
        trace.touches(&top.join("a/b/file")),
        [(Touch::Read, Outcome::Done)]
    );
    assert_eq!(
        trace.touches(&top.join("a/b")),
        [(Touch::Probe, Outcome::Done)]
    );
    assert_eq!(
        trace.touches(&top.join("a/made")),
        [(Touch::Create, Outcome::Done)]
    );
}

fn names_that_are_not_utf_8_are_kept(top: &Path) {
    let name = OsStr::from_bytes(b"\xff*\n");
    fs::write(top.join(name), "x").unwrap();
    let trace = watched(top, [OsStr::new("cat"), name]);
    assert_eq!(
        trace.touches(&top.join(name)),
        [(Touch::Read, Outcome::Done)]
    );
    assert_eq!(trace.run().argv, ["cat", "\\xff\\x2a\\x0a"]);
}

fn each_way_to_open_is_told_apart(top: &Path) {
    for name in ["append", "write", "truncate", "both", "path"] {
        fs::write(top.join(name), "x").unwrap();
    }
    let trace = python(
        top,
        "import os\n\
         os.open('append', os.O_WRONLY | os.O_APPEND)\n\
         os.open('write', os.O_WRONLY)\n\
         os.open('truncate', os.O_WRONLY | os.O_APPEND | os.O_TRUNC)\n\
         os.open('both', os.O_RDWR | os.O_APPEND)\n\
         os.open('path', os.O_PATH)\n\
         os.open('new', os.O_WRONLY | os.O_CREAT)\n\
         os.open('new', os.O_WRONLY | os.O_CREAT)\n\
         os.mkdir('d'); os.open('d', os.O_WRONLY | os.O_TMPFILE)\n\
         os.memfd_create('x')\n",
    );
    let touch = |name: &str| trace.touches(&top.join(name));
    assert_eq!(touch("append"), [(Touch::Append, Outcome::Done)]);
    assert_eq!(touch("write"), [(Touch::Write, Outcome::Done)]);
    assert_eq!(touch("truncate"), [(Touch::Write, Outcome::Done)]);
    assert_eq!(touch("both"), [(Touch::Write, Outcome::Done)]);
    assert_eq!(touch("path"), [(Touch::Probe, Outcome::Done)]);
    assert_eq!(
        touch("new"),
        [
            (Touch::Write, Outcome::Done),
            (Touch::Create, Outcome::Done)
        ]
    );
    assert!(
        trace
            .of(&top.join("d"))
            .iter()
            .any(|seen| seen.beneath && seen.touch == Touch::Create)
    );
    assert!(!trace.has(|fact| format!("{fact:?}").contains("memfd:")));
}

fn names_are_made_renamed_and_removed(top: &Path) {
    let trace = python(
        top,
        "import os\n\
         os.mkdir('d'); os.mkfifo('d/p'); os.symlink('p', 'd/l'); os.link('d/p', 'd/h')\n\
         open('d/t', 'w').close(); os.rename('d/t', 'd/f'); os.chmod('d/f', 0o600)\n\
         os.unlink('d/f')\n\
         try: os.rmdir('d')\n\
         except OSError: pass\n",
    );
    let of = |name: &str| trace.of(&top.join(name));
    assert!(
        of("d")
            .iter()
            .any(|s| s.touch == Touch::Create && s.object == Object::Directory)
    );
    assert!(
        of("d/p")
            .iter()
            .any(|s| s.touch == Touch::Create && s.object == Object::Fifo)
    );
    assert!(
        of("d/l")
            .iter()
            .any(|s| s.touch == Touch::Create && s.object == Object::Link)
    );
    assert_eq!(
        trace.touches(&top.join("d/h")),
        [(Touch::Create, Outcome::Done)]
    );
    assert!(
        of("d/t")
            .iter()
            .any(|s| s.touch == Touch::Remove && s.object == Object::Regular)
    );
    assert!(of("d/f").iter().any(|s| s.touch == Touch::Rename));
    assert!(
        of("d/f")
            .iter()
            .any(|s| s.touch == Touch::Metadata && s.permission == Permission::Owner)
    );
    assert!(
        of("d/f")
            .iter()
            .any(|s| s.touch == Touch::Remove && s.outcome == Outcome::Done)
    );
    assert!(
        of("d")
            .iter()
            .any(|s| s.touch == Touch::Remove && s.outcome == Outcome::Failed)
    );
}

fn a_file_missing_at_first_is_seen_when_it_is_there(top: &Path) {
    let trace = python(
        top,
        "import os\n\
         for n in range(3):\n\
         \x20   try: os.open('late', os.O_RDONLY)\n\
         \x20   except FileNotFoundError: pass\n\
         \x20   if n == 1: os.mknod('late')\n",
    );
    let touches = trace.touches(&top.join("late"));
    assert!(
        touches.contains(&(Touch::Read, Outcome::Missing)),
        "{touches:?}"
    );
    assert!(
        touches.contains(&(Touch::Read, Outcome::Done)),
        "{touches:?}"
    );
}

fn the_bits_that_allowed_an_access_are_told(top: &Path) {
    for (name, mode) in [("others", 0o644), ("owner", 0o600), ("nobodys", 0o000)] {
        fs::write(top.join(name), "x").unwrap();
        fs::set_permissions(top.join(name), PermissionsExt::from_mode(mode)).unwrap();
    }
    let trace = python(
        top,
        "for name in ('others', 'owner', 'nobodys'):\n\
         \x20   try: open(name).close()\n\
         \x20   except OSError: pass\n",
    );
    let of = |name: &str| trace.of(&top.join(name))[0];
    assert_eq!(of("others").permission, Permission::Others);
    assert_eq!(of("owner").permission, Permission::Owner);
    if is_root() {
        assert_eq!(of("nobodys").permission, Permission::Override);
        assert!(trace.has_capability("CAP_DAC_READ_SEARCH"));
    } else {
        assert_eq!(of("nobodys").outcome, Outcome::Denied);
    }
}

fn a_changed_root_does_not_hide_where_files_are(top: &Path) {
    fs::create_dir_all(top.join("jail/in")).unwrap();
    fs::write(top.join("jail/in/file"), "x").unwrap();
    symlink("/in/file", top.join("jail/link")).unwrap();
    if !is_root() {
        let trace = python(
            top,
            "import os\ntry: os.chroot('jail')\nexcept OSError: pass\n",
        );
        assert_eq!(
            trace.touches(&top.join("jail")),
            [(Touch::Root, Outcome::Denied)]
        );
        return;
    }
    let trace = python(
        top,
        "import os\n\
         os.chroot('jail'); os.chdir('/')\n\
         os.open('/../link', os.O_RDONLY); os.stat('in/../missing/x') if 0 else None\n\
         os.mkdir('/made')\n",
    );
    assert_eq!(
        trace.touches(&top.join("jail")),
        [(Touch::List, Outcome::Done), (Touch::Root, Outcome::Done)]
    );
    assert_eq!(
        trace.touches(&top.join("jail/in/file")),
        [(Touch::Read, Outcome::Done)]
    );
    assert_eq!(
        trace.link(&top.join("jail/link")).as_deref(),
        Some("/in/file")
    );
    assert_eq!(
        trace.touches(&top.join("jail/made")),
        [(Touch::Create, Outcome::Done)]
    );
    assert!(trace.has_capability("CAP_SYS_CHROOT"));
}

fn the_own_process_directory_has_no_number(top: &Path) {
    let trace = python(
        top,
        "import os\n\
         open('/proc/self/status').close()\n\
         open('/proc/%d/maps' % os.getpid()).close()\n\
         os.stat('/proc/thread-self/comm')\n\
         os.readlink('/proc/self/exe')\n",
    );
    let read = [(Touch::Read, Outcome::Done)];
    assert_eq!(trace.touches(Path::new("/proc/self/status")), read);
    assert_eq!(trace.touches(Path::new("/proc/self/maps")), read);
    let looked = [(Touch::Probe, Outcome::Done)];
    assert_eq!(
        trace.touches(Path::new("/proc/self/task/self/comm")),
        looked
    );
    assert_eq!(trace.touches(Path::new("/proc/self/exe")), looked);
}

fn a_link_turned_around_by_the_service_is_seen_again(top: &Path) {
    for name in ["old", "new"] {
        fs::create_dir(top.join(name)).unwrap();
        fs::write(top.join(name).join("file"), "x").unwrap();
    }
    let trace = python(
        top,
        "import os\n\
         for target in ('old', 'new'):\n\
         \x20   os.symlink(target, 'next'); os.rename('next', 'current')\n\
         \x20   open('current/file').close()\n",
    );
    let read = [(Touch::Read, Outcome::Done)];
    assert_eq!(trace.touches(&top.join("old/file")), read);
    assert_eq!(trace.touches(&top.join("new/file")), read);
}

fn a_hundred_thousand_names_stay_few_facts(top: &Path) {
    let trace = python(
        top,
        "import os\n\
         for n in range(100000):\n\
         \x20   os.mkdir(str(n)); os.rmdir(str(n))\n",
    );
    assert!(trace.len() < 600, "{}", trace.len());
    for touch in [Touch::Create, Touch::Remove] {
        assert!(
            trace
                .of(top)
                .iter()
                .any(|seen| seen.beneath && seen.touch == touch)
        );
    }
    assert!(trace.is_complete());
    assert_eq!(trace.peaks()[&Resource::TasksMax], 1);
}

#[cfg(target_arch = "x86_64")]
fn a_32_bit_call_is_not_misread(top: &Path) {
    const PROGRAM: &str = r#"
        static const char path[] = "/etc/hostname";
        static long call(long number, long a, long b) {
            long result;
            __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b) : "memory");
            return result;
        }
        void _start(void) {
            call(5, (long)path, 0);      /* open */
            call(102, 1, 0);             /* socketcall */
            call(1, 0, 0);               /* exit */
        }
    "#;
    fs::write(top.join("x.c"), PROGRAM).unwrap();
    let built = std::process::Command::new("cc")
        .args(["-static", "-nostdlib", "-no-pie", "-o", "x", "x.c"])
        .current_dir(top)
        .status()
        .unwrap();
    assert!(built.success());
    let trace = watched(top, ["./x"]);
    if trace.run().ended.as_deref() == Some("signal 11") {
        // The kernel was built without, or told to refuse, 32-bit calls.
        return;
    }
    let touches = trace.touches(Path::new("/etc/hostname"));
    assert_eq!(touches.len(), 1, "{touches:?}");
    assert_eq!(touches[0].0, Touch::Read);
    assert!(trace.has(|fact| matches!(fact, Fact::Syscall { name } if name.as_str() == "open")));
    assert!(!trace.is_complete());
    assert!(
        trace
            .run()
            .loss
            .why
            .iter()
            .any(|why| why.contains("socketcall"))
    );
}

#[cfg(not(target_arch = "x86_64"))]
fn a_32_bit_call_is_not_misread(top: &Path) {
    // A foreign entry exists on x86 alone; here the native one must not be taken for one.
    assert!(watched(top, ["true"]).is_complete());
}
