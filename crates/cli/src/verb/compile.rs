//! `ringfence compile`: a policy as text for systemd.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use ringfence_compile::coverage::Coverage;
use ringfence_compile::native::syscall::Arch;
use ringfence_compile::systemd::{self, Artifact, CompileError, Form, Target};
use ringfence_host::systemd::Systemctl;
use ringfence_host::target;
use ringfence_host::units::HostUnits;
use ringfence_policy::policy::Policy;
use ringfence_unit::load::{Unit, load};
use ringfence_unit::name::UnitName;
use serde::Serialize;

use crate::args::{Compile, Format};
use crate::coverage_table::rows;
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::policy_file::PolicyFile;
use crate::site;
use crate::store::Directory;
use crate::table::table;

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    target: &'a Target,
    artifacts: &'a [Artifact],
    coverage: &'a Coverage,
}

/// Compiles, and prints or writes.
pub fn compile(typed: &Compile, output: &Output) -> Result<ExitCode, Failure> {
    let file = PolicyFile::read(&typed.policy, output)?;
    let policy = site::limited(file.policy()?, &typed.site, output)?;
    let target = target_of(typed, &policy, &file, output)?;
    let unit = typed.unit.as_deref().map(unit).transpose()?;
    let form = unit.as_ref().map_or(Form::Whole, Form::DropIn);
    let (artifacts, coverage) =
        systemd::compile(&policy, &file.manifest, file.lock.as_ref(), form, &target)
            .map_err(|error| failure(&error))?;
    if let Some(directory) = &typed.output {
        for artifact in &artifacts {
            write(directory, artifact, output)?;
        }
    }
    match typed.format {
        Format::Json => output.json(&Json {
            schema: "ringfence.compile/1",
            target: &target,
            artifacts: &artifacts,
            coverage: &coverage,
        })?,
        Format::Plain => {
            let mut text = String::new();
            if typed.output.is_none() {
                for artifact in &artifacts {
                    let _ = writeln!(text, "# {}\n{}", artifact.path, artifact.text);
                }
            }
            text.push_str(&table(&rows(&coverage, output), output));
            output.result(&text)?;
        }
    }
    Ok(ExitCode::Fine)
}

/// The described target, or this host with the links that the policy goes through.
fn target_of(
    typed: &Compile,
    policy: &Policy,
    file: &PolicyFile,
    output: &Output,
) -> Result<Target, Failure> {
    if let Some(version) = typed.systemd {
        let arch = Arch::native().ok_or_else(|| {
            Failure::new(
                ExitCode::HostCannot,
                "compile here: its processor is not known",
            )
        })?;
        return Ok(Target::of_version(version, arch));
    }
    let found = target::detect(&Systemctl::default()).map_err(|error| {
        Failure::new(ExitCode::HostCannot, error.to_string())
            .help("`--systemd VERSION` compiles for a host that is elsewhere")
    })?;
    for what in &found.unknown {
        output.note(&format!("not known, so taken for missing: {what}"));
    }
    let paths = systemd::paths(policy, &file.manifest, file.lock.as_ref());
    Ok(Target {
        links: target::links(&paths),
        ..found.target
    })
}

/// The unit of this name, or in this file.
fn unit(typed: &str) -> Result<Unit, Failure> {
    let path = Path::new(typed);
    let what = || format!("read the unit {typed}");
    if typed.contains('/') {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = UnitName::parse(&name).or_usage(what)?;
        let text = std::fs::read(path).or_usage(what)?;
        return Unit::of_text(name, path.to_owned(), &text).or_usage(what);
    }
    let full = if typed.contains('.') {
        typed.to_owned()
    } else {
        format!("{typed}.service")
    };
    let name = UnitName::parse(&full).or_usage(what)?;
    let units = HostUnits::of_host().or_cannot(what)?;
    load(&name, &units).or_usage(what)
}

/// Writes one file below a directory, at the path it has on the target.
fn write(below: &Path, artifact: &Artifact, output: &Output) -> Result<(), Failure> {
    let relative = artifact
        .path
        .as_bytes()
        .strip_prefix(b"/")
        .unwrap_or_default();
    let path: PathBuf = below.join(OsStr::from_bytes(relative));
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(());
    };
    std::fs::create_dir_all(parent).or_cannot(|| format!("create {}", parent.display()))?;
    Directory::open(parent)?.write(&name.to_string_lossy(), artifact.text.as_bytes())?;
    output.note(&format!("wrote {}", path.display()));
    Ok(())
}

fn failure(error: &CompileError) -> Failure {
    let code = match error {
        CompileError::Inexact(_) => ExitCode::OpenControls,
        _ => ExitCode::Usage,
    };
    let help = match error {
        CompileError::Inexact(_) => {
            "`[require] exact` asks for it: leave that out, or compile for a target that can"
                .to_owned()
        }
        CompileError::Template { rendered, .. } => {
            format!(
                "let ExecStart= name the template by its whole path; it is then given {rendered}"
            )
        }
        CompileError::NotAService { .. } => "name a unit that ends with .service".to_owned(),
        CompileError::NoCommand { .. } => "`--unit` writes a drop-in beside a unit".to_owned(),
        _ => return Failure::new(code, error.to_string()),
    };
    Failure::new(code, error.to_string()).help(help)
}
