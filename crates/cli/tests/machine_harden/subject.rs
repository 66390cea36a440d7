//! One service on one machine, from the package to the hardened unit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ringfence_testbed::{Image, Kind, Machine};

use crate::row::Row;

/// Where the folders of the services lie inside a machine.
const SERVICES: &str = "/srv/services";

/// The ten, with the lowest exposure that the strace-based rival reached on systemd 252, in tenths. Those that it
/// could not profile at all are held to what they were packaged with.
const TEN: [(&str, u32); 10] = [
    ("chrony", 35),
    ("dnsmasq", 45),
    ("haproxy", 96),
    ("memcached", 43),
    ("mosquitto", 42),
    ("nginx", 44),
    ("postgresql", 45),
    ("prometheus-node-exporter", 45),
    ("redis-server", 39),
    ("unbound", 42),
];

/// A service and what it is measured against.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its folder.
    pub name: &'static str,
    rival: u32,
}

impl Subject {
    /// All ten.
    pub fn all() -> Vec<Self> {
        TEN.into_iter()
            .map(|(name, rival)| Self { name, rival })
            .collect()
    }

    fn folder(&self) -> PathBuf {
        folders().join(self.name)
    }

    /// Hardens it and runs everything that it must still pass.
    pub fn harden(&self) -> Result<Row, String> {
        let unit = std::fs::read_to_string(self.folder().join("unit")).map_err(text)?;
        let unit = unit.trim();
        let machine = Machine::boot(Image::BookwormServices, Kind::Nspawn).map_err(text)?;
        machine
            .push(
                Path::new(env!("CARGO_BIN_EXE_ringfence")),
                "/usr/bin/ringfence",
            )
            .map_err(text)?;
        push_folder(&machine, &folders(), SERVICES)?;
        self.pass(&machine, "setup")?;
        self.pass(&machine, "check")?;
        let before = exposure(&machine, unit)?;

        let workload = format!("{SERVICES}/{}/check", self.name);
        let argv = [
            "ringfence",
            "harden",
            "--unit",
            unit,
            "--yes",
            "--format",
            "json",
            "--workload",
            &workload,
        ];
        let reply = machine
            .exec_within(Duration::from_mins(6), argv)
            .map_err(text)?;
        if !reply.is_success() {
            return Err(format!(
                "harden exited with {}:\n{}\n{}",
                reply.status,
                reply.complaint(),
                reply.text()
            ));
        }
        let report: serde_json::Value = serde_json::from_slice(&reply.stdout).map_err(text)?;

        self.pass(&machine, "check")?;
        let extras = self.extras()?;
        for extra in &extras {
            self.pass(&machine, &format!("extra/{extra}"))?;
        }
        self.pass(&machine, "check")?;
        let user = machine
            .check(["systemctl", "show", "--property=User,DynamicUser", unit])
            .map_err(text)?;
        Ok(Row {
            service: self.name.to_owned(),
            exposure: (before, exposure(&machine, unit)?),
            rival: self.rival,
            reached: (
                count(&report, "/attacks/before/reached"),
                count(&report, "/attacks/after/reached"),
            ),
            unexplained: count(&report, "/attacks/after/unexplained"),
            root: user
                .lines()
                .any(|line| line == "User=" || line == "User=root")
                && !user.lines().any(|line| line == "DynamicUser=yes"),
            provisional: strings(&report, "/provisional"),
            extras: extras.len(),
        })
    }

    /// The names of the checks that are not learned, in order.
    fn extras(&self) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.folder().join("extra")).map_err(text)? {
            names.push(
                entry
                    .map_err(text)?
                    .file_name()
                    .to_string_lossy()
                    .into_owned(),
            );
        }
        names.sort();
        if names.is_empty() {
            return Err(format!("{} has no checks beyond its workload", self.name));
        }
        Ok(names)
    }

    fn pass(&self, machine: &Machine, script: &str) -> Result<(), String> {
        let path = format!("{SERVICES}/{}/{script}", self.name);
        let reply = machine.exec([&path]).map_err(text)?;
        if reply.is_success() {
            return Ok(());
        }
        let journal = machine
            .exec(["journalctl", "--no-pager", "--lines=25", "--output=cat"])
            .map_err(text)?;
        Err(format!(
            "{script} exited with {}: {}\n{}\njournal:\n{}",
            reply.status,
            reply.complaint(),
            reply.text(),
            journal.text()
        ))
    }
}

fn folders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testbed/services")
}

fn push_folder(machine: &Machine, local: &Path, remote: &str) -> Result<(), String> {
    for entry in std::fs::read_dir(local).map_err(text)? {
        let entry = entry.map_err(text)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let there = format!("{remote}/{name}");
        if entry.file_type().map_err(text)?.is_dir() {
            push_folder(machine, &entry.path(), &there)?;
        } else {
            machine.push(&entry.path(), &there).map_err(text)?;
        }
    }
    Ok(())
}

/// What the real tool says about the running manager, in tenths.
fn exposure(machine: &Machine, unit: &str) -> Result<u32, String> {
    let table = machine
        .check(["systemd-analyze", "security", "--no-pager", unit])
        .map_err(text)?;
    let line = table
        .lines()
        .find(|line| line.contains("Overall exposure level"))
        .ok_or("systemd-analyze says no overall exposure")?;
    let score = line
        .rsplit(": ")
        .next()
        .and_then(|rest| rest.split(' ').next())
        .ok_or_else(|| format!("no figure in `{line}`"))?;
    score.replace('.', "").parse().map_err(text)
}

fn count(report: &serde_json::Value, pointer: &str) -> usize {
    report
        .pointer(pointer)
        .and_then(serde_json::Value::as_array)
        .unwrap_or_else(|| panic!("{pointer} is missing: {report}"))
        .len()
}

fn strings(report: &serde_json::Value, pointer: &str) -> Vec<String> {
    report
        .pointer(pointer)
        .and_then(serde_json::Value::as_array)
        .unwrap_or_else(|| panic!("{pointer} is missing: {report}"))
        .iter()
        .map(|text| text.as_str().expect("a text").to_owned())
        .collect()
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
