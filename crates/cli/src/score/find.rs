//! From what was typed to units: which directories count for each.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
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
enum Place {
    /// Those of the service manager.
    Manager,
    /// This one, then those of the service manager.
    InFront(PathBuf),
    /// This one alone.
    Alone(PathBuf),
}

/// Loads what was typed, in order. A directory is listed once for each way in which it was typed, however many
/// of its units are asked for.
pub fn find(
    typed: &[OsString],
    root: Option<&Path>,
    verdict: Verdict,
) -> Result<Vec<Found>, SourceError> {
    let host = HostUnits::below(root.unwrap_or(Path::new("/")))?;
    let mut found = BTreeMap::new();
    let mut wanted: BTreeMap<Option<&OsStr>, Vec<(usize, String, UnitName)>> = BTreeMap::new();
    for (order, word) in typed.iter().enumerate() {
        let (name, directory) = split(word, root);
        match instance(&name, verdict) {
            Ok(unit) => {
                let units = wanted.entry(directory).or_default();
                units.push((order, name, unit));
            }
            Err(lost) => {
                let unit = Err(lost);
                found.insert(order, Found { name, unit });
            }
        }
    }
    for (directory, units) in wanted {
        let place = directory.map_or(Place::Manager, |typed| {
            Place::of(Path::new(typed), root, &host, verdict.model)
        });
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
    // As systemctl(1) has it, a name without a suffix is that of a service.
    let name = UnitName::parse(name)
        .or_else(|error| UnitName::parse(&format!("{name}.service")).map_err(|_| error))?;
    match name.kind() {
        Kind::Service if name.is_template() => Ok(name.with_instance(verdict.profile.instance())?),
        Kind::Service => Ok(name),
        other => Err(Lost::Kind(other)),
    }
}

/// The name at the end of what was typed, and the directory before it, if it is a file.
fn split<'a>(word: &'a OsStr, root: Option<&Path>) -> (String, Option<&'a OsStr>) {
    let path = Path::new(word);
    let name = path.file_name().unwrap_or(word);
    let directory = path.parent().unwrap_or(path).as_os_str();
    let is_file = !directory.is_empty() || (root.is_none() && path.is_file());
    let name = name.to_string_lossy().into_owned();
    (name, is_file.then_some(directory))
}

impl Place {
    /// Which directories count for a file in this one.
    fn of(typed: &Path, root: Option<&Path>, host: &HostUnits, model: Model) -> Self {
        let directory = absolute(Path::new(".").join(typed)).unwrap_or_else(|_| typed.to_owned());
        let inside = root.and_then(|root| directory.strip_prefix(absolute(root).ok()?).ok());
        let directory = inside.map_or(directory.clone(), |below| Path::new("/").join(below));
        match (host.directories().contains(&directory), model) {
            (false, _) => Self::Alone(directory),
            (true, Model::Manager) => Self::Manager,
            (true, Model::Offline) => Self::InFront(directory),
        }
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
