//! A unit as it is without ringfence, for a while.
//!
//! What was applied before must not decide what is learned now. An empty drop-in of the same name, in a
//! directory that comes before all others, hides ours (systemd.unit(5)); it is below `/run` and so gone with
//! the next boot at the latest.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ringfence_compile::systemd::DROP_IN;
use ringfence_host::systemd::Systemctl;
use ringfence_unit::name::UnitName;

use crate::error::{Failure, OrFail};

/// The first directory in which the service manager looks, of those below `/run`.
const FIRST: &str = "/run/systemd/system.control";

/// Hides the drop-in until dropped.
#[derive(Debug)]
pub struct Mask<'a> {
    systemctl: &'a Systemctl,
    directory: PathBuf,
}

impl<'a> Mask<'a> {
    /// Hides the drop-in of a unit, whether there is one or not; for an instance, that of its template.
    pub fn put(systemctl: &'a Systemctl, unit: &UnitName) -> Result<Self, Failure> {
        let template = unit.template();
        let unit = template.as_ref().unwrap_or(unit);
        let what = || format!("set aside what was applied to {unit} before");
        let directory = Path::new(FIRST).join(format!("{unit}.d"));
        let mask = Self {
            systemctl,
            directory,
        };
        mask.write().or_cannot(what)?;
        systemctl.daemon_reload().or_cannot(what)?;
        Ok(mask)
    }

    fn write(&self) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&self.directory)?;
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o644)
            .open(self.directory.join(DROP_IN))
            .map(drop)
    }

    /// Shows the drop-in again.
    pub fn lift(self) -> Result<(), Failure> {
        // The work is in `drop`, which cannot fail aloud.
        let file = self.directory.join(DROP_IN);
        drop(self);
        match file.try_exists() {
            Ok(false) => Ok(()),
            _ => Err(Failure::cannot(format!("remove {}", file.display()))
                .help("remove it by hand and run `systemctl daemon-reload`")),
        }
    }
}

impl Drop for Mask<'_> {
    fn drop(&mut self) {
        // What stays is told by `lift`; on the way out of another error that one is told already.
        let _ = fs::remove_file(self.directory.join(DROP_IN));
        // Somebody else may have drop-ins there.
        let _ = fs::remove_dir(&self.directory);
        let _ = fs::remove_dir(FIRST);
        let _ = self.systemctl.daemon_reload();
    }
}
