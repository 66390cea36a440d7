//! Makes every attempt for real, as root and as nobody, and looks whether the machine is as it was.
//!
//! A program of its own with one thread, because attempts fork. Secrets are decoys in a directory that
//! stands for the root of the file system: no file of this machine is looked for.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test, although not one that Clippy recognizes"
)]

mod decoy;
mod machine;

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use decoy::Decoy;
use machine::Machine;
use ringfence_policy::policy::Policy;
use ringfence_prove::{
    Attempt, Bare, BareResult, Confined, ConfinedResult, Context, End, How, Outcome, Reach, Report,
    RunError, Runner, Subject, attempts, prove, schema,
};
use rustix::thread::CapabilitySet;

const NOBODY: u32 = 65534;

/// Other tests share the machine; what is looked at here is not how fast it is.
const PATIENCE: Duration = Duration::from_mins(1);

fn main() {
    let tests: &[(&str, fn())] = &[
        (
            "every_attempt_leaves_the_machine_as_it_was",
            every_attempt_leaves_the_machine_as_it_was,
        ),
        (
            "a_confinement_gets_no_credit_and_a_hole_no_excuse",
            a_confinement_gets_no_credit_and_a_hole_no_excuse,
        ),
        (
            "a_grant_explains_only_what_it_covers",
            a_grant_explains_only_what_it_covers,
        ),
        (
            "a_runner_says_why_it_knows_nothing",
            a_runner_says_why_it_knows_nothing,
        ),
        (
            "limits_that_hold_are_seen_to_hold",
            limits_that_hold_are_seen_to_hold,
        ),
        (
            "a_report_of_a_real_run_fits_its_schema",
            a_report_of_a_real_run_fits_its_schema,
        ),
        (
            "what_is_stopped_in_a_confinement_is_told",
            what_is_stopped_in_a_confinement_is_told,
        ),
    ];
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let mut failed = 0;
    for (name, test) in tests {
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let passed = catch_unwind(AssertUnwindSafe(test)).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    assert!(failed == 0, "{failed} tests failed");
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn context(decoy: &Decoy, policy: &Policy) -> Context {
    Context::new(policy, decoy.root())
        .unwrap()
        .with_environment(
            vec!["PATH".into(), "EXAMPLE_TOKEN".into()],
            vec!["PATH".into()],
        )
}

fn bare() -> Bare {
    Bare::new().within(PATIENCE)
}

fn run_all(runner: &mut dyn Runner, context: &Context) -> BTreeMap<&'static str, Outcome> {
    attempts()
        .iter()
        .map(|attempt| {
            let start = Instant::now();
            let outcome = runner.run(attempt, context);
            if start.elapsed() > Duration::from_millis(500) {
                println!("  {} took {:?}", attempt.id, start.elapsed());
            }
            match outcome {
                Ok(outcome) => (attempt.id, outcome),
                Err(error) => panic!("{}: {error}", attempt.id),
            }
        })
        .collect()
}

fn attempt(id: &str) -> &'static Attempt {
    attempts()
        .iter()
        .find(|attempt| attempt.id == id)
        .expect(id)
}

/// Attempts that one capability decides, whatever the kernel's settings are.
const BY_CAPABILITY: &[(&str, CapabilitySet)] = &[
    ("load-module", CapabilitySet::SYS_MODULE),
    ("load-module-file", CapabilitySet::SYS_MODULE),
    ("remove-module", CapabilitySet::SYS_MODULE),
    ("replace-kernel", CapabilitySet::SYS_BOOT),
    ("restart-machine", CapabilitySet::SYS_BOOT),
    ("open-by-handle", CapabilitySet::DAC_READ_SEARCH),
    ("record-processes", CapabilitySet::SYS_PACCT),
    ("add-swap", CapabilitySet::SYS_ADMIN),
    ("remove-swap", CapabilitySet::SYS_ADMIN),
    ("set-clock", CapabilitySet::SYS_TIME),
    ("slow-clock", CapabilitySet::SYS_TIME),
    ("set-host-name", CapabilitySet::SYS_ADMIN),
    ("use-io-port", CapabilitySet::SYS_RAWIO),
    ("use-all-io-ports", CapabilitySet::SYS_RAWIO),
    ("decide-about-files", CapabilitySet::SYS_ADMIN),
    ("mount", CapabilitySet::SYS_ADMIN),
    ("mount-new-way", CapabilitySet::SYS_ADMIN),
    ("unmount", CapabilitySet::SYS_ADMIN),
    ("exchange-root", CapabilitySet::SYS_ADMIN),
    ("change-root", CapabilitySet::SYS_CHROOT),
    ("signal-others", CapabilitySet::KILL),
    ("become-another-user", CapabilitySet::SETUID),
    ("join-another-group", CapabilitySet::SETGID),
    ("raise-capabilities", CapabilitySet::SYS_ADMIN),
    ("override-modes", CapabilitySet::DAC_OVERRIDE),
    ("mount-namespace", CapabilitySet::SYS_ADMIN),
    ("net-namespace", CapabilitySet::SYS_ADMIN),
    ("make-device", CapabilitySet::MKNOD),
    ("raw-socket", CapabilitySet::NET_RAW),
    ("packet-socket", CapabilitySet::NET_RAW),
    ("raise-limits", CapabilitySet::SYS_RESOURCE),
    ("widen-pipes", CapabilitySet::SYS_RESOURCE),
    ("evade-oom-killer", CapabilitySet::SYS_RESOURCE),
];

