//! A machine with ringfence and the folders of the testbed in it.

use std::path::Path;
use std::time::Duration;

use ringfence_testbed::{Image, Kind, Machine, Reply};

/// Where the folders of the testbed lie inside a machine. Scripts find each other relative to themselves.
const PLACE: &str = "/srv/testbed";

/// What a policy may take to be learned, found wanting, and completed.
const PATIENCE: Duration = Duration::from_mins(8);

/// A machine, and the scripts to be passed in it.
#[derive(Debug)]
pub struct Bench {
    machine: Machine,
}

impl Bench {
    /// Boots it and puts everything there.
    pub fn new() -> Result<Self, String> {
        let machine = Machine::boot(Image::BookwormServices, Kind::Nspawn).map_err(text)?;
        machine
            .push(
                Path::new(env!("CARGO_BIN_EXE_ringfence")),
                "/usr/bin/ringfence",
            )
            .map_err(text)?;
        machine
            .push(
                &testbed().join("services/expect.sh"),
                &format!("{PLACE}/services/expect.sh"),
            )
            .map_err(text)?;
        push_folder(
            &machine,
            &testbed().join("units"),
            &format!("{PLACE}/units"),
        )?;
        Ok(Self { machine })
    }

    /// Brings another folder of the testbed.
    pub fn bring(&self, folder: &str) -> Result<(), String> {
        let there = format!("{PLACE}/{folder}");
        push_folder(&self.machine, &testbed().join(folder), &there)
    }

    /// Brings a file of this host, with its mode.
    pub fn push(&self, local: &Path, remote: &str) -> Result<(), String> {
        self.machine.push(local, remote).map_err(text)
    }

    /// A script of the testbed, by its name in the machine.
    pub fn script(name: &str) -> String {
        format!("{PLACE}/{name}")
    }

    /// Runs a script of the testbed that has to succeed.
    pub fn pass(&self, name: &str) -> Result<(), String> {
        let reply = self.machine.exec([Self::script(name)]).map_err(text)?;
        if reply.is_success() {
            return Ok(());
        }
        Err(format!("{name} {}", self.told(&reply)?))
    }

    /// Runs a script of sh(1) that has to succeed, and returns what it prints.
    pub fn shell(&self, script: &str) -> Result<String, String> {
        self.machine.shell(script).map_err(text)
    }

    /// Writes a file that everybody may read.
    pub fn write(&self, path: &str, contents: &str) -> Result<(), String> {
        self.machine.write(path, contents).map_err(text)
    }

    /// Runs ringfence.
    pub fn ringfence(&self, arguments: &[&str]) -> Result<Reply, String> {
        let argv = [&["ringfence"], arguments].concat();
        self.machine.exec_within(PATIENCE, argv).map_err(text)
    }

    /// Hardens a unit, which has to succeed, and returns the report.
    pub fn harden(&self, unit: &str, workload: &str) -> Result<serde_json::Value, String> {
        let reply = self.ringfence(&[
            "harden",
            "--unit",
            unit,
            "--yes",
            "--format=json",
            "--workload",
            workload,
        ])?;
        if !reply.is_success() {
            return Err(format!("harden --unit {unit} {}", self.told(&reply)?));
        }
        serde_json::from_slice(&reply.stdout).map_err(text)
    }

    /// How a command failed, with what the services said last.
    pub fn told(&self, reply: &Reply) -> Result<String, String> {
        let journal = self
            .machine
            .exec(["journalctl", "--no-pager", "--lines=40", "--output=cat"])
            .map_err(text)?;
        Ok(format!(
            "exited with {}: {}\n{}\njournal:\n{}",
            reply.status,
            reply.complaint(),
            reply.text(),
            journal.text()
        ))
    }
}

/// The folders as they are in the sources.
pub fn testbed() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testbed")
}

/// The names in a directory, in order.
pub fn names(directory: &Path) -> Result<Vec<String>, String> {
    let what = |error| format!("{}: {error}", directory.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(what)? {
        let entry = entry.map_err(what)?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn push_folder(machine: &Machine, local: &Path, remote: &str) -> Result<(), String> {
    for name in names(local)? {
        let (here, there) = (local.join(&name), format!("{remote}/{name}"));
        if here.is_dir() {
            push_folder(machine, &here, &there)?;
        } else {
            machine.push(&here, &there).map_err(text)?;
        }
    }
    Ok(())
}

pub fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
