//! Signs before a command that take it out of the confinement. The score does not look at them.

use std::path::Path;

use super::user::{is_on, runs_as_user};
use super::{Finding, Rule};
use crate::exec::{Privilege, read_with_shell};
use crate::load::{Setting, Unit};
use crate::specifier::{Host, Specifiers};

const COMMANDS: [&str; 7] = [
    "ExecCondition",
    "ExecReload",
    "ExecStart",
    "ExecStartPost",
    "ExecStartPre",
    "ExecStop",
    "ExecStopPost",
];

pub(super) fn findings(unit: &Unit) -> Vec<Finding> {
    let host = Host::default();
    let file = unit.files.first().map_or(Path::new("/"), |file| &file.path);
    let specifiers = Specifiers {
        unit: &unit.name,
        file,
        host: &host,
    };
    let is_user = runs_as_user(unit);
    let lines = COMMANDS
        .iter()
        .flat_map(|key| unit.effective_list("Service", key));
    let mut findings: Vec<_> = lines
        .flat_map(|line| unconfined(line, is_user, &specifiers))
        .collect();
    findings.extend(start_only(unit));
    findings
}

fn unconfined(line: &Setting, is_user: bool, specifiers: &Specifiers<'_>) -> Vec<Finding> {
    let commands = read_with_shell(&line.value, specifiers).commands;
    let about = |command: &crate::exec::Command| {
        let program = command.program.text();
        let (sign, what) = match command.prefixes.privilege {
            Privilege::Full => (
                "+",
                "as root and outside of everything that confines the service",
            ),
            Privilege::OwnUser if is_user => ("!", "as root, whatever User= says"),
            // Without a user of the service there is none to change to.
            Privilege::OwnUser | Privilege::Confined | Privilege::Ambient => return None,
        };
        Some(Finding::about(
            line,
            Rule::UnconfinedCommand,
            format!("the sign `{sign}` runs `{program}` {what}"),
            "leave the sign out and grant what the command needs, or move it to a unit of its own",
        ))
    };
    commands.iter().filter_map(about).collect()
}

/// `PermissionsStartOnly=` is the old way to write `!` before every command but the main one.
fn start_only(unit: &Unit) -> Option<Finding> {
    let setting = unit.last("Service", "PermissionsStartOnly")?;
    (is_on(setting) && runs_as_user(unit)).then(|| {
        Finding::about(
            setting,
            Rule::UnconfinedCommand,
            "PermissionsStartOnly= runs every command but ExecStart= as root, whatever User= says"
                .to_owned(),
            "leave it out, and use StateDirectory= and its like for what the commands prepare",
        )
    })
}
