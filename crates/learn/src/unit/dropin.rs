//! The drop-in that puts the wrapper before every command of a unit.

use std::fmt::Write as _;

use ringfence_policy::path::AbsPath;
use ringfence_unit::exec::{Privilege, WrapError, read_with_shell, wrap};
use ringfence_unit::load::{Setting, Unit};
use ringfence_unit::specifier::{Host, Specifiers};
use ringfence_unit::word::quote;

use super::role::Role;
use super::view::has_own_view;

/// Its file name. The service manager applies drop-ins in the order of their names, wherever they lie, and
/// ours has to come last: `override.conf`, which `systemctl edit` writes, sorts after any number.
pub const DROP_IN: &str = "zzz-ringfence-learn.conf";

/// Why a unit's commands cannot be watched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DropInError {
    /// One of its command lines cannot have a wrapper.
    #[error("watch `{key}` of {file}:{line}: {source}")]
    Command {
        /// The setting.
        key: &'static str,
        /// The file that has it.
        file: String,
        /// Its line there.
        line: usize,
        /// Why not.
        source: Box<WrapError>,
    },
    /// There is nothing to watch.
    #[error("watch {unit}: it has no command")]
    Nothing {
        /// The unit.
        unit: String,
    },
    /// A drop-in of a name that sorts after ours would undo it.
    #[error("watch {unit}: {file} comes after every drop-in of ours")]
    Late {
        /// The unit.
        unit: String,
        /// The drop-in.
        file: String,
    },
}

/// The wrapper's program, on the host and where units see it that have a view of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapper {
    /// On the host.
    pub program: AbsPath,
    /// An empty file of the host at which such units find it.
    pub stand_in: AbsPath,
}

/// A drop-in for one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropIn {
    /// The file's text.
    pub text: String,
    /// What cannot be watched, as sentences.
    pub unwatched: Vec<String>,
}

impl DropIn {
    /// The drop-in that has every command of a unit start with the wrapper.
    ///
    /// Identity, mount view and limits stay what they are. What goes is what would hide calls from the tracer or
    /// could refuse those of the wrapper (`SystemCallFilter=`, whose verdicts come before the tracer's), and
    /// what would give up on a service that is slower than usual.
    pub fn of(unit: &Unit, wrapper: &Wrapper) -> Result<Self, DropInError> {
        check_order(unit)?;
        let own_view = has_own_view(unit);
        let program = if own_view {
            &wrapper.stand_in
        } else {
            &wrapper.program
        };
        let mut drop_in = Self {
            text: format!(
                "# Written by `ringfence learn --unit {}` for as long as it runs.\n\
                 [Unit]\nStartLimitIntervalSec=0\n[Service]\n\
                 TimeoutStartSec=infinity\nWatchdogSec=0\nSystemCallFilter=\n",
                unit.name
            ),
            unwatched: Vec::new(),
        };
        if own_view {
            drop_in.line(
                "BindReadOnlyPaths",
                &format!("{}:{}", path(&wrapper.program), path(&wrapper.stand_in)),
            );
        }
        if !unit.effective_list("Service", "NoExecPaths").is_empty() {
            drop_in.line("ExecPaths", &path(program));
        }
        if unit.last("Service", "AppArmorProfile").is_some() {
            drop_in.line("AppArmorProfile", "");
            drop_in.unwatched.push(
                "AppArmorProfile= was left out while watching: it would hold for the wrapper too"
                    .to_owned(),
            );
        }
        let mut commands = 0;
        for role in Role::ALL {
            commands += drop_in.commands(unit, role, program)?;
        }
        if commands == 0 {
            return Err(DropInError::Nothing {
                unit: unit.name.to_string(),
            });
        }
        Ok(drop_in)
    }

    fn line(&mut self, key: &str, value: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{key}={value}");
    }

    /// Rewrites the command lines of one role, and says how many have a wrapper now.
    fn commands(
        &mut self,
        unit: &Unit,
        role: Role,
        program: &AbsPath,
    ) -> Result<usize, DropInError> {
        let lines = unit.effective_list("Service", role.key());
        if lines.is_empty() {
            return Ok(0);
        }
        self.line(role.key(), "");
        let wrapper = wrapper_command(unit, role, program);
        let mut count = 0;
        for line in lines {
            if is_unconfined(unit, line) {
                self.unwatched.push(format!(
                    "`{}={}` runs outside of the sandbox and was not watched",
                    role.key(),
                    line.value
                ));
                self.line(role.key(), &line.value);
                continue;
            }
            let value = wrap(&line.value, &wrapper).map_err(|source| DropInError::Command {
                key: role.key(),
                file: unit
                    .file_of(line)
                    .map_or_else(String::new, |file| file.path.display().to_string()),
                line: line.at.line,
                source: Box::new(source),
            })?;
            self.line(role.key(), &value);
            count += 1;
        }
        Ok(count)
    }
}

