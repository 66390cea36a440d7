//! Learning a unit where the service manager runs it: prepare, watch, and leave it as it was found.
//!
//! Whatever happens, the drop-in goes and the unit is put back: at the end, on an error, on `^C`, and by a
//! guardian when this program is killed. What is left when that is killed too, the next one that learns takes
//! away, and so does the next boot.

mod guardian;
mod instances;
mod put_back;
mod rotation;
mod session;
mod step;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ringfence_host::systemd::{ActiveState, LoadState, Systemctl, UnitState};
use ringfence_host::units::HostUnits;
use ringfence_learn::ptrace::Options;
use ringfence_learn::unit::{
    ControlGroup, DropIn, Place, UnitWatch, has_own_view, sweep, watch_unit,
};
use ringfence_policy::trace::{Exercise, Trace};
use ringfence_unit::load::{Unit, load};
use ringfence_unit::name::UnitName;

use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::workload::Workload;
pub use instances::learn_with_instances;
use put_back::PutBack;
use session::Session;

/// What to do with the unit while it is watched.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each can be asked for without the others"
)]
pub struct Exercises<'a> {
    /// Run these after each start, reload and rotation.
    pub workloads: &'a [Workload],
    /// Reload it, if it can.
    pub reload: bool,
    /// Rotate its logs, if something is configured to.
    pub rotate: bool,
    /// Start it a second time.
    pub restart: bool,
    /// For each start, each workload and so on.
    pub timeout: Duration,
    /// Share one processor with it; see [`Options::pin`].
    pub pin: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Learned {
    /// What was seen.
    pub trace: Trace,
    /// The unit as it is without us.
    pub unit: Unit,
    /// What could not be watched, as sentences.
    pub notes: Vec<String>,
    /// A signal asked to stop before everything was done.
    pub interrupted: bool,
}

/// Watches a unit over its whole life. The calling process must have one thread.
pub fn learn_unit(
    name: &UnitName,
    exercises: &Exercises<'_>,
    output: &Output,
) -> Result<Learned, Failure> {
    if !rustix::process::geteuid().is_root() {
        return Err(Failure::new(
            ExitCode::HostCannot,
            format!("watch {name}: the service manager asks for root"),
        ));
    }
    // Jobs are waited for by whoever asks; this bounds what the put-back waits.
    let manager = Systemctl::default();
    clear_up(&manager, output)?;
    let before = state_before(&manager, name)?;
    let name = UnitName::parse(&before.id).or_cannot(|| format!("watch {name}"))?;
    let source = HostUnits::of_host().or_cannot(|| format!("watch {name}"))?;
    let unit = load(&name, &source).or_cannot(|| format!("watch {name}"))?;
    let group = control_group(&manager, &name)?;
    if is_own(&group) {
        return Err(
            Failure::cannot(format!("watch {name}: this process belongs to it"))
                .help("run ringfence from a login of its own, not from within the service"),
        );
    }
    let program = own_program()?;
    let place = Place::make(name.as_str(), &program, has_own_view(&unit)).map_err(from_learn)?;
    let drop_in = DropIn::of(&unit, place.wrapper()).map_err(from_learn)?;
    let mut notes = drop_in.unwatched.clone();
    let can_rotate = exercises.rotate && rotation::is_installed();
    let mut inapplicable = BTreeSet::new();
    if !before.can_reload {
        inapplicable.insert(Exercise::Reload);
    }
    if before.service_type == "oneshot" {
        // It is its own workload.
        inapplicable.insert(Exercise::Workload);
    }
    if before.is_batch() {
        inapplicable.insert(Exercise::Stop);
    }
    let mut put_back = PutBack::stand_by(&manager, &name, &before, &place)
        .or_cannot(|| format!("watch {name}"))?;
    place.install(&drop_in).map_err(from_learn)?;
    manager
        .daemon_reload()
        .or_cannot(|| format!("watch {name}"))?;
    check_effect(&manager, &name, place.wrapper())?;
    let mut session = Session::new(&manager, &unit, &before, exercises, can_rotate, output);
    let watch = UnitWatch {
        name: name.to_string(),
        group,
        wrapper: own_file(place.wrapper()),
        inapplicable,
        options: options(exercises),
    };
    let watched = watch_unit(watch, &mut |event| session.answer(event, &mut put_back));
    let (course, job) = session.finish();
    put_back.finish(job, output)?;
    let trace = watched.map_err(|error| Failure::new(ExitCode::HostCannot, error.to_string()))?;
    if let Some(failure) = course.failure {
        return Err(Failure::cannot(format!("learn {name}: {failure}")).lines(&course.last_lines));
    }
    if trace.runs().next().is_none() && !course.interrupted {
        return Err(Failure::cannot(format!(
            "learn {name}: no command of it came to be watched"
        )));
    }
    notes.extend(course.notes);
    Ok(Learned {
        trace,
        unit,
        notes,
        interrupted: course.interrupted,
    })
}

