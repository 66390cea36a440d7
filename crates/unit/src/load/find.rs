//! The main file of a unit, its names, and its drop-ins.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::index::Lost;
use super::{EntryKind, Index, LoadError, SourceError, Unit};
use crate::name::UnitName;
use crate::text::parse;

impl Index<'_> {
    /// Loads a unit: its main file and every drop-in that applies.
    ///
    /// A template loads as itself, with the drop-ins of every instance; the service manager would refuse it.
    pub fn load(&self, name: &UnitName) -> Result<Unit, LoadError> {
        let path = self.main_file(name)?;
        let masked = |name: &UnitName| LoadError::Masked {
            name: name.clone(),
            path: path.clone(),
        };
        let bytes = self.source.read(&path)?;
        let bytes = bytes.ok_or_else(|| LoadError::Missing { name: name.clone() })?;
        let id = main_name(&path, name);
        if bytes.is_empty() {
            return Err(masked(name));
        }
        let mut unit = Unit::empty(id.clone());
        unit.aliases = self.other_names(name, &id);
        unit.add_main(path, parse(&bytes, self.syntax))?;
        for path in self.dropins(&unit)? {
            if let Some(bytes) = self.source.read(&path)? {
                unit.add(path, parse(&bytes, self.syntax));
            }
        }
        Ok(unit)
    }

    /// The file of a name, or of its template.
    fn main_file(&self, name: &UnitName) -> Result<PathBuf, LoadError> {
        let found = match self.file(name.as_str()) {
            Err(Lost::Nowhere) => match name.template() {
                Some(template) => self.file(template.as_str()),
                None => Err(Lost::Nowhere),
            },
            found => found,
        };
        found.map(ToOwned::to_owned).map_err(|lost| {
            let name = name.clone();
            match lost {
                Lost::Nowhere => LoadError::Missing { name },
                Lost::Circle => LoadError::Circle { name },
            }
        })
    }

    /// The names of a unit but for its main one.
    fn other_names(&self, asked: &UnitName, id: &UnitName) -> Vec<UnitName> {
        let mut names = vec![asked.as_str().to_owned()];
        names.extend(self.names_for(asked.as_str(), asked, None));
        let file = id.template().filter(|_| self.file(id.as_str()).is_err());
        let file = file.as_ref().unwrap_or(id).as_str();
        for main in [file, id.as_str()] {
            names.extend(self.names_for(main, asked, Some(file)));
        }
        names.sort_unstable();
        names.dedup();
        names
            .iter()
            .filter_map(|name| UnitName::parse(name).ok())
            .filter(|name| name != id && !(name.is_template() && id.is_instance()))
            .collect()
    }

    /// The names that links give to `main`, with the instance that was asked for put into templates. One that
    /// has another file for this instance is left out.
    fn names_for(&self, main: &str, asked: &UnitName, file: Option<&str>) -> Vec<String> {
        let mut names = Vec::new();
        for alias in self.aliases_of(main) {
            let of_template = UnitName::parse(alias).ok().filter(UnitName::is_template);
            let Some((template, instance)) = of_template.zip(asked.instance()) else {
                names.push(alias.to_owned());
                continue;
            };
            let Ok(instance) = template.with_instance(instance) else {
                continue;
            };
            let own = self.file(instance.as_str()).ok();
            let own = own.and_then(|path| path.file_name()?.to_str());
            if own.is_none_or(|own| file.is_none_or(|file| file == own)) {
                names.push(instance.as_str().to_owned());
            }
        }
        names
    }

    /// The drop-ins of a unit in the order in which they apply: sorted by file name, and of those with one
    /// name the one whose directory comes first.
    fn dropins(&self, unit: &Unit) -> Result<Vec<PathBuf>, SourceError> {
        let mut winners = BTreeMap::new();
        for directory in self.dropin_directories(unit) {
            for entry in self.source.list(&directory)? {
                let file = matches!(entry.kind, EntryKind::File | EntryKind::Link(_));
                let conf = entry.name.as_bytes().ends_with(b".conf");
                if file && conf && !entry.name.starts_with('.') {
                    let path = directory.join(&entry.name);
                    winners.entry(entry.name).or_insert(path);
                }
            }
        }
        Ok(winners.into_values().collect())
    }

    /// The drop-in directories of a unit, first those of its name, then those of its other names, last the
    /// one for its whole kind; and for each name by the precedence of the unit directories.
    fn dropin_directories(&self, unit: &Unit) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for name in std::iter::once(&unit.name).chain(&unit.aliases) {
            let mut below: Vec<PathBuf> = name
                .dropin_names()
                .iter()
                .flat_map(|name| self.dropins_of(name.as_str()).iter().cloned())
                .collect();
            below.sort_by_key(|path| self.precedence(path.parent()));
            found.append(&mut below);
        }
        found.extend_from_slice(self.dropins_of(unit.name.kind().as_str()));
        found
    }

    fn precedence(&self, directory: Option<&std::path::Path>) -> Option<usize> {
        let same = |path: &PathBuf| Some(path.as_path()) == directory;
        self.directories.iter().position(same)
    }
}

/// The name that a main file gives: its own, and where it is the template of an instance, that instance.
fn main_name(path: &std::path::Path, asked: &UnitName) -> UnitName {
    let file = path.file_name().and_then(|name| name.to_str());
    let Some(name) = file.and_then(|name| UnitName::parse(name).ok()) else {
        return asked.clone();
    };
    match asked.instance().filter(|_| name.is_template()) {
        Some(instance) => name.with_instance(instance).unwrap_or(name),
        None => name,
    }
}
