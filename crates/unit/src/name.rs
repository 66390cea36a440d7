//! Unit names, as systemd.unit(5) and the service manager's own checks define them.

mod escape;

use std::fmt;
use std::str::FromStr;

pub use escape::{unescape, unescape_path};

/// The longest unit name, in bytes.
const MAX: usize = 255;

/// What a unit is, which its suffix says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the suffix of the same name")]
pub enum Kind {
    Service,
    Socket,
    Target,
    Device,
    Mount,
    Automount,
    Swap,
    Timer,
    Path,
    Slice,
    Scope,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Service,
        Self::Socket,
        Self::Target,
        Self::Device,
        Self::Mount,
        Self::Automount,
        Self::Swap,
        Self::Timer,
        Self::Path,
        Self::Slice,
        Self::Scope,
    ];

    /// The suffix without its dot.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Socket => "socket",
            Self::Target => "target",
            Self::Device => "device",
            Self::Mount => "mount",
            Self::Automount => "automount",
            Self::Swap => "swap",
            Self::Timer => "timer",
            Self::Path => "path",
            Self::Slice => "slice",
            Self::Scope => "scope",
        }
    }

    /// Whether a symbolic link may give a unit of this kind a second name.
    pub fn may_alias(self) -> bool {
        matches!(
            self,
            Self::Service | Self::Socket | Self::Target | Self::Device | Self::Timer | Self::Path
        )
    }

    /// Whether units of this kind may be templates.
    pub fn may_template(self) -> bool {
        matches!(
            self,
            Self::Service | Self::Socket | Self::Target | Self::Timer | Self::Path
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a unit name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty.
    #[error("a unit name is not empty")]
    Empty,
    /// It is longer than the service manager takes.
    #[error("the unit name `{name}` is longer than {MAX} bytes")]
    Long {
        /// The text.
        name: String,
    },
    /// It has no suffix, or one that is no kind of unit.
    #[error("`{name}` does not end in a kind of unit, such as .service or .socket")]
    Suffix {
        /// The text.
        name: String,
    },
    /// It has a character that unit names do not have.
    #[error(
        "the unit name `{name}` has {character:?}; unit names have letters, digits and : - _ . \\ @"
    )]
    Character {
        /// The text.
        name: String,
        /// The character.
        character: char,
    },
    /// Nothing stands before its suffix or its `@`.
    #[error("the unit name `{name}` has no prefix")]
    Prefix {
        /// The text.
        name: String,
    },
    /// An instance was asked of a unit that is not a template.
    #[error("`{name}` is not a template, so it has no instances")]
    NotATemplate {
        /// The text.
        name: String,
    },
}

/// A valid unit name: `nginx.service`, the template `getty@.service`, or its instance `getty@tty1.service`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitName {
    text: String,
    kind: Kind,
    /// Where the first `@` is.
    at: Option<usize>,
    /// Where the last dot is.
    dot: usize,
}

impl UnitName {
    /// Checks a text by the service manager's rules.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name = || text.to_owned();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > MAX {
            return Err(NameError::Long { name: name() });
        }
        let (stem, suffix) = text
            .rsplit_once('.')
            .ok_or_else(|| NameError::Suffix { name: name() })?;
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == suffix)
            .ok_or_else(|| NameError::Suffix { name: name() })?;
        if let Some(character) = stem
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !":-_.\\@".contains(*c))
        {
            let name = name();
            return Err(NameError::Character { name, character });
        }
        let at = stem.find('@');
        if stem.is_empty() || at == Some(0) {
            return Err(NameError::Prefix { name: name() });
        }
        Ok(Self {
            text: name(),
            kind,
            at,
            dot: stem.len(),
        })
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The kind of unit.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The name without its suffix.
    pub fn stem(&self) -> &str {
        self.text.get(..self.dot).unwrap_or_default()
    }

    /// What stands before the `@`, or the stem of a unit without one.
    pub fn prefix(&self) -> &str {
        let end = self.at.unwrap_or(self.dot);
        self.text.get(..end).unwrap_or_default()
    }

    /// What stands between `@` and suffix: nothing for a plain unit, and for a template either.
    pub fn instance(&self) -> Option<&str> {
        let instance = self.text.get(self.at? + 1..self.dot)?;
        (!instance.is_empty()).then_some(instance)
    }

    /// Whether this is a template, such as `getty@.service`.
    pub fn is_template(&self) -> bool {
        self.at.is_some_and(|at| at + 1 == self.dot)
    }

    /// Whether this is an instance of a template, such as `getty@tty1.service`.
    pub fn is_instance(&self) -> bool {
        self.instance().is_some()
    }

    /// The template of an instance.
    pub fn template(&self) -> Option<Self> {
        self.instance()?;
        Self::parse(&format!("{}@.{}", self.prefix(), self.kind)).ok()
    }

    /// The instance of a template, or of the template of this instance.
    pub fn with_instance(&self, instance: &str) -> Result<Self, NameError> {
        if self.at.is_none() || instance.is_empty() {
            let name = self.text.clone();
            return Err(NameError::NotATemplate { name });
        }
        Self::parse(&format!("{}@{instance}.{}", self.prefix(), self.kind))
    }

    /// The names whose `.d` directories hold drop-ins for this unit, in the order in which the service
    /// manager looks below one directory: most specific first, without the one for the whole kind.
    ///
    /// `a-b@x.service` has `a-b@x`, `a-b@`, `a-`, `a-@x`, `a-@`. That a template's prefixes lose their
    /// `@` and an instance's keep it is how systemd (252 to 262) builds them.
    pub fn dropin_names(&self) -> Vec<Self> {
        let mut names = Vec::new();
        self.collect_dropin_names(&mut names);
        names
    }

    fn collect_dropin_names(&self, names: &mut Vec<Self>) {
        names.push(self.clone());
        if let Some(template) = self.template() {
            template.collect_dropin_names(names);
        }
        if let Some(shorter) = self.chopped() {
            shorter.collect_dropin_names(names);
        }
    }

    /// The name for the next shorter dash prefix: `a-` for `a-b`, `a-` for `a-b-` too.
    fn chopped(&self) -> Option<Self> {
        let prefix = self.prefix();
        let prefix = prefix.strip_suffix('-').unwrap_or(prefix);
        let dash = prefix.rfind('-').filter(|dash| *dash > 0)?;
        let prefix = prefix.get(..=dash)?;
        let text = match self.instance() {
            Some(instance) => format!("{prefix}@{instance}.{}", self.kind),
            None => format!("{prefix}.{}", self.kind),
        };
        Self::parse(&text).ok()
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for UnitName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests;
