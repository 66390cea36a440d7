//! The proof of a unit, from its settings to a report.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use ringfence_host::systemd::{Properties, Systemctl};
use ringfence_policy::policy::Policy;
use ringfence_unit::load::Unit;
use ringfence_unit::name::UnitName;
use ringfence_unit::word::boolean;
use ringfence_unit::word::{Style, words};

use super::directories::{Directories, PROPERTIES};
use super::error::UnitError;
use super::interrupt::Interrupts;
use super::place::{Place, write};
use super::program::Program;
use super::runner::InUnit;
use super::stand_in::{Probe, StandIn, bare};
use crate::context::Context;
use crate::limits::Limits;
use crate::prove::{Subject, prove};
use crate::report::{Report, Row};
use crate::survey::{Candidate, candidate};

/// Makes every attempt inside a copy of a unit, and outside of it as the same user.
///
/// The unit is taken as it is given, whatever the service runs with now: with a drop-in that is not
/// applied yet, or without one that is. `heard` is told of each row as soon as it is known. The calling
/// process must be root's and have one thread.
///
/// Signals that ask to end are held back until everything is taken down, and then reported as an error.
pub fn prove_unit(
    unit: &Unit,
    policy: &Policy,
    systemctl: &Systemctl,
    probe: Probe<'_>,
    heard: &mut dyn FnMut(&Row),
) -> Result<Report, UnitError> {
    let interrupts = RefCell::new(Interrupts::hold().map_err(UnitError::Signals)?);
    let interrupted = || UnitError::Interrupted {
        unit: unit.name.clone(),
    };
    let place = Place::claim(&unit.name, systemctl)?;
    let report = attack(unit, policy, systemctl, probe, &place, &interrupts, heard);
    let left = place.leave();
    if interrupts.borrow_mut().seen() {
        return Err(interrupted());
    }
    let report = report?;
    left.map(|()| report)
}

fn attack(
    unit: &Unit,
    policy: &Policy,
    systemctl: &Systemctl,
    probe: Probe<'_>,
    place: &Place<'_>,
    interrupts: &RefCell<Interrupts>,
    heard: &mut dyn FnMut(&Row),
) -> Result<Report, UnitError> {
    let program = Program::of(unit).map_err(|why| UnitError::Program {
        unit: unit.name.clone(),
        why,
    })?;
    let names = &place.names;
    let (inner, inner_path) = place.listen(&names.copy)?;
    let (outer, outer_path) = place.listen(&names.bare)?;
    let service = systemctl.show(&unit.name, &PROPERTIES)?;
    let mut directories = Directories::default();
    let text = |directories: &Directories| {
        StandIn {
            unit,
            program: &program,
            probe,
            socket: &inner_path,
            dynamic_user: dynamic_user(unit, &service),
            directories,
        }
        .text()
    };
    // The manager resolves what is said of users and directories; nothing runs before that was looked at.
    write(&names.copy, &text(&directories)?)?;
    write(&names.bare, &bare(unit, probe, &outer_path)?)?;
    systemctl.daemon_reload()?;
    let copy = systemctl.show(&names.copy, &PROPERTIES)?;
    let seen = Directories::look(&unit.name, &service, &copy, Path::new("/"))?;
    place.will_make(&seen.made)?;
    if text(&seen)? != text(&directories)? {
        directories = seen;
        write(&names.copy, &text(&directories)?)?;
        systemctl.daemon_reload()?;
    }

    let context = context(unit, policy, &program, systemctl, &names.copy)?;
    let start = |why| UnitError::Start {
        unit: unit.name.clone(),
        why,
    };
    let mut confined = InUnit::new(systemctl, names.copy.clone(), inner, interrupts);
    let identity = confined.open(&context).map_err(start)?;
    let mut bare = InUnit::new(systemctl, names.bare.clone(), outer, interrupts).becoming(identity);
    bare.open(&context).map_err(start)?;
    let subject = subject(&unit.name, systemctl)?;
    Ok(prove(
        subject,
        policy,
        &context,
        &mut bare,
        &mut confined,
        heard,
    ))
}