/// Missing kernel features, which no capability helps with.
fn is_absent(outcome: &Outcome) -> bool {
    const ENOSYS: i32 = 38;
    const EAFNOSUPPORT: i32 = 97;
    matches!(outcome, Outcome::Stopped(How::Errno(ENOSYS | EAFNOSUPPORT)))
        || matches!(outcome, Outcome::Stopped(How::Other(why)) if why.contains("unsupported"))
}

fn every_attempt_leaves_the_machine_as_it_was() {
    if !is_root() {
        println!("not root: attempts are made as the caller only");
    }
    let decoy = Decoy::plant();
    let before = Machine::look(decoy.root());
    let note = {
        let context = context(&decoy, &Policy::base());
        let own = run_all(&mut bare(), &context);
        let capabilities = rustix::thread::capabilities(None).unwrap().effective;
        for (id, capability) in BY_CAPABILITY {
            let outcome = &own[id];
            let reached = matches!(outcome, Outcome::Reached(_));
            assert!(
                reached == capabilities.contains(*capability) || is_absent(outcome),
                "{id}: {outcome:?}"
            );
        }
        for (id, outcome) in &own {
            println!("  own     {id:<24} {outcome:?}");
        }
        if is_root() {
            let nobody = run_all(&mut bare().as_user(NOBODY, NOBODY), &context);
            for (id, outcome) in &nobody {
                println!("  nobody  {id:<24} {outcome:?}");
            }
            for (id, _) in BY_CAPABILITY {
                assert!(
                    matches!(nobody[id], Outcome::Stopped(_)),
                    "{id}: {:?}",
                    nobody[id]
                );
            }
            assert_nobody_reads_only_what_anyone_may(&nobody);
            assert_root_reads_everything(&own, &decoy);
        }
        context.neighbor.note()
    };
    assert!(
        !note.parent().unwrap().exists(),
        "the neighbor left {}",
        note.display()
    );
    let after = Machine::look(decoy.root());
    assert_eq!(before, after);
}

fn assert_nobody_reads_only_what_anyone_may(nobody: &BTreeMap<&str, Outcome>) {
    const EACCES: i32 = 13;
    for id in [
        "read-shadow",
        "read-host-keys",
        "read-user-keys",
        "read-cloud-credentials",
        "change-accounts",
        "replace-programs",
        "docker-socket",
    ] {
        assert_eq!(nobody[id], Outcome::Stopped(How::Errno(EACCES)), "{id}");
    }
    for id in [
        "read-accounts",
        "see-shared-tmp",
        "loopback-tcp",
        "loopback-udp",
        "abstract-socket",
    ] {
        assert!(
            matches!(nobody[id], Outcome::Reached(_)),
            "{id}: {:?}",
            nobody[id]
        );
    }
    assert!(matches!(nobody["read-memory"], Outcome::Stopped(_)));
    assert!(matches!(nobody["become-root"], Outcome::Stopped(_)));
}

fn assert_root_reads_everything(own: &BTreeMap<&str, Outcome>, decoy: &Decoy) {
    for id in [
        "read-shadow",
        "read-host-keys",
        "read-user-keys",
        "read-cloud-credentials",
        "read-memory",
        "read-environment",
        "docker-socket",
        "become-root",
        "use-all-tasks",
        "use-all-memory",
        "fill-tmp",
        "run-shell",
        "run-dropped-program",
        "run-memory-file",
        "run-through-loader",
        "change-tunables",
        "own-environment",
        "use-all-descriptors",
        "type-into-terminal",
    ] {
        assert!(
            matches!(own[id], Outcome::Reached(_)),
            "{id}: {:?}",
            own[id]
        );
    }
    let Outcome::Reached(reach) = &own["read-user-keys"] else {
        panic!("no keys");
    };
    assert_eq!(
        reach.paths,
        [
            decoy.root().join("home/ann/.ssh/id_ed25519"),
            decoy.root().join("root/.ssh/id_ed25519"),
        ]
    );
}

/// Answers from a table: the id decides.
struct Told(fn(&Attempt) -> Result<Outcome, RunError>);