/// `PROGRAM join ROLE ...`, up to where [`wrap`] goes on.
fn wrapper_command(unit: &Unit, role: Role, program: &AbsPath) -> String {
    let mut wrapper = format!("{} join {role}", path(program));
    if unit
        .last("Service", "IgnoreSIGPIPE")
        .is_some_and(|setting| is_no(&setting.value))
    {
        wrapper.push_str(" --sigpipe");
    }
    let search: Vec<_> = unit
        .effective_list("Service", "ExecSearchPath")
        .iter()
        .map(|setting| setting.value.as_str())
        .collect();
    if !search.is_empty() {
        let _ = write!(wrapper, " --search {}", quote(search.join(":").as_bytes()));
    }
    wrapper
}

/// A path as a word of a unit file, in which `%` begins a specifier.
fn path(path: &AbsPath) -> String {
    quote(path.as_bytes()).replace('%', "%%")
}

fn is_no(value: &str) -> bool {
    ["0", "no", "n", "false", "f", "off"]
        .iter()
        .any(|word| value.trim().eq_ignore_ascii_case(word))
}

/// Whether some command of a line has the sign `+`.
fn is_unconfined(unit: &Unit, line: &Setting) -> bool {
    let specifiers = Specifiers {
        unit: &unit.name,
        file: unit
            .files
            .get(line.file)
            .map_or(std::path::Path::new("/"), |file| file.path.as_path()),
        host: &Host::default(),
    };
    read_with_shell(&line.value, &specifiers)
        .commands
        .iter()
        .any(|command| command.prefixes.privilege == Privilege::Full)
}

fn check_order(unit: &Unit) -> Result<(), DropInError> {
    let late = unit.files.iter().skip(1).find(|file| {
        file.path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes() > DROP_IN.as_bytes())
    });
    match late {
        None => Ok(()),
        Some(file) => Err(DropInError::Late {
            unit: unit.name.to_string(),
            file: file.path.display().to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_unit::name::UnitName;

    fn unit(text: &str) -> Unit {
        let name = UnitName::parse("x@a.service").unwrap();
        Unit::of_text(
            name,
            "/etc/systemd/system/x@.service".into(),
            text.as_bytes(),
        )
        .unwrap()
    }

    fn wrapper() -> Wrapper {
        Wrapper {
            program: "/usr/bin/ringfence".parse().unwrap(),
            stand_in: "/run/ringfence/join".parse().unwrap(),
        }
    }

    fn text(unit_text: &str) -> String {
        let drop_in = DropIn::of(&unit(unit_text), &wrapper()).unwrap();
        let (_, rest) = drop_in.text.split_once("SystemCallFilter=\n").unwrap();
        rest.to_owned()
    }

    #[test]
    fn every_command_that_counts_is_wrapped_in_its_order() {
        let text = text(
            "[Service]\nExecStart=/bin/old\nExecStart=\nExecStartPre=-/bin/a \"b c\" $X\n\
             ExecStartPre=+/bin/root\nExecStart=@/usr/bin/%p-$d prog ${Y} %i\nExecStop=/bin/s ; -/bin/t\n",
        );
        assert_eq!(
            text,
            "ExecStartPre=\n\
             ExecStartPre=-/usr/bin/ringfence join start-pre -- /bin/a \"b c\" $X\n\
             ExecStartPre=+/bin/root\n\
             ExecStart=\n\
             ExecStart=/usr/bin/ringfence join start --argv0 prog -- /usr/bin/%p-$$d ${Y} %i\n\
             ExecStop=\n\
             ExecStop=/usr/bin/ringfence join stop -- /bin/s ; -/usr/bin/ringfence join stop -- /bin/t\n"
        );
    }

    #[test]
    fn a_unit_with_a_view_of_its_own_is_shown_the_wrapper() {
        let text = text(
            "[Service]\nProtectHome=yes\nNoExecPaths=/\nExecPaths=/usr\nIgnoreSIGPIPE=no\nExecStart=x\n",
        );
        assert_eq!(
            text,
            "BindReadOnlyPaths=/usr/bin/ringfence:/run/ringfence/join\n\
             ExecPaths=/run/ringfence/join\n\
             ExecStart=\nExecStart=/run/ringfence/join join start --sigpipe -- x\n"
        );
        assert!(!has_own_view(&unit(
            "[Service]\nPrivateTmp=no\nExecStart=/bin/x\n"
        )));
    }

    #[test]
    fn commands_outside_of_the_sandbox_are_left_alone_and_told() {
        let unit =
            unit("[Service]\nExecStart=/bin/x\nExecStartPost=!+/bin/y\nExecStopPost=+-/bin/z\n");
        let error = DropIn::of(&unit, &wrapper());
        assert!(matches!(
            error,
            Err(DropInError::Command {
                key: "ExecStartPost",
                line: 3,
                ..
            })
        ));
        let unit = self::unit("[Service]\nExecStart=/bin/x\nExecStopPost=+-/bin/z\n");
        let drop_in = DropIn::of(&unit, &wrapper()).unwrap();
        assert_eq!(drop_in.unwatched.len(), 1);
    }

    #[test]
    fn a_unit_without_a_command_is_an_error() {
        let error = DropIn::of(&unit("[Service]\nType=oneshot\n"), &wrapper()).unwrap_err();
        assert_eq!(error.to_string(), "watch x@a.service: it has no command");
    }
}
