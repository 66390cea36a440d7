//! Rotating the logs of a unit as the host would, without losing any of them.
//!
//! What is rotated is found by what the unit was seen to write: the configuration in `/etc/logrotate.d` that
//! names one of these files. It is run with a state file of its own, and with settings after which logrotate(8)
//! deletes nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ringfence_policy::path::AbsPath;
use ringfence_policy::pattern::PathPattern;
use ringfence_unit::load::Unit;
use ringfence_unit::name::UnitName;

const PROGRAMS: [&str; 2] = ["/usr/sbin/logrotate", "/usr/bin/logrotate"];
const GENERAL: &str = "/etc/logrotate.conf";
const PER_PACKAGE: &str = "/etc/logrotate.d";
/// More old logs than anyone keeps: what logrotate would delete is renamed once more instead.
const KEEP_ALL: &str = "rotate 1000";
/// Settings that delete or send away old logs.
const DELETING: [&str; 6] = ["rotate", "maxage", "shred", "mail", "maillast", "mailfirst"];

/// Whether there is a logrotate(8).
pub fn is_installed() -> bool {
    program().is_some()
}

fn program() -> Option<&'static str> {
    PROGRAMS.into_iter().find(|path| Path::new(path).exists())
}

/// A configuration for one run, until dropped.
#[derive(Debug)]
pub struct Configuration {
    source: PathBuf,
    directory: PathBuf,
}

impl Configuration {
    /// The configuration that rotates one of these logs of a unit; `None` when there is none.
    pub fn of(unit: &UnitName, logs: &BTreeSet<AbsPath>) -> io::Result<Option<Self>> {
        let Some((source, text)) = find(logs)? else {
            return Ok(None);
        };
        let general = match std::fs::read_to_string(GENERAL) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let directory = PathBuf::from("/run/ringfence/learn")
            .join(unit.as_str())
            .join("logrotate");
        std::fs::create_dir_all(&directory)?;
        let configuration = Self { source, directory };
        std::fs::write(
            configuration.directory.join("conf"),
            format!("{}{KEEP_ALL}\n{}", defaults(&general), keeping(&text)),
        )?;
        Ok(Some(configuration))
    }

    /// The host's file that this was made of.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// The command that rotates now.
    pub fn command(&self) -> Command {
        let mut command = Command::new(program().unwrap_or("logrotate"));
        command
            .arg("--force")
            .arg("--state")
            .arg(self.directory.join("state"))
            .arg(self.directory.join("conf"))
            .stdin(Stdio::null());
        command
    }
}

impl Drop for Configuration {
    fn drop(&mut self) {
        // Below /run, and gone with the next boot at the latest.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The files to which the service manager itself writes what a unit prints.
pub fn printed_to(unit: &Unit) -> impl Iterator<Item = AbsPath> + '_ {
    ["StandardOutput", "StandardError"]
        .into_iter()
        .filter_map(|key| {
            let value = &unit.last("Service", key)?.value;
            let (_, path) = value.split_once(':')?;
            path.parse().ok()
        })
}

/// The first file that names one of these logs, with its text.
fn find(logs: &BTreeSet<AbsPath>) -> io::Result<Option<(PathBuf, String)>> {
    let entries = match std::fs::read_dir(PER_PACKAGE) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let names_one = patterns(&text)
            .iter()
            .any(|pattern| logs.iter().any(|log| pattern.covers_path(log)));
        if names_one {
            return Ok(Some((path, text)));
        }
    }
    Ok(None)
}

/// The files that a configuration is about: the words before each `{`.
fn patterns(text: &str) -> Vec<PathPattern> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        for word in line.split_whitespace() {
            let word = word.trim_matches(['"', '\'']);
            let (word, opens) = match word.strip_suffix('{') {
                Some(rest) => (rest, true),
                None => (word, false),
            };
            if depth == 0 && word.starts_with('/') {
                found.extend(word.parse::<PathPattern>().ok());
            }
            depth += usize::from(opens);
            if word == "}" {
                depth = depth.saturating_sub(1);
            }
        }
    }
    found
}

/// The general settings: no files of their own, no others included.
fn defaults(text: &str) -> String {
    let mut kept = String::new();
    let mut depth = 0_usize;
    for line in text.lines() {
        let bare = line.split('#').next().unwrap_or_default().trim();
        let outside = depth == 0 && !bare.contains('{');
        depth = (depth + bare.matches('{').count()).saturating_sub(bare.matches('}').count());
        let word = bare.split_whitespace().next().unwrap_or_default();
        let is_file = word.starts_with('/') || word.starts_with('"');
        if outside
            && !bare.is_empty()
            && word != "include"
            && word != "}"
            && !is_file
            && !deletes(word)
        {
            let _ = writeln!(kept, "{bare}");
        }
    }
    kept
}

/// A configuration that deletes nothing. Its scripts stay as they are.
fn keeping(text: &str) -> String {
    let mut kept = String::new();
    let mut in_script = false;
    for line in text.lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        match word {
            "postrotate" | "prerotate" | "firstaction" | "lastaction" | "preremove" => {
                in_script = true;
            }
            "endscript" => in_script = false,
            _ => {}
        }
        if in_script || !deletes(word) {
            let _ = writeln!(kept, "{line}");
        }
    }
    kept
}

fn deletes(word: &str) -> bool {
    let word = word.split('=').next().unwrap_or_default();
    DELETING.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NGINX: &str = "/var/log/nginx/*.log {\n\tdaily\n\trotate 14\n\tpostrotate\n\t\trotate x\n\tendscript\n}\n\
                         /var/log/a.log\n\"/var/log/b\"\n{\n  maxage 3\n missingok\n}\n";

    #[test]
    fn the_files_of_a_configuration_are_the_words_outside_of_its_braces() {
        let texts: Vec<_> = patterns(NGINX).iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["/var/log/nginx/*.log", "/var/log/a.log", "/var/log/b"]
        );
    }

    #[test]
    fn nothing_is_deleted_and_scripts_stay() {
        let kept = keeping(NGINX);
        assert!(!kept.contains("rotate 14") && !kept.contains("maxage"));
        assert!(kept.contains("\t\trotate x\n") && kept.contains("missingok"));
    }

    #[test]
    fn general_settings_are_kept_without_files() {
        let general = "# see man\nweekly\nrotate 4\ncreate\ninclude /etc/logrotate.d\n/var/log/wtmp {\n missingok\n}\ndateext\n";
        assert_eq!(defaults(general), "weekly\ncreate\ndateext\n");
    }
}
