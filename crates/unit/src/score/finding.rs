//! What a unit says that nobody hears.

use crate::load::Setting;
use crate::text::Position;

/// A word, or a whole value, that the service manager ignores with a warning.
///
/// That is seldom harmless for the score: an allow list of nothing but misspelled families scores as if every
/// family were denied, and leaves a service that does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The place of its file in [`Unit::files`](crate::load::Unit::files).
    pub file: usize,
    /// Where the value stands in that file.
    pub at: Position,
    /// The setting.
    pub key: String,
    /// What is ignored of its value.
    pub text: String,
}

impl Ignored {
    pub(crate) fn new(setting: &Setting, text: String) -> Self {
        Self {
            file: setting.file,
            at: setting.value_at,
            key: setting.key.clone(),
            text,
        }
    }
}
