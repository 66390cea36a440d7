//! What machines boot from: built by `testbed/build`, kept in a cache.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A Debian to boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Image {
    /// Debian 12 with systemd 252, built without BPF.
    Bookworm,
    /// Debian 12 with the services that the tests harden (`testbed/packages/bookworm-services`).
    BookwormServices,
    /// Debian 13 with systemd 257.
    Trixie,
}

/// Why an image cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The script that builds images did not start.
    #[error("start {script}: {source}")]
    Start {
        /// The script.
        script: PathBuf,
        /// Why it did not start.
        source: io::Error,
    },
    /// The script failed.
    #[error("build {what}: {script} exited with {status}:\n{complaint}")]
    Build {
        /// What was to be built.
        what: String,
        /// The script.
        script: PathBuf,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it wrote to its standard error.
        complaint: String,
    },
}

impl Image {
    /// The name, which is that of a list in `testbed/packages`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::BookwormServices => "bookworm-services",
            Self::Trixie => "trixie",
        }
    }

    /// The version of its systemd.
    pub fn systemd(self) -> u32 {
        match self {
            Self::Bookworm | Self::BookwormServices => 252,
            Self::Trixie => 257,
        }
    }

    /// The directory tree, which is built if the cache does not have it. It is shared and not to be written to.
    pub fn tree(self) -> Result<PathBuf, ImageError> {
        build(&["rootfs", self.name()])
    }

    /// A directory with the same as `root.ext4`.
    pub(crate) fn disk(self) -> Result<PathBuf, ImageError> {
        build(&["disk", self.name()])
    }
}

/// A static program that tries what a directive may forbid (`testbed/guest/probe.c`), to be pushed into a machine.
pub fn probe() -> Result<PathBuf, ImageError> {
    Ok(build(&["probe"])?.join("probe"))
}

/// Has `testbed/build` build something or find it in the cache.
pub(crate) fn build(what: &[&str]) -> Result<PathBuf, ImageError> {
    let script = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/build"));
    let output = Command::new(&script)
        .args(what)
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(source) => return Err(ImageError::Start { script, source }),
    };
    if !output.status.success() {
        return Err(ImageError::Build {
            what: what.join(" "),
            script,
            status: output.status,
            complaint: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    Ok(PathBuf::from(
        String::from_utf8_lossy(output.stdout.trim_ascii()).into_owned(),
    ))
}
