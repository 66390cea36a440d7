//! What an attempt knows: whom to aim at, what there is on the host, and how much the policy grants.

use std::cell::Cell;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ringfence_policy::grant::{FileAccess, Grant};
use ringfence_policy::path::AbsPath;
use ringfence_policy::policy::Policy;

use serde::{Deserialize, Serialize};

use crate::attempt::{LISTENING, attempts};
use crate::limits::Limits;
use crate::neighbor::{Household, Neighbor, NeighborError};
use crate::survey::{Candidate, Survey};

/// Why there is no context.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// The neighbor did not start.
    #[error(transparent)]
    Neighbor(#[from] NeighborError),
    /// The kernel does not say how much memory there is.
    #[error("read {path}: {source}", path = MEMINFO)]
    Memory {
        /// What the kernel said instead.
        source: io::Error,
    },
}

const MEMINFO: &str = "/proc/meminfo";

/// Kinds of namespace in which an attempt would only harm itself, or mean something else.
const OWN: [&str; 3] = ["ipc", "pid", "uts"];

/// What every attempt is given. It is made outside, and a fork carries it inside.
#[derive(Debug, Serialize, Deserialize)]
pub struct Context {
    /// Whom to aim at.
    pub neighbor: Neighbor,
    /// Keeps it alive where it was started; what was sent elsewhere has none.
    #[serde(skip)]
    _household: Option<Household>,
    /// What there is to be reached.
    pub survey: Survey,
    /// What the policy grants.
    pub limits: Limits,
    /// The program of the service, if known.
    #[serde(with = "crate::text::option")]
    pub program: Option<PathBuf>,
    /// Names of the variables in the service's environment: bare, and confined.
    environment: [Vec<String>; 2],
    /// Where the service's own settings are, as far as that is known.
    pub settings: Vec<Candidate>,
    /// Whose the program is, if known.
    pub(crate) program_owner: Option<Owner>,
    /// Whether this program stands in the place of the service's, so that the latter cannot be seen.
    pub(crate) stands_in: bool,
    confined: Cell<bool>,
    /// Directories in which a service can usually write, the shared ones first.
    #[serde(with = "crate::text::list")]
    pub writable: Vec<PathBuf>,
    /// Bytes of memory that the host could spare.
    pub spare_memory: u64,
    namespaces: Vec<(String, String)>,
    devices: Vec<u64>,
}

impl Context {
    /// Prepares for attempts under `policy`, looking for files beneath `root`, which is `/` but in tests.
    ///
    /// The calling process must have one thread, because the neighbor is a fork of it.
    pub fn new(policy: &Policy, root: &Path) -> Result<Self, ContextError> {
        let memory =
            fs::read_to_string(MEMINFO).map_err(|source| ContextError::Memory { source })?;
        let own = |grant: &Grant| match grant {
            Grant::Directory(kind, name) => Some(PathBuf::from(kind.parent()).join(name)),
            Grant::File(FileAccess::Write, path) => Some(PathBuf::from(path.to_string())),
            _ => None,
        };
        let shared = ["/tmp", "/var/tmp", "/dev/shm"].map(PathBuf::from);
        let devices = shared
            .iter()
            .filter_map(|path| fs::metadata(path).ok())
            .map(|metadata| metadata.dev())
            .collect();
        let (neighbor, household) = Neighbor::start()?;
        let mut survey = Survey::of(root, attempts());
        survey.add_sockets(LISTENING, root);
        Ok(Self {
            neighbor,
            _household: Some(household),
            survey,
            limits: Limits::of(policy),
            program: None,
            environment: [Vec::new(), Vec::new()],
            settings: Vec::new(),
            program_owner: None,
            stands_in: false,
            confined: Cell::new(false),
            writable: shared
                .into_iter()
                .chain(policy.grants().filter_map(own))
                .collect(),
            spare_memory: available(&memory),
            devices,
            namespaces: OWN
                .into_iter()
                .filter_map(|kind| Some((kind.to_owned(), namespace(kind)?)))
                .collect(),
        })
    }

