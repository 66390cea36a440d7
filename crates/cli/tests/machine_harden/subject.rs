//! One service on one machine, from the package to the hardened unit.

use crate::bench::{Bench, names, testbed, text};
use crate::row::Row;

/// The most that a service may be exposed that does not start as root, in tenths.
const AIM: u32 = 15;

/// Those that cannot reach it: the exporter of the machine's figures reads `/proc/1/mounts` and asks adjtimex(2)
/// how the clock runs, and its runtime raises a limit. What allows that costs two tenths.
const BEYOND: [(&str, u32); 1] = [("prometheus-node-exporter", 17)];

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

    /// Hardens it and runs everything that it must still pass.
    pub fn harden(&self) -> Result<Row, String> {
        let folder = format!("services/{}", self.name);
        let unit = std::fs::read_to_string(testbed().join(&folder).join("unit")).map_err(text)?;
        let unit = unit.trim();
        let script = |name: &str| format!("{folder}/{name}");
        let extras = extras(self.name)?;
        let bench = Bench::new()?;
        bench.bring(&folder)?;
        bench.pass(&script("setup"))?;
        bench.pass(&script("check"))?;
        let before = exposure(&bench, unit)?;
        let report = bench.harden(unit, &Bench::script(&script("check")))?;
        bench.pass(&script("check"))?;
        for extra in &extras {
            bench.pass(&script(&format!("extra/{extra}")))?;
        }
        bench.pass(&script("check"))?;
        let beyond = BEYOND.iter().find(|(name, _)| *name == self.name);
        let most = beyond.map_or(AIM, |(_, most)| *most);
        Ok(Row {
            service: self.name.to_owned(),
            exposure: (before, exposure(&bench, unit)?),
            rival: self.rival,
            reached: (
                list(&report, "/attacks/before/reached")?.len(),
                list(&report, "/attacks/after/reached")?.len(),
            ),
            unexplained: list(&report, "/attacks/after/unexplained")?.len(),
            most: (!starts_as_root(&bench, unit)?).then_some(most),
            provisional: list(&report, "/provisional")?,
            extras: extras.len(),
        })
    }
}

/// Whether the service manager starts it as root: without a user, or with one that its command is exempt from.
fn starts_as_root(bench: &Bench, unit: &str) -> Result<bool, String> {
    let user = bench.shell(&format!(
        "systemctl show --property=User,DynamicUser {unit}"
    ))?;
    let has = |line| user.lines().any(|own| own == line);
    let files = bench.shell(&format!("systemctl cat {unit}"))?;
    let exempt = files.lines().any(|line| line.starts_with("ExecStart=!"));
    Ok(exempt || ((has("User=") || has("User=root")) && !has("DynamicUser=yes")))
}

/// The names of a service's checks that are not learned, in order.
pub fn extras(service: &str) -> Result<Vec<String>, String> {
    let extras = names(&testbed().join("services").join(service).join("extra"))?;
    if extras.is_empty() {
        return Err(format!("{service} has no checks beyond its workload"));
    }
    Ok(extras)
}

/// What the real tool says about the running manager, in tenths.
pub fn exposure(bench: &Bench, unit: &str) -> Result<u32, String> {
    let table = bench.shell(&format!("systemd-analyze security --no-pager {unit}"))?;
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

/// The texts of a list in a report.
fn list(report: &serde_json::Value, pointer: &str) -> Result<Vec<String>, String> {
    let list = report
        .pointer(pointer)
        .and_then(serde_json::Value::as_array);
    let list = list.ok_or_else(|| format!("{pointer} is missing: {report}"))?;
    list.iter()
        .map(|text| text.as_str().map(ToOwned::to_owned))
        .collect::<Option<_>>()
        .ok_or_else(|| format!("{pointer} has more than texts: {report}"))
}
