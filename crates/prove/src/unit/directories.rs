//! The directories that the manager makes for a service: to start a copy must neither hand them over, nor
//! change them, nor leave new ones behind.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ringfence_host::systemd::Properties;
use ringfence_unit::name::UnitName;

use super::error::UnitError;
use super::stand_in::{literal, quoted};

/// The settings, and beneath what their names are.
const KINDS: [(&str, &str); 5] = [
    ("RuntimeDirectory", "/run"),
    ("StateDirectory", "/var/lib"),
    ("CacheDirectory", "/var/cache"),
    ("LogsDirectory", "/var/log"),
    ("ConfigurationDirectory", "/etc"),
];

/// What has to be asked of the manager about a unit and its copy.
pub(super) const PROPERTIES: [&str; 15] = [
    "LoadState",
    "User",
    "Group",
    "DynamicUser",
    "RuntimeDirectory",
    "RuntimeDirectoryMode",
    "RuntimeDirectoryPreserve",
    "StateDirectory",
    "StateDirectoryMode",
    "CacheDirectory",
    "CacheDirectoryMode",
    "LogsDirectory",
    "LogsDirectoryMode",
    "ConfigurationDirectory",
    "ConfigurationDirectoryMode",
];

/// What starting the copy does to directories.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Directories {
    /// Those that are not there yet.
    pub(super) made: Vec<PathBuf>,
    /// Modes that have to be asked for so that directories keep theirs.
    pub(super) modes: BTreeMap<&'static str, u32>,
    /// The names to ask for in place of those in `RuntimeDirectory=`; `None` for the same.
    pub(super) runtime: Option<Vec<String>>,
    /// Runtime directories that are there and are handed to the copy as they are.
    pub(super) given: Vec<PathBuf>,
    /// Whether runtime directories go when the copy ends.
    pub(super) temporary: bool,
}

impl Directories {
    /// Looks, and refuses where a directory would get another owner.
    pub(super) fn look(
        unit: &UnitName,
        service: &Properties,
        copy: &Properties,
        root: &Path,
    ) -> Result<Self, UnitError> {
        // With an invented user the manager moves a runtime directory that shall stay to a place apart,
        // and with it one that is there already. So there such a directory does not stay, unless the
        // service's own does, and one that is there is not asked for.
        let temporary = copy.is_yes("DynamicUser")
            && matches!(service.one("RuntimeDirectoryPreserve"), None | Some("no"));
        let mut found = Self {
            temporary,
            ..Self::default()
        };
        let whose = |properties: &Properties| -> String {
            let one = |key| properties.one(key).unwrap_or_default();
            let or_root = |name: &str| if name.is_empty() { "root" } else { name }.to_owned();
            let kind = if properties.is_yes("DynamicUser") {
                " (dynamic)"
            } else {
                ""
            };
            // Without a group it is that of the user, which has no name here.
            match one("Group") {
                "" => format!("{}{kind}", or_root(one("User"))),
                group => format!("{}:{group}{kind}", or_root(one("User"))),
            }
        };
        let (before, after) = (whose(service), whose(copy));
        let same = service.one("LoadState") == Some("not-found") || before == after;
        for (kind, base) in KINDS {
            let mode_key = format!("{kind}Mode");
            let asked = copy
                .one(&mode_key)
                .and_then(|mode| u32::from_str_radix(mode, 8).ok());
            let mut modes = Vec::new();
            for name in copy.words(kind) {
                let base = root.join(base.trim_start_matches('/'));
                let path = base.join(&name);
                match fs::metadata(&path) {
                    Ok(_) if !same && kind != "ConfigurationDirectory" => {
                        return Err(UnitError::Owner {
                            unit: unit.to_string(),
                            path,
                            before,
                            after,
                        });
                    }
                    Ok(_) if temporary && kind == "RuntimeDirectory" => found.given.push(path),
                    Ok(metadata) => modes.push(metadata.permissions().mode() & 0o7777),
                    Err(_) => found.add_missing(
                        &base,
                        &name,
                        copy.is_yes("DynamicUser") && kind != "ConfigurationDirectory",
                    ),
                }
            }
            if kind == "RuntimeDirectory" && !found.given.is_empty() {
                let is_given = |name: &String| found.given.iter().any(|path| path.ends_with(name));
                let names = copy.words(kind).into_iter();
                found.runtime = Some(names.filter(|name| !is_given(name)).collect());
            }
            modes.dedup();
            // With several that differ, the service's own start makes them alike as well.
            if let [mode] = modes[..]
                && asked != Some(mode)
            {
                found.modes.insert(kind, mode);
            }
        }
        Ok(found)
    }

