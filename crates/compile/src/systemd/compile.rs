//! Policy, manifest and target to files and coverage.

use ringfence_policy::grant::{DirectoryKind, FileAccess, Grant, PeerAddress};
use ringfence_policy::lock::Lock;
use ringfence_policy::manifest::Manifest;
use ringfence_policy::path::AbsPath;
use ringfence_policy::policy::Policy;
use ringfence_unit::load::Unit;

use crate::coverage::{Coverage, Inexact, Status};

use super::artifact::Artifact;
use super::draft::Draft;
use super::packaged::{Command, DROP_IN, Packaged};
use super::target::Target;
use super::{calls, cover, identity, kernel, limits, network, secrets, view, whole};

/// What is made.
#[derive(Debug, Clone, Copy)]
pub enum Form<'a> {
    /// A drop-in beside this unit. Its commands, order and environment stay what they are.
    DropIn(&'a Unit),
    /// A unit of its own, from the manifest alone, with timer, socket and user where it has them.
    Whole,
}

/// Why a policy cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// A grant or control that must be exact is not.
    #[error(transparent)]
    Inexact(#[from] Inexact),
    /// A path that unit files cannot hold.
    #[error("write {path} into a unit: its name is not UTF-8, or has a line break")]
    Path {
        /// The path.
        path: AbsPath,
    },
    /// A service that would read a template as it is.
    #[error(
        "give the service the rendered {template}: no argument of its command names the template"
    )]
    Template {
        /// The template.
        template: AbsPath,
        /// Where its rendered copy would be.
        rendered: String,
    },
    /// Only services run programs of their own.
    #[error("confine {name}: only a service can be")]
    NotAService {
        /// The unit.
        name: String,
    },
    /// A whole unit has to start something.
    #[error("write a unit for {name}: its manifest has no `exec`")]
    NoCommand {
        /// The service.
        name: String,
    },
}

/// Makes the files that enforce `policy` on `target` as exactly as systemd can there, and says how exactly
/// that is.
///
/// The policy is what is enforced; of the manifest come the name, the commands, the sockets' modes and the
/// forms of the secrets.
pub fn compile(
    policy: &Policy,
    manifest: &Manifest,
    lock: Option<&Lock>,
    form: Form<'_>,
    target: &Target,
) -> Result<(Vec<Artifact>, Coverage), CompileError> {
    let packaged = match form {
        Form::DropIn(unit) => Some(Packaged::new(unit)),
        Form::Whole => None,
    };
    check_form(packaged, manifest)?;
    let mut draft = Draft::new(policy, manifest, lock, packaged, target);
    identity::put(&mut draft);
    secrets::put(&mut draft)?;
    view::put(&mut draft);
    network::put(&mut draft);
    kernel::put(&mut draft);
    calls::put(&mut draft);
    limits::put(&mut draft);
    life(&mut draft);
    if let Some(path) = draft.unwritable() {
        return Err(CompileError::Path { path: path.clone() });
    }
    let coverage = cover::coverage(&draft);
    coverage.require_exact(&manifest.require_exact)?;
    Ok((artifacts(&draft), coverage))
}

fn check_form(packaged: Option<Packaged<'_>>, manifest: &Manifest) -> Result<(), CompileError> {
    match packaged {
        Some(unit) if !unit.name().ends_with(".service") => Err(CompileError::NotAService {
            name: unit.name().to_owned(),
        }),
        None if manifest.service.exec.is_empty() => Err(CompileError::NoCommand {
            name: manifest.service.name.clone(),
        }),
        _ => Ok(()),
    }
}

/// What of a unit's life has to change for its confinement, and what of it goes past the confinement.
fn life(draft: &mut Draft<'_>) {
    let shared = (draft.is_dynamic() || !draft.is_root()) && !draft.is_template();
    draft.group("what is left behind");
    if shared {
        draft.deny("RemoveIPC", "yes");
    }
    if leaves_nothing_to_others(draft) {
        draft.deny("UMask", "0077");
    }
    let Some(unit) = draft.packaged else {
        return;
    };
    let unconfined: Vec<_> = unit
        .commands()
        .into_iter()
        .filter(Command::is_unconfined)
        .map(|command| format!("{}={}", command.key, command.value))
        .collect();
    if !unconfined.is_empty() {
        draft.record(
            "unconfined-commands",
            Status::Wider(format!(
                "run as root and outside of all this, as the unit says: {}",
                unconfined.join(", ")
            )),
        );
    }
    if unit.is_on("PermissionsStartOnly") {
        draft.record(
            "unconfined-commands",
            Status::Wider(
                "PermissionsStartOnly= of the unit starts every command but the main one as root"
                    .to_owned(),
            ),
        );
    }
    if unit.last("PAMName").is_some_and(|name| !name.is_empty()) {
        draft.record(
            "pam",
            Status::Wider(
                "PAMName= of the unit lets PAM modules act before the service".to_owned(),
            ),
        );
    }
    let overrides = unit.overrides();
    if !overrides.is_empty() {
        draft.record(
            "overrides",
            Status::Wider(format!(
                "drop-ins that come after this one have the last word on {}",
                overrides.join(", ")
            )),
        );
    }
}

/// Whether nobody else is meant to read what the service makes: no logs, no data of others, no sockets.
fn leaves_nothing_to_others(draft: &Draft<'_>) -> bool {
    let set = draft.packaged.and_then(|unit| unit.last("UMask"));
    let shares = |grant: &Grant| {
        matches!(
            grant,
            Grant::File(FileAccess::Write | FileAccess::Append, _)
                | Grant::Listen(PeerAddress::Path(_))
                | Grant::Directory(DirectoryKind::Logs | DirectoryKind::Runtime, _)
        )
    };
    set.is_none() && !draft.is_root() && !draft.policy.expanded().any(shares)
}

fn artifacts(draft: &Draft<'_>) -> Vec<Artifact> {
    let name = &draft.manifest.service.name;
    let header = format!(
        "# Made by ringfence from {name}.toml for systemd {}. Change that and compile again; changes here are\n\
         # lost.\n",
        draft.target.version
    );
    let confinement = draft.text();
    if let Some(unit) = draft.packaged {
        let path = format!("/etc/systemd/system/{}.d/{DROP_IN}", unit.directory_name());
        let text = format!("{header}\n[Service]\n{}", confinement.trim_start());
        return whole::artifact(&path, text).into_iter().collect();
    }
    let text = format!(
        "{header}\n{}\n[Service]\n{}{confinement}{}",
        whole::unit(draft),
        whole::life(draft),
        whole::install(draft)
    );
    let path = format!("/etc/systemd/system/{name}.service");
    let mut all: Vec<_> = whole::artifact(&path, text).into_iter().collect();
    all.extend(whole::beside(draft, &header));
    all
}
