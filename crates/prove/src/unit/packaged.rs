//! A unit as it is without what ringfence added.

use std::path::{Path, PathBuf};

use ringfence_compile::systemd::DROP_IN;
use ringfence_unit::load::{Entry, Source, SourceError};

/// A source in which no unit has that drop-in.
pub struct AsPackaged<'a>(pub &'a dyn Source);

impl Source for AsPackaged<'_> {
    fn directories(&self) -> Vec<PathBuf> {
        self.0.directories()
    }

    fn list(&self, directory: &Path) -> Result<Vec<Entry>, SourceError> {
        let mut entries = self.0.list(directory)?;
        if directory
            .extension()
            .is_some_and(|extension| extension == "d")
        {
            entries.retain(|entry| entry.name != DROP_IN);
        }
        Ok(entries)
    }

    fn read(&self, file: &Path) -> Result<Option<Vec<u8>>, SourceError> {
        self.0.read(file)
    }

    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        self.0.resolve(path)
    }
}

#[cfg(test)]
mod tests {
    use ringfence_unit::load::{Memory, load};
    use ringfence_unit::name::UnitName;

    use super::*;

    #[test]
    fn only_the_drop_in_of_ringfence_is_out_of_sight() {
        let drop_ins = "/etc/systemd/system/x.service.d";
        let files = Memory::default()
            .file("/usr/lib/systemd/system/x.service", "[Service]\nUser=a\n")
            .file(format!("{drop_ins}/40-site.conf"), "[Service]\nGroup=b\n")
            .file(format!("{drop_ins}/{DROP_IN}"), "[Service]\nUser=c\n");
        let name = UnitName::parse("x.service").unwrap();
        let user = |source: &dyn Source| {
            let unit = load(&name, source).unwrap();
            assert!(unit.last("Service", "Group").is_some());
            unit.last("Service", "User").map(|user| user.value.clone())
        };
        assert_eq!(user(&files).as_deref(), Some("c"));
        assert_eq!(user(&AsPackaged(&files)).as_deref(), Some("a"));
    }
}
