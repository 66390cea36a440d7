//! The text of the two units that attempts run in.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use ringfence_unit::load::Unit;
use ringfence_unit::name::UnitName;

use super::directories::Directories;
use super::error::UnitError;
use super::program::Program;
use super::specifier::settled;

/// How this program is started so that it calls [`super::obey`].
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// The program: static, because nothing else of it is there.
    pub program: &'a Path,
    /// Its argument.
    pub argument: &'a str,
}

impl<'a> Probe<'a> {
    /// This program, whose hidden verb [`VERB`] calls it.
    pub fn of_program(program: &'a Path) -> Self {
        Self {
            program,
            argument: VERB,
        }
    }
}

/// The verb of the command line that makes attempts and nothing else.
pub const VERB: &str = "attempt";

/// Settings that are not part of the sandbox, the user or the limits: what is run and when, how it is
/// watched, and what it is handed. All others are kept, those that nobody knows yet among them.
const LEFT_OUT: [&str; 73] = [
    "BusName",
    "ExecCondition",
    "ExecReload",
    "ExecReloadPost",
    "ExecStart",
    "ExecStartPost",
    "ExecStartPre",
    "ExecStop",
    "ExecStopPost",
    "ExitType",
    "FailureAction",
    "FileDescriptorStoreMax",
    "FileDescriptorStorePreserve",
    "FinalKillSignal",
    "GuessMainPID",
    "KillMode",
    "KillSignal",
    "NonBlocking",
    "NotifyAccess",
    "OOMPolicy",
    "OpenFile",
    "PAMName",
    "PIDFile",
    "RebootArgument",
    "RefreshOnReload",
    "ReloadSignal",
    "RemainAfterExit",
    "RemoveIPC",
    "Restart",
    "RestartForceExitStatus",
    "RestartKillSignal",
    "RestartMaxDelaySec",
    "RestartMode",
    "RestartPreventExitStatus",
    "RestartSec",
    "RestartSteps",
    "RuntimeDirectoryPreserve",
    "RuntimeMaxSec",
    "RuntimeRandomizedExtraSec",
    "SendSIGHUP",
    "SendSIGKILL",
    "Sockets",
    "StandardError",
    "StandardInput",
    "StandardInputData",
    "StandardInputText",
    "StandardOutput",
    "StartLimitAction",
    "StartLimitBurst",
    "StartLimitInterval",
    "StartLimitIntervalSec",
    "SuccessAction",
    "SuccessExitStatus",
    "TTYColumns",
    "TTYPath",
    "TTYReset",
    "TTYRows",
    "TTYVHangup",
    "TTYVTDisallocate",
    "TimeoutAbortSec",
    "TimeoutSec",
    "TimeoutStartFailureMode",
    "TimeoutStartSec",
    "TimeoutStopFailureMode",
    "TimeoutStopSec",
    "Type",
    "USBFunctionDescriptors",
    "USBFunctionStrings",
    "UserTasksMax",
    "UtmpIdentifier",
    "UtmpMode",
    "WatchdogSec",
    "WatchdogSignal",
];

/// What the service finds in its environment is there without a sandbox, too.
const ENVIRONMENT: [&str; 4] = [
    "Environment",
    "EnvironmentFile",
    "PassEnvironment",
    "UnsetEnvironment",
];

/// What ends every unit here: it starts this program and nothing else, in no way that the site's drop-ins
/// for all services could change, and is gone at once when it shall be.
const OWN: &str = "Type=exec
RemainAfterExit=no
Restart=no
RemoveIPC=no
OOMPolicy=continue
KillMode=control-group
KillSignal=SIGKILL
TimeoutStartSec=60
TimeoutStopSec=10
RuntimeMaxSec=infinity
WatchdogSec=0
NotifyAccess=none
StandardError=null
ExecCondition=
ExecStartPre=
ExecStartPost=
ExecReload=
ExecStop=
ExecStopPost=
ExecStart=
";

