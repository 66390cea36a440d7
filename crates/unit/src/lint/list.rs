//! Lists that allow or deny: the first line decides which, whatever the later ones say.

use super::{Finding, Rule};
use crate::load::{Setting, Unit};
use crate::word::{Style, words};

/// Settings whose first line decides.
const LISTS: [&str; 4] = [
    "RestrictAddressFamilies",
    "RestrictFileSystems",
    "RestrictNamespaces",
    "SystemCallFilter",
];

/// The families that have a row of the score to themselves.
const APART: [&str; 7] = [
    "AF_INET",
    "AF_INET6",
    "AF_UNIX",
    "AF_LOCAL",
    "AF_NETLINK",
    "AF_ROUTE",
    "AF_PACKET",
];

pub(super) fn findings(unit: &Unit) -> Vec<Finding> {
    let mut findings: Vec<_> = LISTS.iter().flat_map(|key| mixed(unit, key)).collect();
    findings.extend(partial(unit));
    findings
}

fn denies(setting: &Setting) -> bool {
    setting.value.starts_with('~')
}

/// Allowing lines in a list that denies. The other way round is how exceptions are made.
fn mixed(unit: &Unit, key: &str) -> Vec<Finding> {
    let lines = unit.effective_list("Service", key);
    let Some((first, later)) = lines.split_first().filter(|(first, _)| denies(first)) else {
        return Vec::new();
    };
    let allowing = later.iter().filter(|line| !denies(line));
    let about = |line: &&Setting| {
        Finding::about(
            line,
            Rule::MixedList,
            format!(
                "{key}={} comes after {key}={}, so it allows nothing by itself: it only takes entries out of what is denied",
                line.value, first.value
            ),
            format!("put the lines without `~` first, or start over with `{key}=`"),
        )
    };
    allowing.map(about).collect()
}

/// A list that denies only one of AF_INET and AF_INET6, or few of the families that share a row.
fn partial(unit: &Unit) -> Option<Finding> {
    let lines = unit.effective_list("Service", "RestrictAddressFamilies");
    let first = lines.first().filter(|first| denies(first))?;
    let denied: Vec<String> = lines
        .iter()
        .filter(|line| denies(line))
        .flat_map(|line| {
            let list = line.value.trim_start_matches('~');
            let words = words(list, Style::RELAXED).filter_map(Result::ok);
            words
                .map(|word| word.text().to_ascii_uppercase())
                .collect::<Vec<_>>()
        })
        .collect();
    let has = |family: &str| denied.iter().any(|own| own == family);
    let half = match (has("AF_INET"), has("AF_INET6")) {
        (true, false) => Some("AF_INET6"),
        (false, true) => Some("AF_INET"),
        _ => None,
    };
    let message = if let Some(left) = half {
        format!("{left} stays allowed, and the score counts both internet families as denied")
    } else {
        let others = denied
            .iter()
            .filter(|family| !APART.contains(&family.as_str()));
        if others.count() == 0 {
            return None;
        }
        "the families that are not named stay allowed, and the score counts all other families as denied"
            .to_owned()
    };
    Some(Finding::about(
        first,
        Rule::PartialDenial,
        format!("RestrictAddressFamilies= denies a part only: {message}"),
        "name the families that the service needs, without `~`",
    ))
}
