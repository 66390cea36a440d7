//! Learning a unit together with those that will share its policy.

use ringfence_host::systemd::Systemctl;
use ringfence_unit::name::UnitName;

use super::{Exercises, Learned, learn_unit};
use crate::error::{Failure, OrFail};
use crate::output::Output;

/// Watches a unit, and one after the other all running instances of its template. Each opens files of its
/// own, and one drop-in holds for them all. An instance that does not run is not watched: it has to get along
/// with what the others need.
pub fn learn_with_instances(
    name: &UnitName,
    exercises: &Exercises<'_>,
    output: &Output,
) -> Result<Learned, Failure> {
    let mut learned = learn_unit(name, exercises, output)?;
    for other in others(&learned.unit.name)? {
        if learned.interrupted {
            break;
        }
        let more = learn_unit(&other, exercises, output)?;
        learned.trace = learned.trace.join(more.trace);
        learned.notes.extend(more.notes);
        learned.interrupted = more.interrupted;
    }
    Ok(learned)
}

/// The other running instances of the same template.
fn others(name: &UnitName) -> Result<Vec<UnitName>, Failure> {
    let Some(template) = name.template() else {
        return Ok(Vec::new());
    };
    let what = || format!("find the instances of {template}");
    let manager = Systemctl::default();
    let mut others = Vec::new();
    for instance in manager.instances(&template).or_cannot(what)? {
        if instance != *name && manager.state(&instance).or_cannot(what)?.is_active() {
            others.push(instance);
        }
    }
    Ok(others)
}
