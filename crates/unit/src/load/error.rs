//! Why a unit does not load.

use std::path::PathBuf;

use super::SourceError;
use crate::name::UnitName;
use crate::text::TextError;

/// Why a unit does not load.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// No directory has it.
    #[error("find {name}: no unit directory has it")]
    Missing {
        /// The unit.
        name: UnitName,
    },
    /// Its file is empty or a link to `/dev/null`.
    #[error("load {name}: it is masked by {}", path.display())]
    Masked {
        /// The unit.
        name: UnitName,
        /// The file.
        path: PathBuf,
    },
    /// The links that give it its name lead in a circle, or through more than eight names.
    #[error("load {name}: the links that give it its name do not end")]
    Circle {
        /// The unit.
        name: UnitName,
    },
    /// Its main file is one that the service manager stops reading.
    #[error("load {name}: {}: {error}", path.display())]
    Broken {
        /// The unit.
        name: UnitName,
        /// The file.
        path: PathBuf,
        /// Where it stops, and why.
        #[source]
        error: Box<TextError>,
    },
    /// A file or directory that takes part is there and cannot be read, so what the unit says is unknown.
    #[error(transparent)]
    Unreadable(#[from] SourceError),
}
