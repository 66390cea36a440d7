//! A folder, an identity and a `ringfence` that the identity can run, for one test.

use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const PATIENCE: Duration = Duration::from_mins(1);

/// Where one test lives. Its folder is removed at the end.
pub struct Workbench {
    folder: tempfile::TempDir,
    user: Option<&'static str>,
}

/// What `ringfence harden` left behind.
pub struct Hardened<'a> {
    workbench: &'a Workbench,
    json: Value,
}

impl Workbench {
    /// A workbench of root.
    pub fn new(name: &str) -> Self {
        Self::make(name, None)
    }

    /// A workbench of an ordinary user.
    pub fn of_user(name: &str, user: &'static str) -> Self {
        Self::make(name, Some(user))
    }

    fn make(name: &str, user: Option<&'static str>) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "the tests of real services need root: they start nginx as root and others as its users"
        );
        // Not below /tmp, which every service sees as its own.
        let folder = tempfile::Builder::new()
            .prefix(&format!("ringfence-{name}-"))
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in("/srv")
            .unwrap();
        let workbench = Self { folder, user };
        fs::copy(env!("CARGO_BIN_EXE_ringfence"), workbench.path("ringfence")).unwrap();
        fs::create_dir(workbench.path("policy")).unwrap();
        workbench.own();
        workbench
    }

    /// The folder's path.
    pub fn folder(&self) -> String {
        self.folder.path().to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn own(&self) {
        if let Some(user) = self.user {
            let owner = format!("{user}:");
            let status = Command::new("chown")
                .args(["-R", &owner])
                .arg(self.folder.path())
                .status();
            assert!(status.unwrap().success());
        }
    }

    /// Writes a file, with the directories above it.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self.own();
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A command of this workbench's user, in its folder.
    fn command(&self, program: &str) -> Command {
        let mut command = match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args([
                    "--reuid",
                    user,
                    "--regid",
                    &group_of(user),
                    "--clear-groups",
                    "--",
                ]);
                command
                    .arg(program)
                    .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
                command.env("HOME", self.folder.path());
                command
            }
        };
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs a client to its end and gives its output.
    pub fn client(&self, program: &str, arguments: &[&str]) -> String {
        text(&self.command(program).args(arguments).output().unwrap())
    }

    /// Hardens a service that a workload exercises.
    pub fn harden(&self, workload: &str, command: &[&str]) -> Hardened<'_> {
        self.harden_with(&["--workload", workload], command)
    }

    /// Hardens a command that ends by itself.
    pub fn harden_batch(&self, command: &[&str]) -> Hardened<'_> {
        self.harden_with(&[], command)
    }

    fn harden_with(&self, options: &[&str], command: &[&str]) -> Hardened<'_> {
        let output = self
            .command(self.path("ringfence").to_str().unwrap())
            .args(["harden", "--format", "json", "--output", "policy"])
            .args(options)
            .arg("--")
            .args(command)
            .output()
            .unwrap();
        let report = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let json: Value = serde_json::from_str(&report)
            .unwrap_or_else(|error| panic!("{}: {error}:\n{report}\n{said}", output.status));
        let hardened = Hardened {
            workbench: self,
            json,
        };
        let summary = hardened.summary();
        assert!(
            output.status.success(),
            "{}:\n{said}\n{summary}",
            output.status
        );
        hardened
    }

    /// Starts the service under its policy and waits until it listens.
    pub fn run(&self, policy: &str, port: u16) -> Service {
        let child = self
            .command(self.path("ringfence").to_str().unwrap())
            .arg("run")
            .arg(Path::new("policy").join(policy))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut service = Service(child);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = service.0.try_wait().unwrap() {
                let mut said = String::new();
                service
                    .0
                    .stderr
                    .take()
                    .unwrap()
                    .read_to_string(&mut said)
                    .unwrap();
                panic!("the service ended with {status} under its policy:\n{said}");
            }
            assert!(
                Instant::now() < deadline,
                "the service does not listen on port {port}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        service
    }

    /// Runs another command under the policy, to its end.
    pub fn run_once(&self, policy: &str, command: &[&str]) -> String {
        let output = self
            .command(self.path("ringfence").to_str().unwrap())
            .arg("run")
            .arg(Path::new("policy").join(policy))
            .arg("--")
            .args(command)
            .output()
            .unwrap();
        text(&output)
    }
}

impl Hardened<'_> {
    /// The manifest is short, and `policy check` accepts it.
    pub fn is_a_policy(&self, name: &str) {
        let file = format!("policy/{name}");
        let manifest = self.workbench.read(&file);
        let lines = manifest.lines().count();
        assert!(
            (8..=40).contains(&lines),
            "the manifest has {lines} lines:\n{manifest}"
        );
        let ringfence = self.workbench.path("ringfence");
        self.workbench
            .client(ringfence.to_str().unwrap(), &["policy", "check", &file]);
    }

    /// The attempts that reached something bare and still do, confined.
    fn reached(&self) -> Vec<&Value> {
        let verdict = Some(&Value::from("reached"));
        let rows = self.json.pointer("/proof/rows").and_then(Value::as_array);
        rows.into_iter()
            .flatten()
            .filter(|row| row.pointer("/confined/verdict") == verdict)
            .collect()
    }

    /// How many attempts still reach something. Each must be allowed by a grant.
    pub fn reached_confined(&self) -> usize {
        let reached = self.reached();
        for row in &reached {
            let grant = row.pointer("/confined/by").and_then(Value::as_str);
            assert!(grant.is_some(), "no grant explains this: {row}");
        }
        reached.len()
    }

    /// What a person needs to see when a test fails.
    pub fn summary(&self) -> String {
        let keys = ["confined", "notes", "tried", "manifest"];
        let rest = keys.map(|key| format!("{key}: {}", self.json.get(key).unwrap_or(&Value::Null)));
        let reached: Vec<_> = self.reached().iter().map(ToString::to_string).collect();
        format!("reached:\n{}\n{}", reached.join("\n"), rest.join("\n")).replace("\\n", "\n")
    }
}

/// A running service, stopped as an administrator would when the test is done with it.
pub struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        // It may have ended already, which the wait below sees.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.0.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.0.kill();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The output of a command that must succeed.
fn text(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let result = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}:\n{result}\n{said}",
        output.status
    );
    result
}

fn group_of(user: &str) -> String {
    text(&Command::new("id").args(["-g", user]).output().unwrap())
        .trim()
        .to_owned()
}

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Where Debian puts the programs of PostgreSQL.
pub fn postgres_programs() -> String {
    let found = fs::read_dir("/usr/lib/postgresql").expect("testbed/install installs postgresql");
    let mut versions: Vec<_> = found
        .map(|entry| entry.unwrap().path().join("bin"))
        .collect();
    versions.sort();
    versions.pop().unwrap().to_str().unwrap().to_owned()
}
