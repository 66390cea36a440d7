//! The main file of a unit, its names, and its drop-ins.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::index::{DropinDirectory, Lost};
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
        if bytes.is_empty() {
            return Err(masked(name));
        }
        let (id, aliases) = self.names_of(name, &path);
        let mut unit = Unit::empty(id);
        unit.aliases = aliases;
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

    /// The main name of a unit and its others. The main name is that of the file, unless this instance has
    /// a file of its own under that name: then the link that was asked for leads to another unit.
    fn names_of(&self, asked: &UnitName, path: &Path) -> (UnitName, Vec<UnitName>) {
        let file = path.file_name().and_then(|name| name.to_str());
        let file = file.unwrap_or(asked.as_str());
        let mut names = self.names_for(asked.as_str(), asked, None);
        if file != asked.as_str() {
            names.append(&mut self.names_for(file, asked, Some(file)));
        }
        let parsed = UnitName::parse(file).unwrap_or_else(|_| asked.clone());
        let main = of_instance(&parsed, asked);
        let id = if names.contains(main.as_str()) {
            main
        } else {
            asked.clone()
        };
        let names = names.iter().filter_map(|name| UnitName::parse(name).ok());
        let names: BTreeSet<_> = names.map(|name| of_instance(&name, asked)).collect();
        let others = names.into_iter().filter(|name| *name != id).collect();
        (id, others)
    }

    /// A name, and those that links give to it, with the instance that was asked for put into templates. One
    /// of these that has another file than `file` for this instance is left out.
    fn names_for(&self, name: &str, asked: &UnitName, file: Option<&str>) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        if !asked.is_template() {
            names.insert(name.to_owned());
        }
        for alias in self.aliases_of(name).chain([name]) {
            let template = UnitName::parse(alias).ok().filter(UnitName::is_template);
            let Some(template) = template.filter(|_| asked.is_instance()) else {
                names.insert(alias.to_owned());
                continue;
            };
            let instance = of_instance(&template, asked);
            let own = self.file(instance.as_str()).ok();
            let own = own.and_then(|path| path.file_name()?.to_str());
            if own.is_none_or(|own| file.is_none_or(|file| file == own)) {
                names.insert(instance.as_str().to_owned());
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
        if self.dropins.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<&DropinDirectory> = Vec::new();
        for name in std::iter::once(&unit.name).chain(&unit.aliases) {
            let names = name.dropin_names();
            let below = names.iter().flat_map(|name| self.dropins_of(name.as_str()));
            let mut below: Vec<_> = below.collect();
            below.sort_by_key(|directory| directory.precedence);
            found.append(&mut below);
        }
        found.extend(self.dropins_of(unit.name.kind().as_str()));
        found
            .iter()
            .map(|directory| directory.path.clone())
            .collect()
    }
}

/// A template as the instance that was asked for; any other name as it is.
fn of_instance(name: &UnitName, asked: &UnitName) -> UnitName {
    let instance = asked.instance().filter(|_| name.is_template());
    let instance = instance.and_then(|instance| name.with_instance(instance).ok());
    instance.unwrap_or_else(|| name.clone())
}