/// A copy of a unit with this program in the place of its own.
pub(super) struct StandIn<'a> {
    pub(super) unit: &'a Unit,
    pub(super) program: &'a Program,
    pub(super) probe: Probe<'a>,
    pub(super) socket: &'a Path,
    /// The name of the user that the manager invents for the unit, if it does.
    pub(super) dynamic_user: Option<String>,
    /// What is different about directories, so that they stay as they are.
    pub(super) directories: &'a Directories,
}

impl StandIn<'_> {
    pub(super) fn text(&self) -> Result<String, UnitError> {
        let name = &self.unit.name;
        let mut text = heading(&format!("Attempts inside {name}"));
        for joined in self.unit.effective_list("Unit", "JoinsNamespaceOf") {
            line(&mut text, "JoinsNamespaceOf", &joined.value, name)?;
        }
        text.push_str("\n[Service]\n");
        for setting in self.unit.settings() {
            if setting.section == "Service" && !LEFT_OUT.contains(&setting.key.as_str()) {
                let Some(value) = self.beside_the_program(&setting.key, &setting.value) else {
                    continue;
                };
                line(&mut text, &setting.key, &value, name)?;
            }
        }
        if let Some(user) = &self.dynamic_user {
            let _ = writeln!(text, "User={user}");
        }
        self.directories.write(&mut text);
        text.push_str(&streams(self.socket));
        text.push_str(OWN);
        let own = quoted(&literal(self.probe.program));
        let argument = self.probe.argument;
        let exempt = self.program.exempt.as_str();
        if exempt == "+" {
            // Of the sandbox nothing holds for such a command, what is put over its program neither.
            let _ = writeln!(text, "ExecStart=+{own} {argument}");
        } else {
            let path = quoted(&value_of(&self.program.path, name, "ExecStart")?);
            let _ = writeln!(text, "BindReadOnlyPaths={own}:{path}");
            let _ = writeln!(text, "ExecStart={exempt}{path} {argument}");
        }
        Ok(text)
    }

    /// A list of mounts without the one over the program, which the manager would take in place of ours: of
    /// two mounts at one place it keeps one (systemd 252, 257). `None` when nothing is left; an empty
    /// value would reset the list.
    fn beside_the_program<'v>(&self, key: &str, value: &'v str) -> Option<Cow<'v, str>> {
        if !["BindPaths", "BindReadOnlyPaths"].contains(&key) {
            return Some(value.into());
        }
        // The manager follows links before it compares.
        let real = |path: &str| Path::new(path).canonicalize().ok();
        let own = real(&self.program.path);
        let is_it = |word: &&str| {
            let word = word.trim_start_matches(['-', '+']);
            let at = word.split(':').nth(1).unwrap_or(word);
            at == self.program.path || (own.is_some() && real(at) == own)
        };
        if !value.split_ascii_whitespace().any(|word| is_it(&word)) {
            return Some(value.into());
        }
        let kept: Vec<_> = value
            .split_ascii_whitespace()
            .filter(|word| !is_it(word))
            .collect();
        (!kept.is_empty()).then(|| kept.join(" ").into())
    }
}

/// A unit that confines nothing.
pub(super) fn bare(unit: &Unit, probe: Probe<'_>, socket: &Path) -> Result<String, UnitError> {
    let name = &unit.name;
    let mut text = heading(&format!("Attempts outside {name}"));
    text.push_str("\n[Service]\n");
    for setting in unit.settings() {
        if setting.section == "Service" && ENVIRONMENT.contains(&setting.key.as_str()) {
            line(&mut text, &setting.key, &setting.value, name)?;
        }
    }
    text.push_str(&streams(socket));
    text.push_str(OWN);
    let program = quoted(&literal(probe.program));
    let _ = writeln!(text, "ExecStart={program} {}", probe.argument);
    Ok(text)
}

fn heading(description: &str) -> String {
    format!(
        "[Unit]\nDescription={}\nStartLimitIntervalSec=0\nOnFailure=\nOnSuccess=\n",
        description.replace('%', "%%")
    )
}