    /// With the service's program, which it should not be able to change.
    #[must_use]
    pub fn with_program(mut self, program: &AbsPath) -> Self {
        self.set_program(program.as_path());
        self
    }

    /// The same for a path that may not be one.
    pub(crate) fn set_program(&mut self, program: &Path) {
        self.program_owner = fs::metadata(program).ok().map(|found| Owner {
            uid: found.uid(),
            gid: found.gid(),
            mode: found.mode(),
        });
        self.program = Some(program.to_owned());
    }

    /// With the names of the variables that the service finds in its environment without a confinement,
    /// and those that the confinement passes on.
    #[must_use]
    pub fn with_environment(mut self, bare: Vec<String>, confined: Vec<String>) -> Self {
        self.environment = [bare, confined];
        self
    }

    /// From here on in this process, attempts are confined ones. Each has a copy of its own, being a
    /// fork, so the caller's does not change.
    pub(crate) fn enter(&self) {
        self.confined.set(true);
    }

    /// A copy to send: it knows the neighbor, and does not keep it alive.
    pub(crate) fn sent(&self, stands_in: bool) -> Self {
        Self {
            neighbor: self.neighbor.clone(),
            _household: None,
            survey: self.survey.clone(),
            limits: self.limits,
            program: self.program.clone(),
            environment: self.environment.clone(),
            settings: self.settings.clone(),
            program_owner: self.program_owner,
            stands_in,
            confined: self.confined.clone(),
            writable: self.writable.clone(),
            spare_memory: self.spare_memory,
            namespaces: self.namespaces.clone(),
            devices: self.devices.clone(),
        }
    }

    /// As it is for the calling process, to which it was sent: with its own variables, and with the
    /// directories that the service manager says are its own (systemd 240; systemd.exec(5)).
    #[must_use]
    pub(crate) fn here(mut self) -> Self {
        const OWN_DIRECTORIES: [&str; 4] = [
            "RUNTIME_DIRECTORY",
            "STATE_DIRECTORY",
            "CACHE_DIRECTORY",
            "LOGS_DIRECTORY",
        ];
        let names: Vec<String> = std::env::vars_os()
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect();
        self.environment = [names.clone(), names];
        for variable in OWN_DIRECTORIES {
            let paths = std::env::var_os(variable).unwrap_or_default();
            self.writable
                .extend(std::env::split_paths(&paths).filter(|path| path.is_absolute()));
        }
        self
    }

    /// The names of the variables that the attempt finds in its environment.
    pub(crate) fn variables(&self) -> &[String] {
        let [bare, confined] = &self.environment;
        if self.confined.get() { confined } else { bare }
    }

    /// Whether a directory is on a file system that the host does not use for temporary files.
    pub(crate) fn is_own(&self, directory: &Path) -> bool {
        fs::metadata(directory).is_ok_and(|metadata| !self.devices.contains(&metadata.dev()))
    }

    /// Whether the calling process is known to have a namespace of its own of this kind.
    pub(crate) fn has_own(&self, kind: &str) -> bool {
        let host = self.namespaces.iter().find(|(name, _)| name == kind);
        matches!((host, namespace(kind)), (Some((_, host)), Some(here)) if *host != here)
    }
}

/// Who may write a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mode: u32,
}

/// Which namespace of this kind the calling process is in, as the kernel calls it; namespaces(7).
fn namespace(kind: &str) -> Option<String> {
    let name = fs::read_link(format!("/proc/self/ns/{kind}")).ok()?;
    Some(name.to_string_lossy().into_owned())
}

/// `MemAvailable` of /proc/meminfo in bytes, or nothing when the kernel does not say.
fn available(text: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .map_or(0, |kibibytes| kibibytes.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    #[test]
    fn available_memory_is_read_in_bytes() {
        let text = "MemTotal:  100 kB\nMemAvailable:     42 kB\n";
        assert_eq!(super::available(text), 42 * 1024);
        assert_eq!(super::available("MemTotal: 100 kB\n"), 0);
    }
}