impl Runner for Told {
    fn run(&mut self, attempt: &Attempt, _: &Context) -> Result<Outcome, RunError> {
        (self.0)(attempt)
    }
}

fn reached(paths: &[&str]) -> Outcome {
    Outcome::Reached(Reach {
        detail: "opened it".into(),
        paths: paths.iter().map(std::path::PathBuf::from).collect(),
    })
}

fn report(policy: &Policy, bare: Told, confined: Told) -> Report {
    let decoy = Decoy::plant();
    let context = context(&decoy, policy);
    let subject = Subject::here("example");
    let (mut bare, mut confined) = (bare, confined);
    let mut heard = 0;
    let report = prove(
        subject,
        policy,
        &context,
        &mut bare,
        &mut confined,
        &mut |_| heard += 1,
    );
    assert_eq!(heard, attempts().len());
    report
}

fn row(report: &Report, id: &str) -> (BareResult, ConfinedResult) {
    let row = report.rows.iter().find(|row| row.id == id).expect(id);
    (row.bare.clone(), row.confined.clone())
}

fn a_confinement_gets_no_credit_and_a_hole_no_excuse() {
    let report = report(
        &Policy::base(),
        Told(|attempt| match attempt.id {
            "load-module" => Ok(Outcome::Stopped(How::Errno(1))),
            "read-disks" => Ok(Outcome::CannotTry(
                "this host has nothing of the kind".into(),
            )),
            _ => Ok(reached(&[])),
        }),
        Told(|attempt| match attempt.id {
            "mount" => Ok(reached(&[])),
            "set-clock" => Err(RunError::Late(Duration::from_secs(5))),
            // Reached inside although not outside: a hole all the same.
            "read-disks" => Ok(reached(&["/dev/sda"])),
            _ => Ok(Outcome::Stopped(How::Signal(31))),
        }),
    );
    let by = "SIGSYS".to_owned();
    assert_eq!(row(&report, "unmount").1, ConfinedResult::Stopped { by });
    let why = "cannot succeed here even unconfined: EPERM".to_owned();
    assert_eq!(
        row(&report, "load-module").1,
        ConfinedResult::Unproven { why }
    );
    let why = "there was no answer within 5 seconds".to_owned();
    assert_eq!(
        row(&report, "set-clock").1,
        ConfinedResult::Unproven { why }
    );
    let holes: Vec<&str> = report.unexplained().map(|row| row.id.as_str()).collect();
    assert_eq!(holes, ["mount", "read-disks"]);
    assert_eq!(report.stopped().count(), attempts().len() - 4);
    assert_eq!(report.unproven().count(), 2);
}

fn a_grant_explains_only_what_it_covers() {
    let policy: Policy = [
        "kernel.clock",
        "files.read /etc/shadow",
        "dirs.state example",
        "net.connect tcp:127.0.0.0/8:any",
        "resources.tasks_max 16",
        "resources.memory_max unlimited",
    ]
    .iter()
    .map(|text| text.parse().unwrap())
    .collect();
    let told = || {
        Told(|attempt| {
            Ok(match attempt.id {
                "read-host-keys" => reached(&["/etc/shadow", "/etc/ssh/ssh_host_key"]),
                "read-shadow" | "change-accounts" => reached(&["/etc/shadow"]),
                "read-databases" => reached(&["/var/lib/example/db"]),
                "read-mail" => reached(&["/var/lib/example2"]),
                _ => reached(&[]),
            })
        })
    };
    let report = report(&policy, told(), told());
    let by = |id: &str| match row(&report, id).1 {
        ConfinedResult::Reached { by, .. } => by,
        other => panic!("{id}: {other:?}"),
    };
    assert_eq!(by("set-clock").as_deref(), Some("kernel.clock"));
    assert_eq!(by("set-host-name"), None);
    assert_eq!(by("read-shadow").as_deref(), Some("files.read /etc/shadow"));
    assert_eq!(by("change-accounts"), None, "reading is not writing");
    assert_eq!(by("read-databases").as_deref(), Some("dirs.state example"));
    assert_eq!(by("read-mail"), None, "a name is not a prefix");
    assert_eq!(
        by("loopback-tcp").as_deref(),
        Some("net.connect tcp:127.0.0.0/8:any")
    );
    assert_eq!(by("loopback-udp"), None);
    assert_eq!(by("use-all-tasks"), None, "16 do not allow 24");
    assert_eq!(
        by("use-all-memory").as_deref(),
        Some("resources.memory_max unlimited")
    );
    let ConfinedResult::Reached { by, detail } = row(&report, "read-host-keys").1 else {
        panic!("not reached");
    };
    assert_eq!(by, None);
    assert_eq!(detail, "opened it; not granted: /etc/ssh/ssh_host_key");
}

