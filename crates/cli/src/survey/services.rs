//! The services that a host or a directory tree has unit files for.

use std::path::Path;

use ringfence_host::units::HostUnits;
use ringfence_unit::load::{Index, LoadError, Unit};
use ringfence_unit::name::{Kind, UnitName};
use ringfence_unit::score::Profile;

/// A service with its settings.
#[derive(Debug)]
pub struct Service {
    /// Its name; of a template that of the template.
    pub name: UnitName,
    /// Its unit; of a template one instance.
    pub unit: Unit,
}

/// All services of a place.
#[derive(Debug, Default)]
pub struct Services {
    /// Those that load, by name.
    pub loaded: Vec<Service>,
    /// Those that are masked.
    pub masked: Vec<UnitName>,
    /// Those that do not load, and why.
    pub broken: Vec<(UnitName, LoadError)>,
}

/// Loads every service of this host, or of the tree below a root. An alias is no service of its own.
pub fn services(root: Option<&Path>, profile: &Profile) -> Result<Services, LoadError> {
    let source = HostUnits::below(root.unwrap_or(Path::new("/")))?;
    let index = Index::of(&source)?.with_syntax(profile.syntax());
    let mut found = Services::default();
    for name in index.units().filter(|name| name.kind() == Kind::Service) {
        let instance = name.with_instance(profile.instance());
        let asked = match instance {
            Ok(instance) if name.is_template() => instance,
            _ => name.clone(),
        };
        match index.load(&asked) {
            Ok(unit) => found.loaded.push(Service { name, unit }),
            Err(LoadError::Masked { .. }) => found.masked.push(name),
            Err(error) => found.broken.push((name, error)),
        }
    }
    Ok(found)
}
