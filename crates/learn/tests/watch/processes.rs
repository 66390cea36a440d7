//! Forks, threads, execs, signals and ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ringfence_policy::grant::Resource;
use ringfence_policy::trace::{Fact, Outcome, Phase, Touch};

use crate::Test;
use crate::trace::{Ask, PYTHON, act, perform, python, watched};

pub const TESTS: &[Test] = &[
    (
        "a_program_that_does_nothing_ends_well",
        a_program_that_does_nothing_ends_well,
    ),
    (
        "a_missing_program_is_an_error_before_anything_starts",
        a_missing_program_is_an_error_before_anything_starts,
    ),
    ("pipes_and_forks_are_followed", pipes_and_forks_are_followed),
    ("threads_are_counted", threads_are_counted),
    ("a_thread_may_execute", a_thread_may_execute),
    (
        "a_daemon_is_followed_after_its_parent_is_gone",
        a_daemon_is_followed_after_its_parent_is_gone,
    ),
    ("a_wrapper_is_not_the_service", a_wrapper_is_not_the_service),
    (
        "a_service_that_ignores_sigterm_is_killed",
        a_service_that_ignores_sigterm_is_killed,
    ),
    ("a_service_that_waits_is_idle", a_service_that_waits_is_idle),
    (
        "a_stopped_process_stays_stopped_and_goes_on",
        a_stopped_process_stays_stopped_and_goes_on,
    ),
    (
        "a_child_killed_in_a_call_is_a_loss",
        a_child_killed_in_a_call_is_a_loss,
    ),
    (
        "ids_and_the_capabilities_for_them_are_told",
        ids_and_the_capabilities_for_them_are_told,
    ),
    ("writable_code_is_an_argument", writable_code_is_an_argument),
    (
        "a_denied_call_is_told_and_fails",
        a_denied_call_is_told_and_fails,
    ),
];

fn a_program_that_does_nothing_ends_well(top: &Path) {
    let trace = watched(top, ["true"]);
    let run = trace.run();
    assert_eq!(run.exec.to_string(), "/usr/bin/true");
    assert_eq!(run.argv, ["true"]);
    assert!(run.typed.is_empty());
    assert_eq!(run.ended.as_deref(), Some("exit 0"));
    assert_eq!(run.directory.as_path(), top);
    assert_eq!(run.sha256.len(), 64);
    assert!(trace.is_complete());
    assert!(trace.has(
        |fact| matches!(fact, Fact::Exec { interpreter: Some(linker), .. }
        if linker.to_string().contains("/ld-"))
    ));
    assert!(
        trace.has(|fact| matches!(fact, Fact::Code { path } if path.to_string().contains("libc")))
    );
}

fn a_missing_program_is_an_error_before_anything_starts(top: &Path) {
    let output = act("watch", top).arg("no-such-program").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.starts_with("start `no-such-program`: "), "{text}");
}

fn pipes_and_forks_are_followed(top: &Path) {
    let trace = watched(
        top,
        [
            "sh",
            "-c",
            "echo x | cat | (cat > out); /bin/rm out; nothing-here || true",
        ],
    );
    assert!(trace.executed("/usr/bin/cat"));
    assert!(trace.executed("/usr/bin/rm"));
    assert_eq!(
        trace.touches(&top.join("out")),
        [
            (Touch::Probe, Outcome::Done),
            (Touch::Create, Outcome::Done),
            (Touch::Remove, Outcome::Done)
        ]
    );
    assert!(trace.peaks()[&Resource::TasksMax] >= 3);
    assert!(trace.is_complete(), "{:?}", trace.run().loss);
}

fn threads_are_counted(top: &Path) {
    let trace = python(
        top,
        "import threading\n\
         barrier = threading.Barrier(8)\n\
         def work(n):\n\
         \x20   barrier.wait(); open('t%d' % n, 'w').close(); barrier.wait()\n\
         threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]\n\
         [t.start() for t in threads]; [t.join() for t in threads]\n",
    );
    assert!(trace.peaks()[&Resource::TasksMax] >= 9);
    for n in 0..8 {
        let touches = trace.touches(&top.join(format!("t{n}")));
        assert!(touches.contains(&(Touch::Create, Outcome::Done)));
    }
    assert_eq!(trace.run().ended.as_deref(), Some("exit 0"));
}

fn a_thread_may_execute(top: &Path) {
    let trace = python(
        top,
        "import os, threading\n\
         lock = threading.Lock(); lock.acquire()\n\
         threading.Thread(target=lock.acquire, daemon=True).start()\n\
         threading.Thread(target=lambda: os.execv('/bin/sh', ['sh', '-c', 'echo > out'])).start()\n\
         lock.acquire()\n",
    );
    assert!(trace.executed("/usr/bin/dash"));
    assert!(
        trace
            .touches(&top.join("out"))
            .contains(&(Touch::Create, Outcome::Done))
    );
    assert_eq!(trace.run().ended.as_deref(), Some("exit 0"));
}

fn a_daemon_is_followed_after_its_parent_is_gone(top: &Path) {
    let trace = python(
        top,
        "import os\n\
         main = os.getpid()\n\
         if os.fork() == 0:\n\
         \x20   os.setsid()\n\
         \x20   if os.fork() == 0:\n\
         \x20       while os.path.exists('/proc/%d' % main): pass\n\
         \x20       open('daemon', 'w').close()\n\
         \x20   os._exit(0)\n",
    );
    assert!(
        trace
            .touches(&top.join("daemon"))
            .contains(&(Touch::Create, Outcome::Done))
    );
    assert_eq!(trace.run().ended.as_deref(), Some("exit 0"));
}

