//! A root directory, and a service manager for it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ringfence_compile::systemd::Artifact;
use ringfence_host::deploy::{Claim, DeployError, Edits, Papers, Settling, Store, affected};
use ringfence_host::systemd::Systemctl;
use ringfence_unit::name::UnitName;

/// The drop-in that most tests write.
pub const DROP_IN: &str = "/etc/systemd/system/demo.service.d/50-ringfence.conf";

/// Runs units that are files in `run/units`. A unit fails to start while a drop-in of it says `Break=`, and
/// keeps in `seen` with which drop-in it was started last.
const MANAGER: &str = r#"#!/bin/sh
root=@ROOT@
echo "$*" >> $root/run/log
for last; do :; done
unit=$root/run/units/$last
files=$(ls $root/etc/systemd/system/$last.d/*.conf 2>/dev/null)
state() { sed -i "s/^ActiveState=.*/ActiveState=$1/; s/^Result=.*/Result=$2/" $unit; }
case " $* " in
*" show "*)
    if [ ! -e $unit ]; then
        printf 'Id=%s\nLoadState=not-found\nActiveState=inactive\n' $last
        exit 0
    fi
    cat $unit
    printf 'Id=%s\nNames=%s\nInvocationID=1\nActiveEnterTimestampMonotonic=1\nDropInPaths=' $last $last
    for file in $files; do printf '%s ' ${file#$root}; done
    echo ;;
*" restart "* | *" start "*)
    cat $files > $root/run/seen 2>/dev/null
    if grep -qs Break= $files /dev/null; then
        state failed exit-code
        echo "Job for $last failed because the control process exited with error code." >&2
        exit 1
    fi
    state active success ;;
*" stop "*)
    [ -e $unit ] || { echo "Failed to stop $last: Unit $last not loaded, not found." >&2; exit 5; }
    state inactive success ;;
*" list-units "*)
    (cd $root/run/units && for name in *@?*; do [ -e "$name" ] && echo "$name loaded active"; done)
    exit 0 ;;
esac
exit 0
"#;

/// A host with a running `demo.service`.
pub struct World {
    /// Removed with this, unless the host is another's.
    _folder: Option<tempfile::TempDir>,
    root: PathBuf,
    pub systemctl: Systemctl,
    pub store: Store,
    pub unit: UnitName,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        for directory in ["etc/systemd/system", "run/units", "var/lib"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        let program = root.join("run/systemctl");
        fs::write(&program, MANAGER.replace("@ROOT@", root.to_str().unwrap())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let world = Self {
            _folder: Some(folder),
            ..Self::at_root(&root)
        };
        world.runs("demo.service", "active");
        world
    }

    /// One that another process made.
    pub fn at_root(root: &Path) -> Self {
        Self {
            systemctl: Systemctl::new(root.join("run/systemctl"), "/bin/true"),
            store: Store::below(root),
            unit: UnitName::parse("demo.service").unwrap(),
            _folder: None,
            root: root.to_owned(),
        }
    }

    /// Gives the manager a unit in this state.
    pub fn runs(&self, unit: &str, active: &str) {
        fs::write(
            self.root().join("run/units").join(unit),
            format!("LoadState=loaded\nActiveState={active}\nResult=success\nType=simple\n"),
        )
        .unwrap();
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }

    /// A file's text; `None` when it is not there.
    pub fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.at(path)).ok()
    }

    /// Every file below /etc with its text.
    pub fn etc(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        collect(&self.root().join("etc"), &mut found);
        found
    }

    pub fn is_active(&self) -> bool {
        self.text("/run/units/demo.service")
            .unwrap()
            .contains("ActiveState=active")
    }

    /// What the manager was asked to do since the last time.
    pub fn asked(&self) -> Vec<String> {
        let log = self.text("/run/log").unwrap_or_default();
        fs::write(self.at("/run/log"), "").unwrap();
        log.lines()
            .filter(|line| !line.contains("show"))
            .map(|line| {
                let words = line.split(' ').filter(|word| !word.starts_with('-'));
                words.collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    pub fn claim(&self) -> Claim {
        self.store.claim(&self.unit).unwrap()
    }

    /// Applies files and keeps them, or takes them back, as `apply` does.
    pub fn apply(&self, files: &[(&str, &str)]) -> Result<u64, DeployError> {
        self.apply_over(files, Edits::Refuse)
    }

    pub fn apply_over(&self, files: &[(&str, &str)], edits: Edits) -> Result<u64, DeployError> {
        let claim = self.store.claim(&self.unit)?;
        claim.recover(&self.systemctl, &settling())?;
        let change = claim.change(&artifacts(files))?;
        let units = affected(&self.systemctl, &self.unit, true)?;
        let deployment = claim.write(&change, &papers(), units, edits)?;
        let generation = deployment.generation();
        let kept = deployment
            .activate(&self.systemctl, &settling())
            .and_then(|()| deployment.keep(None));
        if let Err(error) = kept {
            deployment.undo(&self.systemctl, &settling())?;
            return Err(error);
        }
        Ok(generation)
    }

    pub fn roll_back(&self, to: Option<u64>) -> Result<Vec<String>, DeployError> {
        let claim = self.store.claim(&self.unit)?;
        claim
            .rollback(to)?
            .carry_out(&self.systemctl, &settling(), Edits::Refuse)
    }
}

pub fn settling() -> Settling<'static> {
    Settling {
        patience: Duration::from_secs(5),
        settle: Duration::from_millis(1),
        go_on: &|| true,
    }
}

pub fn papers() -> Papers<'static> {
    Papers {
        manifest: "ringfence = 1\n",
        lock: None,
        provisional: &[],
    }
}

pub fn artifacts(files: &[(&str, &str)]) -> Vec<Artifact> {
    let artifact = |(path, text): &(&str, &str)| Artifact {
        path: path.parse().unwrap(),
        text: (*text).to_owned(),
        mode: 0o644,
    };
    files.iter().map(artifact).collect()
}

fn collect(directory: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.insert(path.clone(), "directory".to_owned());
            collect(&path, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            found.insert(path, text);
        }
    }
}
