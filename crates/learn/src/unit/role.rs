//! Which of a unit's command lines a process comes from.

use std::fmt;
use std::str::FromStr;

use ringfence_policy::trace::Phase;

/// The kinds of command lines that a service unit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `ExecCondition=`
    Condition,
    /// `ExecStartPre=`
    StartPre,
    /// `ExecStart=`
    Start,
    /// `ExecStartPost=`
    StartPost,
    /// `ExecReload=`
    Reload,
    /// `ExecStop=`
    Stop,
    /// `ExecStopPost=`
    StopPost,
}

impl Role {
    /// All of them, in the order in which the service manager comes to them.
    pub const ALL: [Self; 7] = [
        Self::Condition,
        Self::StartPre,
        Self::Start,
        Self::StartPost,
        Self::Reload,
        Self::Stop,
        Self::StopPost,
    ];

    /// The setting in the section `[Service]`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Condition => "ExecCondition",
            Self::StartPre => "ExecStartPre",
            Self::Start => "ExecStart",
            Self::StartPost => "ExecStartPost",
            Self::Reload => "ExecReload",
            Self::Stop => "ExecStop",
            Self::StopPost => "ExecStopPost",
        }
    }

    /// The word for it on the command line of [`join`](super::join()).
    pub const fn word(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::StartPre => "start-pre",
            Self::Start => "start",
            Self::StartPost => "start-post",
            Self::Reload => "reload",
            Self::Stop => "stop",
            Self::StopPost => "stop-post",
        }
    }

    /// The phase that such a command belongs to, whatever was before it. A reload is part of whatever goes
    /// on; so is what runs after the start, when the service may serve already.
    pub(crate) const fn phase(self) -> Option<Phase> {
        match self {
            Self::Condition | Self::StartPre | Self::Start => Some(Phase::Start),
            Self::StartPost | Self::Reload => None,
            Self::Stop | Self::StopPost => Some(Phase::Stop),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role of a command")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(word: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.word() == word)
            .ok_or_else(|| UnknownRole(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_read_back_from_its_word() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
        }
        assert!("main".parse::<Role>().is_err());
    }
}