/// The unit on this systemd and this kernel.
fn subject(unit: &UnitName, systemctl: &Systemctl) -> Result<Subject, UnitError> {
    let mut subject = Subject::here(unit.as_str());
    let version = systemctl.version()?;
    subject.host = format!("systemd {}, {}", version.number, subject.host);
    Ok(subject)
}

fn context(
    unit: &Unit,
    policy: &Policy,
    program: &Program,
    systemctl: &Systemctl,
    copy: &UnitName,
) -> Result<Context, UnitError> {
    let own = unit.effective_list("Service", "ReadWritePaths");
    let older = unit.effective_list("Service", "ReadWriteDirectories");
    let writable = own
        .into_iter()
        .chain(older)
        .flat_map(|setting| setting.value.split_whitespace())
        .map(|path| PathBuf::from(path.trim_start_matches(['-', '+'])))
        .filter(|path| path.is_absolute());
    let limits = systemctl.show(
        copy,
        &["MemoryMax", "TasksMax", "LimitNOFILE", "CPUQuotaPerSecUSec"],
    )?;
    let mut context = Context::new(policy, Path::new("/"))?;
    context.set_program(Path::new(&program.path));
    context.writable.extend(writable);
    context.settings = settings(unit, program);
    context.limits = context.limits.or(unit_limits(unit, &limits));
    Ok(context)
}

/// What a service is told to read in `/etc`, and the directories there that have its name.
fn settings(unit: &Unit, program: &Program) -> Vec<Candidate> {
    let etc = Path::new("/etc");
    let named = [
        Some(unit.name.prefix()),
        Path::new(&program.path)
            .file_name()
            .and_then(|n| n.to_str()),
    ]
    .into_iter()
    .flatten()
    .map(|name| etc.join(name));
    let commands = unit.effective_list("Service", "ExecStart");
    let told = commands
        .iter()
        .flat_map(|setting| words(&setting.value, Style::COMMAND))
        .filter_map(|word| Some(PathBuf::from(word.ok()?.text().into_owned())))
        .filter(|path| path.starts_with(etc));
    let mut found: Vec<Candidate> = named
        .chain(told)
        .filter_map(|path| candidate(Path::new("/"), &path))
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup();
    found
}

/// The limits that a unit sets itself, of those that attempts try to exceed. What the manager gives every
/// unit is no limit of this one.
fn unit_limits(unit: &Unit, asked: &Properties) -> Limits {
    let own = |key: &str| {
        unit.last("Service", key)
            .is_some_and(|setting| !setting.value.is_empty())
    };
    let limit =
        |setting: &str, property: &str| own(setting).then(|| asked.number(property)).flatten();
    Limits {
        memory: limit("MemoryMax", "MemoryMax"),
        tasks: limit("TasksMax", "TasksMax"),
        descriptors: limit("LimitNOFILE", "LimitNOFILE"),
        cpu: own("CPUQuota")
            .then(|| asked.one("CPUQuotaPerSecUSec"))
            .flatten()
            .and_then(percent),
        tmp: None,
    }
}

/// A share of a second as the manager prints it, in percent.
fn percent(span: &str) -> Option<u64> {
    let milliseconds = span
        .strip_suffix("ms")
        .and_then(|number| number.parse::<f64>().ok());
    let seconds = span
        .strip_suffix('s')
        .and_then(|number| number.parse::<f64>().ok());
    let percent = milliseconds
        .map(|number| number / 10.0)
        .or(seconds.map(|number| number * 100.0))?;
    // Quotas are small; a fraction of a percent does not matter here.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a quota is positive and at most the processors there are"
    )]
    Some(percent.round() as u64)
}

/// The name of the user that the manager invents for a unit, where it does and the unit does not say it:
/// the copy would otherwise get another one, and with it the directories.
fn dynamic_user(unit: &Unit, service: &Properties) -> Option<String> {
    let is_set = |key| {
        unit.last("Service", key)
            .is_some_and(|setting| !setting.value.is_empty())
    };
    let dynamic = unit.last("Service", "DynamicUser");
    let dynamic = dynamic.and_then(|setting| boolean(&setting.value)) == Some(true);
    if !dynamic || is_set("User") {
        return None;
    }
    let known = service
        .one("User")
        .filter(|user| service.is_yes("DynamicUser") && !user.is_empty());
    Some(known.unwrap_or(unit.name.prefix()).to_owned())
}
