//! A machine, and what is asked of it in every test.

use std::path::Path;
use std::time::Duration;

use ringfence_policy::trace::{Exercise, Fact, Run, Trace};
use ringfence_testbed::{Image, Kind, Machine, Reply};

/// A watch takes some ten seconds; other tests run beside this one.
pub const PATIENCE: Duration = Duration::from_mins(4);

/// What is left of a watch: nothing.
const LEFT: &str = "
    ls -A /run/ringfence/learn 2>/dev/null || true
    ls /run/systemd/system/*.d/zzz-ringfence-learn.conf 2>/dev/null || true
    systemctl show --property=ExecStart --value \"$0\" | grep -o 'join start' || true";

pub struct Scene {
    machine: Machine,
}

impl Scene {
    pub fn new() -> Self {
        Self::on(Image::BookwormServices, Kind::Nspawn)
    }

    pub fn on(image: Image, kind: Kind) -> Self {
        let machine = Machine::boot(image, kind).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_ringfence"));
        machine.push(program, "/usr/bin/ringfence").unwrap();
        Self { machine }
    }

    pub fn shell(&self, script: &str) -> String {
        self.machine.shell(script).unwrap()
    }

    pub fn write(&self, path: &str, text: &str) {
        self.machine.write(path, text).unwrap();
    }

    /// Writes a unit and has it read.
    pub fn unit(&self, name: &str, text: &str) {
        self.write(&format!("/etc/systemd/system/{name}"), text);
        self.shell("systemctl daemon-reload");
    }

    pub fn state(&self, unit: &str) -> String {
        self.shell(&format!("systemctl is-active '{unit}' || true"))
    }

    pub fn exec(&self, argv: &[&str]) -> Reply {
        self.machine.exec_within(PATIENCE, argv).unwrap()
    }

    pub fn wait_for_state(&self, unit: &str, wanted: &str) {
        self.machine
            .wait_until(
                "the unit is as it was",
                Duration::from_mins(1),
                ["systemctl", "is-active", unit],
                |reply| reply.text().trim() == wanted,
            )
            .unwrap();
    }

    /// Waits until a script of sh(1) succeeds.
    pub fn wait_until(&self, what: &str, limit: Duration, script: &str) {
        self.machine
            .wait_until(what, limit, ["sh", "-uc", script], |reply| {
                reply.status == 0
            })
            .unwrap();
    }

    /// Learns a unit, and makes sure that it is as before.
    pub fn learn_any(&self, unit: &str, workloads: &[&str]) -> Reply {
        let before = self.state(unit);
        let mut argv = vec![
            "ringfence",
            "learn",
            "--unit",
            unit,
            "-o",
            "/tmp/trace.jsonl",
        ];
        for workload in workloads {
            argv.extend(["--workload", workload]);
        }
        let reply = self.exec(&argv);
        assert_eq!(self.state(unit), before, "{unit}: {}", reply.complaint());
        self.assert_nothing_is_left(unit);
        reply
    }

    pub fn assert_nothing_is_left(&self, unit: &str) {
        let left = self.machine.check(["sh", "-uc", LEFT, unit]).unwrap();
        assert_eq!(left, "", "{unit}");
    }

    /// Learns a unit for which that has to work.
    pub fn learn(&self, unit: &str, workloads: &[&str]) -> Learned {
        let reply = self.learn_any(unit, workloads);
        assert_eq!(reply.status, 0, "{unit}: {}", reply.complaint());
        let text = self.shell("cat /tmp/trace.jsonl");
        let trace = Trace::from_lines(format!("{text}\n").as_bytes()).unwrap();
        Learned { trace }
    }
}

pub struct Learned {
    pub trace: Trace,
}

impl Learned {
    pub fn run(&self) -> &Run {
        let mut runs = self.trace.runs();
        let (Some(run), None) = (runs.next(), runs.next()) else {
            panic!("not one run");
        };
        run
    }

    /// The program of the main process.
    pub fn exec(&self) -> String {
        self.run().exec.to_string()
    }

    pub fn argv(&self) -> Vec<&str> {
        self.run().argv.iter().map(String::as_str).collect()
    }

    #[track_caller]
    pub fn assert_complete(&self) {
        assert_eq!(self.run().loss, ringfence_policy::trace::Loss::default());
    }

    #[track_caller]
    pub fn assert_exercised(&self, expected: &[Exercise]) {
        let unit = self.run().unit.as_ref().unwrap();
        let expected = expected.iter().copied().collect();
        assert_eq!(unit.exercised, expected);
    }

    pub fn has(&self, wanted: impl Fn(&Fact) -> bool) -> bool {
        self.trace.facts().any(|(fact, _)| wanted(fact))
    }

    /// Whether a file below this path was used.
    pub fn touches(&self, path: &str) -> bool {
        self.has(|fact| matches!(fact, Fact::File { path: own, .. } if own.to_string() == path))
    }

    pub fn executes(&self, program: &str) -> bool {
        self.has(|fact| matches!(fact, Fact::Exec { path, .. } if path.to_string() == program))
    }

    pub fn listens(&self, at: &str) -> bool {
        self.has(|fact| matches!(fact, Fact::Listen { address, .. } if address.to_string() == at))
    }

    pub fn serves(&self, at: &str) -> bool {
        self.has(|fact| matches!(fact, Fact::Served { address, .. } if address.to_string() == at))
    }
}
