//! Units of every kind that there is, hardened one by one. The folders of `testbed/units` say what they are.

use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, names, testbed, text};

/// One trial for each folder.
pub fn trials() -> Vec<Trial> {
    let folder = testbed().join("units");
    let names = names(&folder).unwrap();
    let kinds: Vec<_> = names
        .into_iter()
        .filter(|name| folder.join(name).join("unit").is_file())
        .collect();
    assert!(kinds.len() >= 7, "kinds are missing: {kinds:?}");
    kinds
        .into_iter()
        .map(|kind| {
            let name = format!("kinds_{kind}_passes_everything_once_hardened");
            Trial::test(name.replace('-', "_"), move || {
                harden(&kind).map_err(Failed::from)
            })
        })
        .collect()
}

fn harden(kind: &str) -> Result<(), String> {
    let folder = testbed().join("units").join(kind);
    let units = std::fs::read_to_string(folder.join("unit")).map_err(text)?;
    let extras = names(&folder.join("extra"))?;
    if extras.is_empty() {
        return Err(format!("{kind} has no checks beyond its workload"));
    }
    let bench = Bench::new()?;
    let script = |name: &str| format!("units/{kind}/{name}");
    bench.pass(&script("setup"))?;
    bench.pass(&script("check"))?;
    // Where there are several, they are instances of one template, and hardening one hardens all.
    let unit = units.lines().next().ok_or("no unit is named")?;
    let report = bench.harden(unit, &Bench::script(&script("check")))?;
    for unit in units.lines() {
        expect_hardened(&bench, unit, &report)?;
    }
    bench.pass(&script("check"))?;
    for extra in &extras {
        bench.pass(&script(&format!("extra/{extra}")))?;
    }
    bench.pass(&script("check"))
}

/// The policy is in force, nothing had to be guessed, and the attacks reach less than they did.
fn expect_hardened(bench: &Bench, unit: &str, report: &serde_json::Value) -> Result<(), String> {
    if report.get("verdict").is_none_or(|word| word != "enforced") {
        return Err(format!("not enforced: {report}"));
    }
    let provisional = report.get("provisional");
    if provisional != Some(&serde_json::json!([])) {
        return Err(format!("grants were given back: {provisional:?}"));
    }
    let reached = |when| {
        let list = report.pointer(&format!("/attacks/{when}/reached"));
        let list = list.and_then(serde_json::Value::as_array);
        list.map(Vec::len)
            .ok_or_else(|| format!("no attacks: {report}"))
    };
    let (before, after) = (reached("before")?, reached("after")?);
    if after >= before {
        return Err(format!(
            "attacks reached {before} things before, and {after} now"
        ));
    }
    let shown = bench.shell(&format!(
        "systemctl show --property=DropInPaths,NoNewPrivileges {unit}"
    ))?;
    if shown.contains("ringfence") && shown.contains("NoNewPrivileges=yes") {
        return Ok(());
    }
    Err(format!("{unit} is not confined: {shown}"))
}
