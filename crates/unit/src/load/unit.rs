//! A loaded unit: its settings in the order in which they apply.

use std::path::PathBuf;

use crate::name::UnitName;
use crate::text::{Parsed, Position, Remark, Syntax, TextError, parse};

use super::LoadError;

/// A unit with everything that its files say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its name: that of the main file, for an instance with the instance put in.
    pub name: UnitName,
    /// The other names that links give it.
    pub aliases: Vec<UnitName>,
    /// The main file, then the drop-ins in the order in which they apply. A drop-in that masks another is
    /// among them and says nothing.
    pub files: Vec<UnitFile>,
    settings: Vec<Setting>,
}

/// A file that takes part in a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its lines that have no effect.
    pub remarks: Vec<Remark>,
    /// Where the service manager stops reading it. Only a drop-in can have that: a main file that stops is
    /// not loaded.
    pub failure: Option<TextError>,
}

/// An assignment, with the file that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The section's name, such as `Service`.
    pub section: String,
    /// The name before the `=`.
    pub key: String,
    /// The value, neither unquoted nor expanded.
    pub value: String,
    /// The place of its file in [`Unit::files`].
    pub file: usize,
    /// Where the key stands in that file.
    pub at: Position,
    /// Where the value stands in that file.
    pub value_at: Position,
}

impl Unit {
    /// A unit that is this text alone.
    pub fn of_text(name: UnitName, path: PathBuf, text: &[u8]) -> Result<Self, LoadError> {
        let mut unit = Self::empty(name);
        unit.add_main(path, parse(text, Syntax::default()))?;
        Ok(unit)
    }

    pub(super) fn empty(name: UnitName) -> Self {
        Self {
            name,
            aliases: Vec::new(),
            files: Vec::new(),
            settings: Vec::new(),
        }
    }

    /// Adds the main file, unless the service manager would not load it.
    pub(super) fn add_main(&mut self, path: PathBuf, mut parsed: Parsed) -> Result<(), LoadError> {
        if let Some(error) = parsed.failure.take().map(Box::new) {
            let name = self.name.clone();
            return Err(LoadError::Broken { name, path, error });
        }
        self.add(path, parsed);
        Ok(())
    }

    /// Adds what a file says after what is there.
    pub(super) fn add(&mut self, path: PathBuf, parsed: Parsed) {
        let file = self.files.len();
        let settings = parsed.assignments.into_iter().map(|assignment| Setting {
            section: assignment.section,
            key: assignment.key,
            value: assignment.value,
            file,
            at: assignment.at,
            value_at: assignment.value_at,
        });
        self.settings.extend(settings);
        self.files.push(UnitFile {
            path,
            remarks: parsed.remarks,
            failure: parsed.failure,
        });
    }

    /// Every assignment, in the order in which they apply.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The assignments to one key, in the order in which they apply. Case counts.
    pub fn values<'a>(
        &'a self,
        section: &'a str,
        key: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a Setting> {
        self.settings
            .iter()
            .filter(move |setting| setting.key == key && setting.section == section)
    }

    /// The assignments that count for a setting that is a list: those after the last empty one, which
    /// resets the list.
    pub fn effective_list<'a>(&'a self, section: &'a str, key: &'a str) -> Vec<&'a Setting> {
        let mut list: Vec<_> = self
            .values(section, key)
            .rev()
            .take_while(|setting| !setting.value.is_empty())
            .collect();
        list.reverse();
        list
    }

    /// The last assignment to a key: the one that counts for most settings that are not lists.
    pub fn last<'a>(&'a self, section: &'a str, key: &'a str) -> Option<&'a Setting> {
        self.values(section, key).next_back()
    }

    /// The file that makes a setting; that it is among them holds for every setting of this unit.
    pub fn file_of(&self, setting: &Setting) -> Option<&UnitFile> {
        self.files.get(setting.file)
    }
}
