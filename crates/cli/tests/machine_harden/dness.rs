//! A job that runs as root with its token in its configuration: one command moves the token out, makes it a
//! dynamic user and confines it, and it still updates its record at a provider that is played.

use std::path::PathBuf;

use crate::bench::{Bench, testbed};
use crate::subject::{exposure, extras};

/// What systemd 252 says of the job at first, and the most that it may say in the end, in tenths.
const EXPOSURE: (u32, u32) = (96, 11);
const CONFIGURATION: &str = "/etc/dness/dness.conf";
const UNIT: &str = "dness.service";

/// The real program where `RINGFENCE_DNESS` names one, else its stand-in.
fn program() -> PathBuf {
    std::env::var_os("RINGFENCE_DNESS")
        .map_or_else(|| testbed().join("services/dness/stand-in"), PathBuf::from)
}

/// Hardens it and runs everything that it must still pass.
pub fn harden() -> Result<(), String> {
    let bench = Bench::new()?;
    bench.bring("services/dness")?;
    bench.push(&program(), "/usr/bin/dness")?;
    let script = |name: &str| format!("services/dness/{name}");
    bench.pass(&script("setup"))?;
    bench.pass(&script("check"))?;
    let token = bench.shell(&format!(
        "sed -n 's/^token = \"\\(.*\\)\"/\\1/p' {CONFIGURATION}"
    ))?;
    if token.is_empty() {
        return Err("the configuration has no token to begin with".to_owned());
    }
    let before = exposure(&bench, UNIT)?;
    let reply = bench.ringfence(&[
        "harden",
        "--unit",
        UNIT,
        "--yes",
        "--secrets",
        CONFIGURATION,
        "--workload",
        &Bench::script(&script("check")),
    ])?;
    if !reply.is_success() {
        return Err(format!("harden {}", bench.told(&reply)?));
    }
    if reply.text().contains(&token) || reply.complaint().contains(&token) {
        return Err("the token is in what was printed".to_owned());
    }
    bench.pass(&script("check"))?;
    for extra in extras("dness")? {
        bench.pass(&script(&format!("extra/{extra}")))?;
    }
    let after = exposure(&bench, UNIT)?;
    if before != EXPOSURE.0 || after > EXPOSURE.1 {
        return Err(format!("exposure {before} -> {after}, in tenths"));
    }
    let configuration = bench.shell(&format!("cat {CONFIGURATION}"))?;
    let user = bench.shell(&format!(
        "systemctl show --property=DynamicUser --value {UNIT}"
    ))?;
    if configuration.contains(&token) || user != "yes" {
        return Err(format!(
            "dynamic user: {user}; configuration:\n{configuration}"
        ));
    }
    Ok(())
}
