//! Runs all cases in one machine, each bare and confined.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ringfence_testbed::{Machine, probe};

use crate::case::Case;

/// Where the probe is in the machine.
const PROBE: &str = "/usr/lib/testbed/probe";

/// What came of a case.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What the probe said in the unit without the directive.
    pub bare: String,
    /// What it said in the unit with it, or the signal that ended it.
    pub confined: String,
    /// What process 1 said of the confined unit.
    pub journal: Vec<String>,
}

/// Outcomes by the names of their cases.
pub type Outcomes = BTreeMap<String, Outcome>;

/// Runs the cases. One machine does for all of them: each has units of its own, and leaves the scene as it was.
pub fn run(machine: &Machine, cases: &BTreeMap<String, Case>) -> Result<Outcomes, Box<dyn Error>> {
    machine.push(&probe()?, PROBE)?;
    machine.shell(include_str!("scene.sh"))?;
    let secret = machine.shell(
        "systemd-creds encrypt --with-key=host --name=tok /var/lib/probe/secret - | tr -d '\\n'",
    )?;
    let here = tempfile::tempdir()?;
    let units = here.path().join("units");
    fs::create_dir(&units)?;
    let mut names = String::new();
    for (name, case) in cases {
        for (kind, lines) in [("bare", &[][..]), ("confined", &case.unit[..])] {
            let text = unit(kind, name, case, lines).replace("@SECRET@", &secret);
            fs::write(units.join(format!("{kind}-{name}.service")), text)?;
            writeln!(names, "{kind}-{name}.service")?;
        }
    }
    let archive = here.path().join("units.tar");
    tar("-cf", &archive, &units)?;
    machine.push(&archive, "/run/units.tar")?;
    machine.write("/run/units", names)?;
    machine.shell("tar -C /run/systemd/system -xf /run/units.tar")?;
    let start = ["sh", "-euc", include_str!("start.sh")];
    let reply = machine.exec_within(Duration::from_mins(10), start)?;
    if !reply.is_success() {
        return Err(format!("start the units: {}", reply.complaint()).into());
    }

    let archive = here.path().join("said.tar");
    let said = here.path().join("said");
    fs::create_dir(&said)?;
    let bytes = machine.exec(["cat", "/run/said.tar"])?.stdout;
    fs::write(&archive, bytes)?;
    tar("-xf", &archive, &said)?;
    let journal = fs::read_to_string(said.join("journal"))?;
    let outcome = |name: &String| (name.clone(), outcome(name, &said, &journal));
    Ok(cases.keys().map(outcome).collect())
}

fn unit(kind: &str, name: &str, case: &Case, lines: &[String]) -> String {
    let mut text = vec!["[Unit]".to_owned()];
    if kind == "confined" {
        // Some cases find what their bare unit left, and remove it.
        text.push(format!("After=bare-{name}.service"));
    }
    text.push("[Service]\nType=oneshot\nTimeoutStartSec=60".to_owned());
    text.push(format!("StandardOutput=truncate:/run/said/{kind}/{name}"));
    text.push(format!("ExecStart={PROBE} {}", case.probe));
    text.extend(case.user.iter().map(|user| format!("User={user}")));
    text.extend_from_slice(lines);
    text.join("\n") + "\n"
}

/// Packs a directory into an archive, or unpacks it.
fn tar(what: &str, archive: &Path, directory: &Path) -> Result<(), Box<dyn Error>> {
    let all = (what == "-cf").then_some(".");
    let mut command = Command::new("tar");
    command
        .arg(what)
        .arg(archive)
        .arg("-C")
        .arg(directory)
        .args(all);
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("tar(1): {status}").into())
    }
}

fn outcome(name: &str, said: &Path, journal: &str) -> Outcome {
    let read = |kind| fs::read(said.join(kind).join(name)).unwrap_or_default();
    let text = |kind| {
        String::from_utf8_lossy(&read(kind))
            .trim_end_matches('\n')
            .to_owned()
    };
    let unit = format!("confined-{name}.service:");
    let journal: Vec<_> = journal
        .lines()
        .filter(|line| line.contains(&unit))
        .map(str::to_owned)
        .collect();
    let mut confined = text("confined");
    if confined.is_empty() {
        confined = signal(&journal).unwrap_or_default();
    }
    Outcome {
        bare: text("bare"),
        confined,
        journal,
    }
}

/// The signal that ended the main process, whether or not it left a core.
fn signal(journal: &[String]) -> Option<String> {
    journal.iter().find_map(|line| {
        let (_, cause) = line.split_once("Main process exited, code=")?;
        let (code, status) = cause.split_once(", status=")?;
        let killed = matches!(code, "killed" | "dumped");
        killed.then(|| format!("SIG{}", status.split('/').next_back().unwrap_or_default()))
    })
}
