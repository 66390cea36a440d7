//! What can it read?

use super::{Rows, sentence};
use crate::load::Unit;
use crate::word::{Style, words};

/// How many paths are named before they are counted.
const NAMED: usize = 3;

pub(super) fn answer(unit: &Unit, rows: &Rows) -> String {
    let all = rows.is_root() && rows.is_open("CapabilityBoundingSet_CAP_DAC_FOWNER_IPC_OWNER");
    let mut answer = if all {
        "every file".to_owned()
    } else if rows.is_root() {
        "every file that root owns or anyone may read".to_owned()
    } else {
        "every file that its user and groups may read".to_owned()
    };
    if !rows.is_open("RootDirectoryOrRootImage") && has_own_root(unit) {
        answer.push_str(" in a root directory of its own");
    }
    let hidden = hidden(unit, rows);
    if !hidden.is_empty() {
        answer.push_str(" but ");
        answer.push_str(&sentence(&hidden));
    }
    answer
}

fn has_own_root(unit: &Unit) -> bool {
    let keys = ["RootDirectory", "RootImage"];
    let mut set = keys.iter().filter_map(|key| unit.last("Service", key));
    set.any(|setting| !setting.value.is_empty())
}

/// What is kept from it.
fn hidden(unit: &Unit, rows: &Rows) -> Vec<String> {
    let mut hidden = Vec::new();
    // Read-only homes count 5 and are all there to be read.
    if rows.badness("ProtectHome") < 5 && protects_home(unit) {
        hidden.push("homes".to_owned());
    }
    if !rows.is_open("PrivateTmp") && is_set(unit, &["PrivateTmp", "DynamicUser"]) {
        hidden.push("others' temporary files".to_owned());
    }
    if !rows.is_open("PrivateDevices") {
        hidden.push("devices".to_owned());
    }
    if rows.badness("ProtectProc") == 0 {
        hidden.push("others' processes".to_owned());
    }
    let paths = ["InaccessiblePaths", "InaccessibleDirectories"];
    let paths = paths
        .iter()
        .flat_map(|key| unit.effective_list("Service", key));
    let paths: Vec<String> = paths
        .flat_map(|setting| words(&setting.value, Style::COMMAND).filter_map(Result::ok))
        .map(|word| word.text().trim_start_matches(['-', '+']).to_owned())
        .collect();
    if paths.len() > NAMED {
        hidden.push(format!("{} paths", paths.len()));
    } else {
        hidden.extend(paths);
    }
    hidden
}

/// A row that does not apply, as with `DefaultDependencies=no`, hides nothing by itself.
fn protects_home(unit: &Unit) -> bool {
    unit.last("Service", "ProtectHome").is_some()
}

fn is_set(unit: &Unit, keys: &[&str]) -> bool {
    keys.iter().any(|key| unit.last("Service", key).is_some())
}
