//! What a finding is.

use std::fmt;

use crate::load::Setting;
use crate::text::Position;

/// Something about a unit that the score does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: Rule,
    /// The place of its file in [`Unit::files`](crate::load::Unit::files).
    pub file: usize,
    /// Where in that file.
    pub at: Position,
    /// What is there and what it does, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Finding {
    /// A finding about a setting.
    pub fn about(setting: &Setting, rule: Rule, message: String, help: impl Into<String>) -> Self {
        Self {
            rule,
            file: setting.file,
            at: setting.at,
            message,
            help: help.into(),
        }
    }
}

/// What kind of harm a finding does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// The service, or a part of it, does not work.
    Breaks,
    /// A part of the service runs without confinement.
    Unconfined,
    /// A line protects nothing, or less than it says.
    Void,
}

/// The rules. Their names do not change: baselines and suppressions hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The service manager refuses to load the unit.
    NotLoaded,
    /// The service manager stops reading a drop-in.
    CutDropIn,
    /// An allow list whose words all mean nothing: everything is denied, and the score is full of praise.
    EmptyAllowList,
    /// A command runs with full privileges, or without a part of the confinement.
    UnconfinedCommand,
    /// The first line of a list decides whether it allows or denies; a later line says the opposite.
    MixedList,
    /// A list that denies one thing and scores as if it denied all of its kind.
    PartialDenial,
    /// A value, or a word of one, that means nothing.
    IgnoredValue,
    /// A setting that does not exist, or not in that section.
    UnknownSetting,
    /// A line that has no effect, or not the one that it seems to have.
    VoidLine,
    /// A user that other services run as too.
    SharedUser,
    /// A directive that this host accepts and ignores.
    VoidOnHost,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 11] = [
        Self::NotLoaded,
        Self::CutDropIn,
        Self::EmptyAllowList,
        Self::UnconfinedCommand,
        Self::MixedList,
        Self::PartialDenial,
        Self::IgnoredValue,
        Self::UnknownSetting,
        Self::VoidLine,
        Self::SharedUser,
        Self::VoidOnHost,
    ];

    /// Its name.
    pub fn id(self) -> &'static str {
        match self {
            Self::NotLoaded => "not-loaded",
            Self::CutDropIn => "cut-drop-in",
            Self::EmptyAllowList => "empty-allow-list",
            Self::UnconfinedCommand => "unconfined-command",
            Self::MixedList => "mixed-list",
            Self::PartialDenial => "partial-denial",
            Self::IgnoredValue => "ignored-value",
            Self::UnknownSetting => "unknown-setting",
            Self::VoidLine => "void-line",
            Self::SharedUser => "shared-user",
            Self::VoidOnHost => "void-on-host",
        }
    }

    /// What it finds, in one sentence.
    pub fn summary(self) -> &'static str {
        match self {
            Self::NotLoaded => "The service manager does not load the unit.",
            Self::CutDropIn => {
                "The service manager stops reading a drop-in, and the lines after are lost."
            }
            Self::EmptyAllowList => {
                "No word of an allow list means anything, so everything is denied."
            }
            Self::UnconfinedCommand => "A command of the service runs without its confinement.",
            Self::MixedList => {
                "A line says the opposite of the first one of its list, and only takes entries out."
            }
            Self::PartialDenial => "A list denies a part and scores as if it denied the whole.",
            Self::IgnoredValue => "A value, or a word of it, means nothing to the service manager.",
            Self::UnknownSetting => "A setting does not exist under this name or in this section.",
            Self::VoidLine => "A line has no effect, or not the one that it seems to have.",
            Self::SharedUser => "The service shares its user with other services.",
            Self::VoidOnHost => "This host accepts a directive and ignores it.",
        }
    }

    /// What harm it does.
    pub fn harm(self) -> Harm {
        match self {
            Self::NotLoaded | Self::CutDropIn | Self::EmptyAllowList => Harm::Breaks,
            Self::UnconfinedCommand | Self::SharedUser => Harm::Unconfined,
            Self::MixedList
            | Self::PartialDenial
            | Self::IgnoredValue
            | Self::UnknownSetting
            | Self::VoidLine
            | Self::VoidOnHost => Harm::Void,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