fn a_wrapper_is_not_the_service(top: &Path) {
    fs::write(top.join("file"), "x").unwrap();
    fs::write(
        top.join("shim"),
        "#!/bin/sh\ntest -e chosen || true\nexec /bin/cat \"$@\"\n",
    )
    .unwrap();
    fs::set_permissions(top.join("shim"), PermissionsExt::from_mode(0o755)).unwrap();

    let trace = watched(top, ["./shim", "file"]);

    let run = trace.run();
    assert_eq!(run.exec.to_string(), "/usr/bin/cat");
    assert_eq!(run.argv, ["/bin/cat", "file"]);
    assert_eq!(run.typed, ["./shim", "file"]);
    let service: Vec<_> = trace.service_facts().map(|(fact, _)| fact).collect();
    assert!(
        service.iter().any(
            |fact| matches!(fact, Fact::Exec { path, .. } if path.to_string() == "/usr/bin/cat")
        )
    );
    let text = format!("{service:?}");
    assert!(!text.contains("dash") && !text.contains("chosen"), "{text}");
    assert!(trace.in_phase(Phase::Wrapper, |fact| {
        matches!(fact, Fact::Exec { path, interpreter: Some(shell) }
            if path.as_path() == top.join("shim") && shell.to_string() == "/usr/bin/dash")
    }));
}

fn a_service_that_ignores_sigterm_is_killed(top: &Path) {
    let trace = perform(act("stop", top).args([
        PYTHON,
        "-S",
        "-c",
        "import signal\n\
         signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
         open('ready', 'w').close()\n\
         while True: signal.pause()\n",
    ]));
    assert_eq!(trace.run().ended.as_deref(), Some("signal 9"));
    assert!(trace.in_phase(Phase::Stop, |fact| matches!(
        fact,
        Fact::SignalReceived { signal: 15 }
    )));
}

fn a_service_that_waits_is_idle(top: &Path) {
    let trace = perform(act("idle", top).args(["sh", "-c", "mkfifo p; cat p"]));
    assert_eq!(trace.run().ended.as_deref(), Some("signal 9"));
    assert!(trace.executed("/usr/bin/cat"));
}

fn a_stopped_process_stays_stopped_and_goes_on(top: &Path) {
    let trace = python(
        top,
        "import os, signal\n\
         child = os.fork()\n\
         if child == 0:\n\
         \x20   os.kill(os.getpid(), signal.SIGSTOP)\n\
         \x20   os._exit(7)\n\
         assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])\n\
         assert os.waitpid(child, os.WNOHANG) == (0, 0)\n\
         os.kill(child, signal.SIGCONT)\n\
         assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n",
    );
    assert_eq!(trace.run().ended.as_deref(), Some("exit 0"));
    for signal in [18, 19] {
        assert!(trace.has(|fact| *fact == Fact::SignalSent { signal, own: true }));
        assert!(!trace.has(|fact| *fact == Fact::SignalReceived { signal }));
    }
}

fn a_child_killed_in_a_call_is_a_loss(top: &Path) {
    let trace = python(
        top,
        "import os, signal\n\
         os.mkfifo('p')\n\
         child = os.fork()\n\
         if child == 0:\n\
         \x20   os.open('p', os.O_RDONLY)\n\
         while True:\n\
         \x20   with open('/proc/%d/syscall' % child) as f: line = f.read()\n\
         \x20   if line.split()[0] in ('257', '56'): break\n\
         os.kill(child, signal.SIGKILL)\n\
         os.waitpid(child, 0)\n",
    );
    assert_eq!(trace.run().ended.as_deref(), Some("exit 0"));
    assert!(!trace.is_complete());
    assert!(
        trace
            .run()
            .loss
            .why
            .iter()
            .any(|why| why.contains("killed"))
    );
}

fn ids_and_the_capabilities_for_them_are_told(top: &Path) {
    if !rustix::process::geteuid().is_root() {
        let trace = python(top, "import os\ntry: os.setuid(0)\nexcept OSError: pass\n");
        assert!(!trace.has(|fact| matches!(fact, Fact::Become { .. })));
        return;
    }
    let trace = python(
        top,
        "import os\n\
         os.setgroups([]); os.setgid(65534); os.setuid(65534)\n\
         try: os.open('/etc/shadow', os.O_RDONLY)\n\
         except OSError: pass\n",
    );
    assert!(trace.has(|fact| matches!(fact,
        Fact::Become { uid: 65534, user: Some(user), gid: 65534, .. } if user == "nobody")));
    assert!(trace.has_capability("CAP_SETUID"));
    assert!(trace.has_capability("CAP_SETGID"));
    assert!(!trace.has_capability("CAP_DAC_READ_SEARCH"));
    assert_eq!(
        trace.touches(Path::new("/etc/shadow")),
        [(Touch::Read, Outcome::Denied)]
    );
}

fn writable_code_is_an_argument(top: &Path) {
    let trace = python(top, "import mmap\nmmap.mmap(-1, 4096, prot=7)\n");
    assert!(trace.has(|fact| matches!(fact,
        Fact::Argument { call, index: 2, value: 6 } if call.as_str() == "mmap")));
    let trace = python(top, "import mmap\nmmap.mmap(-1, 4096)\n");
    assert!(!trace.has(|fact| matches!(fact, Fact::Argument { .. })));
}

fn a_denied_call_is_told_and_fails(top: &Path) {
    let trace = perform(act("deny", top).args(["/bin/sh", "-c", "mkdir made; : > out"]));
    let told = fs::read_to_string(top.join("told")).unwrap();
    assert!(!top.join("made").exists());
    assert!(top.join("out").exists());
    let made = top.join("made");
    assert_eq!(trace.touches(&made), [(Touch::Create, Outcome::Denied)]);
    assert!(told.contains("1 Syscall"), "{told}");
    assert!(told.contains("1 File"), "{told}");
}
