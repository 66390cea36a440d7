//! WorkingDirectory=. Where it is bad the service manager does not load the unit.

use super::path;
use crate::score::reader::Reader;
use crate::score::refusal::Reason;

/// Where the service starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum WorkingDirectory {
    #[default]
    Unset,
    /// `~`, its user's home.
    Home,
    /// A path.
    Path(String),
}

impl WorkingDirectory {
    /// One line. A leading `-` forgives a directory that is missing, and one that is wrong.
    pub fn assign(&mut self, value: &str, reader: &mut Reader<'_>) -> Result<(), Reason> {
        let (directory, forgiven) = match value.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (value, false),
        };
        let read = match directory {
            "" if !forgiven => Ok(Self::Unset),
            "~" => Ok(Self::Home),
            path => reader
                .expand(path)
                .and_then(|path| match path::absolute(&path) {
                    Some(path) => Ok(Self::Path(path)),
                    None => Err(Reason::Path { path }),
                }),
        };
        match read {
            Ok(directory) => *self = directory,
            Err(_) if forgiven => reader.ignored(value),
            Err(reason) => return Err(reason),
        }
        Ok(())
    }

    /// Whether it is the home of its user.
    pub fn is_home(&self) -> bool {
        *self == Self::Home
    }

    /// Whether it lies in one of the file systems that the kernel makes up.
    pub fn is_below_api(&self) -> bool {
        let Self::Path(path) = self else {
            return false;
        };
        ["/dev", "/proc", "/sys"]
            .iter()
            .any(|top| path::is_below(path, top))
    }
}