fn a_runner_says_why_it_knows_nothing() {
    let decoy = Decoy::plant();
    let context = context(&decoy, &Policy::base());
    let short = Duration::from_millis(300);
    let some = attempt("modify-ldt");
    let mut stuck = Confined::new(|_, _| {
        loop {
            let _ = rustix::event::poll(&mut [], None);
        }
    })
    .within(short);
    assert!(matches!(stuck.run(some, &context), Err(RunError::Late(_))));
    let mut refused = Confined::new(|_, _| Err("clone: EPERM".to_owned()));
    let error = refused.run(some, &context).unwrap_err();
    assert_eq!(error.to_string(), "clone: EPERM");
    let mut silent = Confined::new(|_, _| Ok(End::Code(0)));
    assert!(matches!(
        silent.run(some, &context),
        Err(RunError::Silent(0))
    ));
    let mut killed = Confined::new(|_, _| Ok(End::Signal(31)));
    assert_eq!(
        killed.run(some, &context).unwrap(),
        Outcome::Stopped(How::Signal(31))
    );
    let mut dies = Confined::new(|_, _| {
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::SYS).unwrap();
        Ok(End::Code(0))
    });
    assert_eq!(
        dies.run(some, &context).unwrap(),
        Outcome::Stopped(How::Signal(31))
    );
    let mut lies = Confined::new(|pipe, _| {
        rustix::io::write(pipe, &[0xff; 64]).unwrap();
        Ok(End::Code(0))
    });
    assert!(matches!(lies.run(some, &context), Err(RunError::Garbled)));
    let mut honest = Confined::new(|pipe, inside| Ok(End::Code(inside(pipe))));
    assert!(honest.run(some, &context).is_ok());
}

fn limits_that_hold_are_seen_to_hold() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let decoy = Decoy::plant();
    let policy: Policy = ["resources.nofile 32", "resources.memory_max 64M"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let context = context(&decoy, &policy);
    let limit = |resource, amount| {
        let limit = Rlimit {
            current: Some(amount),
            maximum: Some(amount),
        };
        setrlimit(resource, limit).unwrap();
    };
    let mut confined = Confined::new(|pipe, inside| {
        limit(Resource::Nofile, 32);
        limit(Resource::As, 100 << 20);
        Ok(End::Code(inside(pipe)))
    });
    let mut run = |id| confined.run(attempt(id), &context).unwrap();
    assert_eq!(run("use-all-descriptors"), Outcome::Stopped(How::Errno(24)));
    assert_eq!(run("use-all-memory"), Outcome::Stopped(How::Errno(12)));
    let run = |id| bare().run(attempt(id), &context).unwrap();
    assert!(matches!(run("use-all-descriptors"), Outcome::Reached(_)));
    assert!(matches!(run("use-all-memory"), Outcome::Reached(_)));
}

/// Stands in for a confinement: another user without new privileges.
fn as_nobody(
    pipe: BorrowedFd<'_>,
    inside: &mut dyn FnMut(BorrowedFd<'_>) -> i32,
) -> Result<End, String> {
    let id = rustix::process::Uid::from_raw(NOBODY);
    rustix::thread::set_no_new_privs(true).map_err(|errno| errno.to_string())?;
    rustix::thread::set_thread_res_uid(id, id, id).map_err(|errno| errno.to_string())?;
    Ok(End::Code(inside(pipe)))
}

fn a_report_of_a_real_run_fits_its_schema() {
    if !is_root() {
        println!("not root: skipped");
        return;
    }
    let decoy = Decoy::plant();
    let policy = Policy::base();
    let context = context(&decoy, &policy);
    let report = prove(
        Subject::here("example"),
        &policy,
        &context,
        &mut bare(),
        &mut Confined::new(as_nobody).within(PATIENCE),
        &mut |_| {},
    );
    let json = serde_json::to_value(&report).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    if let Err(error) = validator.validate(&json) {
        panic!("{error}");
    }
    assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
    let total = report.stopped().count() + report.reached().count() + report.unproven().count();
    assert_eq!(total, attempts().len());
    print!("{}", report.plain(false));
}

fn what_is_stopped_in_a_confinement_is_told() {
    if !is_root() {
        println!("not root: skipped");
        return;
    }
    let decoy = Decoy::plant();
    let context = context(&decoy, &Policy::base());
    let mut confined = Confined::new(as_nobody).within(PATIENCE);
    let mut run = |id| confined.run(attempt(id), &context).unwrap();
    let other = |text: &str| Outcome::Stopped(How::Other(text.into()));
    assert_eq!(run("run-setuid-program"), other("no_new_privs"));
    assert_eq!(run("restart-machine"), Outcome::Stopped(How::Errno(1)));
    assert!(matches!(run("loopback-tcp"), Outcome::Reached(_)));
}