/// Opened by the manager, before there is a sandbox, and only once for both (systemd 236).
fn streams(socket: &Path) -> String {
    let socket = literal(socket);
    format!("StandardInput=file:{socket}\nStandardOutput=file:{socket}\n")
}

fn line(text: &mut String, key: &str, value: &str, name: &UnitName) -> Result<(), UnitError> {
    let _ = writeln!(text, "{key}={}", value_of(value, name, key)?);
    Ok(())
}

fn value_of(value: &str, name: &UnitName, key: &str) -> Result<String, UnitError> {
    settled(value, name).map_err(|specifier| UnitError::Specifier {
        unit: name.clone(),
        key: key.to_owned(),
        specifier,
    })
}

/// A path of ours as a value: nothing in it is a specifier.
pub(super) fn literal(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%%")
}

/// As one word, whatever is in it. Specifiers stay specifiers.
pub(super) fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@%,=".contains(&byte);
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    // The same in every style in which quotes mean something.
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REDIS: &str = "[Unit]
After=network.target
OnFailure=mail@%n.service
JoinsNamespaceOf=other.service
[Service]
Type=notify
ExecStartPre=+/bin/mkdir /run/x
ExecStart=-/usr/bin/redis-server /etc/redis/redis.conf --supervised systemd
PIDFile=/run/redis/redis-server.pid
Restart=always
User=redis
RuntimeDirectory=%p
ReadWritePaths=-/var/lib/redis
ReadWritePaths=
ReadWritePaths=-/var/log/redis
Environment=A=%%n
SystemCallFilter=@system-service
NotYetKnown=yes
WatchdogSec=30
[Install]
WantedBy=multi-user.target
";

    fn unit(name: &str, text: &str) -> Unit {
        let name = UnitName::parse(name).unwrap();
        Unit::of_text(name, "/x".into(), text.as_bytes()).unwrap()
    }

    fn probe() -> Probe<'static> {
        Probe {
            program: Path::new("/opt/100% safe/ringfence"),
            argument: "attempt",
        }
    }

    fn text_of(unit: &Unit, dynamic_user: Option<String>) -> Result<String, UnitError> {
        StandIn {
            unit,
            program: &Program::of(unit).unwrap(),
            probe: probe(),
            socket: Path::new("/run/s"),
            dynamic_user,
            directories: &Directories {
                modes: [("StateDirectory", 0o2750)].into(),
                runtime: Some(vec!["new".into()]),
                given: vec!["/run/redis".into()],
                ..Directories::default()
            },
        }
        .text()
    }

    #[test]
    fn a_stand_in_keeps_the_sandbox_in_order_and_nothing_that_acts() {
        let unit = unit("redis-server.service", REDIS);
        insta::assert_snapshot!(text_of(&unit, Some("redis-server".into())).unwrap());
    }

    #[test]
    fn a_mount_over_the_program_makes_room_for_ours() {
        let text = REDIS.replace(
            "NotYetKnown=yes",
            "BindReadOnlyPaths=-/usr/bin/redis-server -/etc/redis\nBindPaths=/x:/usr/bin/redis-server",
        );
        let text = text_of(&unit("redis-server.service", &text), None).unwrap();
        let binds: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("Bind"))
            .collect();
        assert_eq!(
            binds,
            [
                "BindReadOnlyPaths=-/etc/redis",
                "BindPaths=/run/redis",
                "BindReadOnlyPaths=\"/opt/100%% safe/ringfence\":/usr/bin/redis-server",
            ]
        );
    }

    #[test]
    fn outside_there_is_the_environment_alone() {
        let unit = unit("redis-server.service", REDIS);
        insta::assert_snapshot!(bare(&unit, probe(), Path::new("/run/s")).unwrap());
    }

    #[test]
    fn what_is_left_out_is_left_out_once() {
        assert!(LEFT_OUT.is_sorted());
        assert!(ENVIRONMENT.iter().all(|key| !LEFT_OUT.contains(key)));
    }
}
