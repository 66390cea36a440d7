//! A unit as the service manager puts it together: the main file, then the drop-ins of every directory.
//!
//! What it does not do: say what a setting means, resolve specifiers, or follow dependencies.

mod error;
mod find;
mod front;
mod index;
mod memory;
mod source;
#[cfg(test)]
mod tests;
mod unit;

pub use error::LoadError;
pub use front::InFront;
pub use index::Index;
pub use memory::Memory;
pub use source::{Entry, EntryKind, SYSTEM_DIRECTORIES, Source, SourceError};
pub use unit::{Setting, Unit, UnitFile};

use crate::name::UnitName;

/// Loads one unit. Whoever loads several makes one [`Index`] of the source and asks that.
pub fn load(name: &UnitName, source: &dyn Source) -> Result<Unit, LoadError> {
    Index::of(source)?.load(name)
}