fn options(exercises: &Exercises<'_>) -> Options {
    let mut options = Options::default();
    options.quiet = crate::session::QUIET;
    options.pin = exercises.pin;
    options
}

/// A message of the crate that already says what cannot be done.
fn from_learn(error: impl std::fmt::Display) -> Failure {
    Failure::cannot(error.to_string())
}

/// Puts back what one that crashed left.
fn clear_up(manager: &Systemctl, output: &Output) -> Result<(), Failure> {
    let left = sweep().map_err(from_learn)?;
    if left.is_empty() {
        return Ok(());
    }
    let what = || "clear up after an interrupted watch".to_owned();
    manager.daemon_reload().or_cannot(what)?;
    for unit in left {
        output.note(&format!("{unit} was left watched; it is put back"));
        let name = UnitName::parse(&unit).or_cannot(what)?;
        let state = manager.state(&name).or_cannot(what)?;
        if state.is_active() || state.active == ActiveState::Activating {
            manager.restart(&name).or_cannot(what)?;
        }
    }
    Ok(())
}

fn state_before(manager: &Systemctl, name: &UnitName) -> Result<UnitState, Failure> {
    let what = || format!("watch {name}");
    let state = manager.state(name).or_cannot(what)?;
    let refused = |why: String| Err(Failure::cannot(format!("watch {name}: {why}")));
    match &state.load {
        LoadState::Loaded => {}
        LoadState::NotFound => {
            return refused("there is no such unit".to_owned())
                .map_err(|failure: Failure| failure.help("`systemctl list-units` names them"));
        }
        LoadState::Masked => return refused("it is masked".to_owned()),
        _ => return refused(format!("it is not loaded: {}", state.load_error)),
    }
    if state.has_job
        || matches!(
            state.active,
            ActiveState::Activating | ActiveState::Deactivating
        )
    {
        return refused(format!("it is {} right now", state.active.word()));
    }
    Ok(state)
}

fn control_group(manager: &Systemctl, name: &UnitName) -> Result<ControlGroup, Failure> {
    let what = || format!("watch {name}");
    let properties = manager.show(name, &["Slice"]).or_cannot(what)?;
    let slice = properties.one("Slice").unwrap_or("system.slice");
    ControlGroup::of(name.as_str(), slice).or_cannot(what)
}

/// Lines of the journal, indented, for a message.
fn shown(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |mut text, line| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  | {line}");
        text
    })
}

fn is_own(group: &ControlGroup) -> bool {
    group.contains(rustix::process::getpid())
}

/// This program's file, which is the wrapper too.
fn own_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().or_cannot(|| "find this program's own file".to_owned())
}

fn own_file(wrapper: &ringfence_learn::unit::Wrapper) -> PathBuf {
    Path::new(wrapper.program.as_path()).to_owned()
}

/// Makes sure that the manager would start the wrapper.
fn check_effect(
    manager: &Systemctl,
    name: &UnitName,
    wrapper: &ringfence_learn::unit::Wrapper,
) -> Result<(), Failure> {
    let properties = manager
        .show(name, &["ExecStart", "ExecStop", "ExecStartPre"])
        .or_cannot(|| format!("watch {name}"))?;
    let paths = [&wrapper.program, &wrapper.stand_in].map(ToString::to_string);
    let is_there = ["ExecStart", "ExecStop", "ExecStartPre"].iter().any(|key| {
        properties
            .all(key)
            .any(|value| paths.iter().any(|path| value.contains(path.as_str())))
    });
    if is_there {
        return Ok(());
    }
    Err(Failure::cannot(format!(
        "watch {name}: the service manager does not take up the drop-in below /run/systemd/system"
    ))
    .help(format!("`systemctl cat {name}` shows what overrides it")))
}
