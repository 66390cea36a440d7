//! What differs between the releases of systemd.
//!
//! A profile is a release as distributions built it and as it was measured: 252.39 of Debian 12, 254.26 of its
//! backports, 255.4 and 259.5 of Ubuntu, 257.13 of Debian 13 and 262 of Debian's development. The rows are
//! the same in all of them; what a unit file means is not.

use std::fmt;

use crate::text::Syntax;

/// The behavior of one release of systemd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    version: u32,
    /// The libseccomp that distributions ship beside it: 2.6.1 is 20601.
    pub(crate) libseccomp: u32,
    /// The architecture as libseccomp calls it.
    pub(crate) architecture: &'static str,
}

/// The releases that have a profile, each with its libseccomp.
const KNOWN: [(u32, u32); 6] = [
    (252, 20504),
    (254, 20504),
    (255, 20505),
    (257, 20600),
    (259, 20600),
    (262, 20601),
];

/// There is no profile for a release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no profile of systemd {version}; there are {}",
    Profile::listed()
)]
pub struct UnknownVersion {
    /// What was asked for.
    pub version: u32,
}

impl Profile {
    /// Every version that has a profile, oldest first.
    pub fn versions() -> impl DoubleEndedIterator<Item = u32> {
        KNOWN.iter().map(|(version, _)| *version)
    }

    /// The profile of this very version, on this machine's architecture.
    pub fn of(version: u32) -> Result<Self, UnknownVersion> {
        let known = KNOWN.iter().find(|(known, _)| *known == version);
        let (version, libseccomp) = known.ok_or(UnknownVersion { version })?;
        Ok(Self {
            version: *version,
            libseccomp: *libseccomp,
            architecture: native(),
        })
    }

    /// The newest profile that is not newer than this version, or else the oldest.
    ///
    /// What changes an outcome changes between the releases that have a profile, and the older of two
    /// neighbors is what a release in between is most like. Whoever uses it has to say so.
    pub fn nearest(version: u32) -> Self {
        let near = Self::versions().rev().find(|known| *known <= version);
        let [(oldest, _), ..] = KNOWN;
        Self::of(near.unwrap_or(oldest)).unwrap_or_else(|_| Self::newest())
    }

    /// The newest profile.
    pub fn newest() -> Self {
        let [.., (version, libseccomp)] = KNOWN;
        Self {
            version,
            libseccomp,
            architecture: native(),
        }
    }

    /// The same release on another architecture, by its name in libseccomp. On one that it has no table for no
    /// system call counts.
    #[must_use]
    pub fn on(self, architecture: &'static str) -> Self {
        Self {
            architecture,
            ..self
        }
    }

    /// The version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The instance that the tool puts into a template which is given without one.
    pub fn instance(&self) -> &'static str {
        if self.since(257) {
            "test_instance"
        } else {
            "i"
        }
    }

    /// How this release reads the text of a unit file.
    pub fn syntax(&self) -> Syntax {
        Syntax {
            empty_header_fails: self.since(262),
        }
    }

    /// Whether this is that version or a later one.
    pub(crate) fn since(&self, version: u32) -> bool {
        self.version >= version
    }

    fn listed() -> String {
        let versions: Vec<String> = Self::versions().map(|known| known.to_string()).collect();
        versions.join(", ")
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "systemd {}", self.version)
    }
}

/// This architecture's name in libseccomp, where it is not Rust's.
fn native() -> &'static str {
    match std::env::consts::ARCH {
        "powerpc64" => "ppc64le",
        "mips64" => "mips64el",
        own => own,
    }
}

/// Whose verdict is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Model {
    /// What `systemd-analyze security --offline=true` prints, with its flaw: a PrivateMounts= that is not
    /// set counts as bad before 254, whatever implies it, and as good since, although nothing does.
    Offline,
    /// What `systemd-analyze security` prints about the loaded unit, which asks the running manager.
    Manager,
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Offline => "offline",
            Self::Manager => "manager",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_without_a_profile_is_refused_with_those_that_have_one() {
        let refused = Profile::of(253).map_err(|error| error.to_string());
        let message = "there is no profile of systemd 253; there are 252, 254, 255, 257, 259, 262";
        assert_eq!(refused, Err(message.to_owned()));
    }

    #[test]
    fn the_nearest_profile_is_the_next_older_one() {
        let nearest = [249, 252, 253, 256, 261, 262, 300].map(|v| Profile::nearest(v).version());
        assert_eq!(nearest, [252, 252, 252, 255, 259, 262, 262]);
    }
}
