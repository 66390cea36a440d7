//! From what was typed to units: which directories count for each.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf, absolute};
use std::rc::Rc;

use ringfence_host::units::HostUnits;
use ringfence_unit::load::{Entry, InFront, Index, LoadError, Source, SourceError, Unit};
use ringfence_unit::name::{Kind, NameError, UnitName};
use ringfence_unit::score::Model;

use super::Verdict;

/// What became of something that was typed.
#[derive(Debug)]
pub struct Found {
    /// The name of the file, or of the unit.
    pub name: String,
    /// The unit.
    pub unit: Result<Unit, Lost>,
}

/// Why there is no unit.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Lost {
    /// What was typed is no unit's name, nor does it end in one.
    #[error("take it for a unit: {0}")]
    Name(#[from] NameError),
    /// What was typed is a unit of another kind.
    #[error("score a {0}: only services have a score")]
    Kind(Kind),
    /// The unit, or the directory that it is in, cannot be read or is not loaded.
    #[error(transparent)]
    Load(#[from] Rc<LoadError>),
}

/// Which directories count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Those of the service manager.
    Manager,
    /// This one, then those of the service manager.
    InFront(PathBuf),
    /// This one alone.
    Alone(PathBuf),
}

/// Loads what was typed, in order. A directory is listed once, however many of its units are asked for.
pub fn find(
    typed: &[OsString],
    root: Option<&Path>,
    verdict: Verdict,
) -> Result<Vec<Found>, SourceError> {
    let host = HostUnits::below(root.unwrap_or(Path::new("/")))?;
    let mut found = BTreeMap::new();
    let mut wanted: BTreeMap<Place, Vec<(usize, String, UnitName)>> = BTreeMap::new();
    for (order, word) in typed.iter().enumerate() {
        let (name, place) = Place::of(word, root, &host, verdict.model);
        match instance(&name, verdict) {
            Ok(unit) => wanted.entry(place).or_default().push((order, name, unit)),
            Err(lost) => {
                let unit = Err(lost);
                found.insert(order, Found { name, unit });
            }
        }
    }
    for (place, units) in wanted {
        let source = place.source(&host);
        let index = Index::of(&source).map_err(Rc::new);
        let index = index.map(|index| index.with_syntax(verdict.profile.syntax()));
        for (order, name, unit) in units {
            let loaded = match &index {
                Ok(index) => index.load(&unit).map_err(Rc::new),
                Err(error) => Err(error.clone()),
            };
            let unit = loaded.map_err(Lost::Load);
            found.insert(order, Found { name, unit });
        }
    }
    Ok(found.into_values().collect())
}

/// The unit of this name; of a template the instance that the tool takes.
fn instance(name: &str, verdict: Verdict) -> Result<UnitName, Lost> {
    let name = UnitName::parse(name)?;
    match name.kind() {
        Kind::Service if name.is_template() => Ok(name.with_instance(verdict.profile.instance())?),
        Kind::Service => Ok(name),
        other => Err(Lost::Kind(other)),
    }
}

impl Place {
    /// The name at the end of what was typed, and where it is to be found.
    fn of(word: &OsString, root: Option<&Path>, host: &HostUnits, model: Model) -> (String, Self) {
        let path = Path::new(word);
        let name = path
            .file_name()
            .unwrap_or(word)
            .to_string_lossy()
            .into_owned();
        let is_name = path.parent() == Some(Path::new(""));
        if is_name && (root.is_some() || !path.is_file()) {
            return (name, Self::Manager);
        }
        let directory = absolute(path).unwrap_or_else(|_| path.to_owned());
        let directory = directory.parent().unwrap_or(Path::new("/"));
        let inside = root.and_then(|root| directory.strip_prefix(absolute(root).ok()?).ok());
        let directory = inside.map_or(directory.to_owned(), |below| Path::new("/").join(below));
        let place = match (host.directories().contains(&directory), model) {
            (false, _) => Self::Alone(directory),
            (true, Model::Manager) => Self::Manager,
            (true, Model::Offline) => Self::InFront(directory),
        };
        (name, place)
    }

    fn source<'a>(&self, host: &'a HostUnits) -> At<'a> {
        let directories = match self {
            Self::Manager => host.directories(),
            Self::InFront(directory) => InFront::new(directory.clone(), host).directories(),
            Self::Alone(directory) => vec![directory.clone()],
        };
        At { directories, host }
    }
}

/// The files of a host, looked for in these directories.
struct At<'a> {
    directories: Vec<PathBuf>,
    host: &'a HostUnits,
}

impl Source for At<'_> {
    fn directories(&self) -> Vec<PathBuf> {
        self.directories.clone()
    }

    fn list(&self, directory: &Path) -> Result<Vec<Entry>, SourceError> {
        self.host.list(directory)
    }

    fn read(&self, file: &Path) -> Result<Option<Vec<u8>>, SourceError> {
        self.host.read(file)
    }

    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        self.host.resolve(path)
    }
}