    /// Adds the settings.
    pub(super) fn write(&self, text: &mut String) {
        for (key, mode) in &self.modes {
            let _ = writeln!(text, "{key}Mode={mode:04o}");
        }
        let preserve = if self.temporary { "no" } else { "yes" };
        let _ = writeln!(text, "RuntimeDirectoryPreserve={preserve}");
        if let Some(names) = &self.runtime {
            let _ = writeln!(
                text,
                "RuntimeDirectory=\nRuntimeDirectory={}",
                names.join(" ")
            );
        }
        for path in &self.given {
            let _ = writeln!(text, "BindPaths={}", quoted(&literal(path)));
        }
    }

    /// The directories of an invented user are in a place apart, and their names are links to them.
    fn add_missing(&mut self, base: &Path, name: &str, private: bool) {
        if private {
            self.add_up_to(&base.join("private"), name);
        }
        self.add_up_to(base, name);
    }

    /// A directory, and those above it that will be made for it: the deepest first.
    fn add_up_to(&mut self, base: &Path, name: &str) {
        let path = base.join(name);
        let missing = path
            .ancestors()
            .take_while(|path| *path != base && fs::symlink_metadata(path).is_err());
        self.made.extend(missing.map(Path::to_path_buf));
    }
}

/// Removes what starting a copy made: links and empty directories. What is not empty is not a copy's.
pub(super) fn remove(made: &[PathBuf]) {
    for path in made {
        let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        let _ = if is_link {
            fs::remove_file(path)
        } else {
            fs::remove_dir(path)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(root: &Path, service: &str, copy: &str) -> Result<Directories, UnitError> {
        let unit = UnitName::parse("x.service").unwrap();
        let (service, copy) = (Properties::parse(service), Properties::parse(copy));
        Directories::look(&unit, &service, &copy, root)
    }

    #[test]
    fn what_is_there_keeps_its_mode_and_what_is_not_is_remembered() {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join("var/lib/x");
        fs::create_dir_all(&state).unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o2750)).unwrap();
        let copy = "User=u\nStateDirectory=x\nStateDirectoryMode=0755\nRuntimeDirectory=x y/z\n";
        let found = look(root.path(), "LoadState=loaded\nUser=u\n", copy).unwrap();
        assert_eq!(found.modes, BTreeMap::from([("StateDirectory", 0o2750)]));
        assert_eq!(
            found.made,
            ["run/x", "run/y/z", "run/y"].map(|path| root.path().join(path))
        );
        for made in &found.made {
            fs::create_dir_all(made).unwrap();
        }
        fs::write(root.path().join("run/y/file"), "").unwrap();
        remove(&found.made);
        assert!(!root.path().join("run/x").exists());
        assert!(root.path().join("run/y/file").exists());
    }

    #[test]
    fn a_runtime_directory_of_an_invented_user_is_not_moved_away() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("run/x")).unwrap();
        let copy = "DynamicUser=yes\nRuntimeDirectory=x new\n";
        let found = look(root.path(), "LoadState=not-found\n", copy).unwrap();
        assert!(found.temporary);
        assert_eq!(found.given, [root.path().join("run/x")]);
        assert_eq!(found.runtime, Some(vec!["new".to_owned()]));
    }

    #[test]
    fn no_directory_is_handed_to_another_user() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("var/lib/x")).unwrap();
        let copy = "User=x\nGroup=x\nDynamicUser=yes\nStateDirectory=x\n";
        let refused = look(root.path(), "LoadState=loaded\nUser=x\nGroup=x\n", copy);
        assert!(
            matches!(refused, Err(UnitError::Owner { .. })),
            "{refused:?}"
        );
        let same = "LoadState=loaded\nUser=x\nGroup=x\nDynamicUser=yes\n";
        assert!(look(root.path(), same, copy).is_ok());
        let unknown = "LoadState=not-found\n";
        assert!(look(root.path(), unknown, copy).is_ok());
    }
}
