//! The dead man's switch: a unit that rolls back unless someone confirms.
//!
//! It lives in the service manager, not in this process, so it outlasts the session that applied. The
//! service is in /etc and is started at boot: a reboot before the confirmation rolls back as well. The timer
//! is in /run and is gone after a reboot, when there is nothing left to wait for.

use std::path::Path;
use std::time::Duration;

use ringfence_policy::path::AbsPath;
use ringfence_unit::name::UnitName;

use super::DeployError;
use super::store::Claim;
use super::transition::{Expect, Step, carry_out};
use super::tree::{Content, Tree};
use crate::systemd::{Systemctl, SystemctlError};

struct Sentinel {
    service: UnitName,
    timer: UnitName,
    service_path: AbsPath,
    timer_path: AbsPath,
}

/// Arms the rollback of a generation.
pub fn arm(
    claim: &Claim,
    systemctl: &Systemctl,
    generation: u64,
    within: Duration,
) -> Result<(), DeployError> {
    let sentinel = Sentinel::of(&claim.unit)?;
    let program = own_program(&claim.unit)?;
    let file = |text: String| Content::File {
        bytes: text.into_bytes(),
        mode: 0o644,
    };
    let step = |path: &AbsPath, text: String| Step {
        path: path.clone(),
        before: Content::Absent,
        after: file(text),
    };
    let service = service_text(&claim.unit, &program, generation);
    let timer = timer_text(&claim.unit, &sentinel.service, within);
    carry_out(
        &claim.tree,
        &[
            step(&sentinel.service_path, service),
            step(&sentinel.timer_path, timer),
        ],
        Expect::Anything,
    )?;
    let armed = systemctl
        .daemon_reload()
        .and_then(|()| systemctl.enable(&sentinel.service))
        .and_then(|()| systemctl.restart(&sentinel.timer));
    armed.map_err(|error| {
        // Not armed is not half armed; what cannot be removed rolls back something that is not applied.
        let _ = disarm(claim, systemctl);
        error.into()
    })
}

/// Disarms whatever is armed for this unit.
pub fn disarm(claim: &Claim, systemctl: &Systemctl) -> Result<(), DeployError> {
    let sentinel = Sentinel::of(&claim.unit)?;
    let absent = |path: &AbsPath| claim.tree.read(path).map(|found| found == Content::Absent);
    if absent(&sentinel.service_path)? && absent(&sentinel.timer_path)? {
        return Ok(());
    }
    let unless_gone = |result: Result<(), SystemctlError>| match result {
        // Nothing that is not there can fire.
        Err(SystemctlError::NotFound { .. }) => Ok(()),
        other => other,
    };
    unless_gone(systemctl.stop(&sentinel.timer))?;
    unless_gone(systemctl.disable(&sentinel.service))?;
    let step = |path: &AbsPath| Step {
        path: path.clone(),
        before: Content::Absent,
        after: Content::Absent,
    };
    carry_out(
        &claim.tree,
        &[step(&sentinel.service_path), step(&sentinel.timer_path)],
        Expect::Anything,
    )?;
    Ok(systemctl.daemon_reload()?)
}

impl Sentinel {
    fn of(unit: &UnitName) -> Result<Self, DeployError> {
        // An `@` would make it an instance of a template that does not exist.
        let stem = format!("ringfence-confirm-{}", unit.stem().replace('@', "\\x40"));
        let refuse = |why: String| DeployError::NoSentinel {
            unit: unit.to_string(),
            why,
        };
        let named = |suffix: &str| {
            UnitName::parse(&format!("{stem}.{suffix}")).map_err(|error| refuse(error.to_string()))
        };
        let placed = |directory: &str, name: &UnitName| {
            AbsPath::from_bytes(format!("{directory}/{name}").as_bytes())
                .map_err(|error| refuse(error.to_string()))
        };
        let (service, timer) = (named("service")?, named("timer")?);
        Ok(Self {
            service_path: placed("/etc/systemd/system", &service)?,
            timer_path: placed("/run/systemd/system", &timer)?,
            service,
            timer,
        })
    }
}

/// The path of this very program, which root will run later: nobody else may be able to replace it.
fn own_program(unit: &UnitName) -> Result<String, DeployError> {
    let refuse = |why: String| DeployError::NoSentinel {
        unit: unit.to_string(),
        why,
    };
    let path = std::env::current_exe().map_err(|error| refuse(error.to_string()))?;
    let path = AbsPath::from_bytes(path.as_os_str().as_encoded_bytes())
        .map_err(|error| refuse(error.to_string()))?;
    let tree = Tree::open(Path::new("/"))?;
    tree.vouch(&path)
        .map_err(|error| refuse(format!("this program could be replaced: cannot {error}")))?;
    String::from_utf8(path.as_bytes().to_vec())
        .map_err(|_| refuse("the path of this program is not UTF-8".to_owned()))
}

fn service_text(unit: &UnitName, program: &str, generation: u64) -> String {
    // `exec` and `Restart=` of a oneshot are newer than the oldest systemd that ringfence writes for.
    format!(
        "# Written by ringfence; removed by `ringfence confirm {unit}`.\n\
         [Unit]\n\
         Description=Roll back what ringfence applied to {unit}, unless it is confirmed\n\
         Documentation=man:ringfence(1)\n\
         StartLimitIntervalSec=1h\n\
         StartLimitBurst=60\n\
         \n\
         [Service]\n\
         Type=simple\n\
         ExecStart={} rollback --if-unconfirmed {generation} {}\n\
         Restart=on-failure\n\
         RestartSec=10s\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n",
        quoted(program),
        quoted(unit.as_str()),
    )
}

fn timer_text(unit: &UnitName, service: &UnitName, within: Duration) -> String {
    format!(
        "# Written by ringfence; removed by `ringfence confirm {unit}`.\n\
         [Unit]\n\
         Description=Time to confirm what ringfence applied to {unit}\n\
         \n\
         [Timer]\n\
         OnActiveSec={}s\n\
         AccuracySec=1s\n\
         Unit={service}\n",
        within.as_secs()
    )
}

/// A word of a command line in a unit file: quoted, with nothing in it expanded.
fn quoted(word: &str) -> String {
    let mut text = String::from("\"");
    for character in word.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '%' | '$' => text.extend([character, character]),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(name: &str) -> UnitName {
        UnitName::parse(name).unwrap()
    }

    #[test]
    fn the_sentinel_of_an_instance_is_a_unit_of_its_own() {
        let sentinel = Sentinel::of(&unit("ssh@10.0.0.1:22.service")).unwrap();
        assert_eq!(
            sentinel.service.as_str(),
            "ringfence-confirm-ssh\\x4010.0.0.1:22.service"
        );
        assert!(!sentinel.service.is_instance());
    }

    #[test]
    fn words_of_a_command_line_are_taken_literally() {
        assert_eq!(quoted(r#"/opt/a "b"\c%d$e"#), r#""/opt/a \"b\"\\c%%d$$e""#);
    }

    #[test]
    fn the_units_name_what_they_roll_back() {
        insta::assert_snapshot!(format!(
            "{}\n{}",
            service_text(&unit("redis-server.service"), "/usr/bin/ringfence", 3),
            timer_text(
                &unit("redis-server.service"),
                &unit("ringfence-confirm-redis-server.service"),
                Duration::from_mins(2)
            )
        ));
    }
}
