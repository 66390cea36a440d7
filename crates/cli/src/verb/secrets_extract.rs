//! `ringfence secrets extract`: secrets out of a configuration file.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use ringfence_host::secret::{Config, Vault};
use ringfence_policy::secret::{Extraction, Name, Syntax, find, names};

use super::secrets_restore::failure;
use crate::args::Extract;
use crate::error::{Failure, OrFail as _};
use crate::exit::ExitCode;
use crate::output::{Output, Tone};

/// Shows what would be moved, asks, and moves it.
pub fn extract(typed: &Extract, output: &Output) -> Result<ExitCode, Failure> {
    let vault = Vault::default();
    let path = absolute(&typed.file)?;
    let config = Config::open(&path).map_err(|error| failure(&error))?;
    let mut extraction = extraction(&vault, &config, typed.syntax.map(Syntax::from))?;
    choose(&mut extraction, typed)?;
    output.result(&shown(&extraction, &path, &vault, output))?;
    if extraction.pieces().is_empty() {
        output.say(&format!(
            "nothing in {} looks like a secret",
            path.display()
        ));
        return Ok(ExitCode::NothingMatched);
    }
    if typed.dry_run {
        return Ok(ExitCode::Differs);
    }
    if !typed.yes && !agreed(&path, output)? {
        output.say("nothing is changed");
        return Ok(ExitCode::Fine);
    }
    vault
        .extract(&config, &extraction)
        .map_err(|error| failure(&error))?;
    let restore = format!("ringfence secrets restore {}", path.display());
    output.say(&format!(
        "{} is a template now; `{restore}` undoes it",
        path.display()
    ));
    Ok(ExitCode::Fine)
}

/// What looks like a secret in a file, with a name for each that is free in the vault.
pub fn extraction<'c>(
    vault: &Vault,
    config: &'c Config,
    syntax: Option<Syntax>,
) -> Result<Extraction<'c>, Failure> {
    guard_placeholders(vault, config)?;
    let file_name = config.file_name();
    let syntax = syntax.unwrap_or_else(|| Syntax::guess(&file_name, config.text()));
    let report = find(config.text(), syntax)
        .or_usage(|| format!("read {} as {syntax}", config.path().display()))
        .map_err(|failure| failure.help("`--syntax lines` reads any text"))?;
    Ok(Extraction::new(config.text(), &file_name, report, |name| {
        vault.is_free(name)
    }))
}

/// The path from the root on. Symbolic links are not looked through: that is for whoever names the file.
pub fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).or_usage(|| format!("use {}", path.display()))
}

/// Braces of another program with a name as ours have would be filled in, or missed, at the next start.
fn guard_placeholders(vault: &Vault, config: &Config) -> Result<(), Failure> {
    let own = vault.names_of(config).map_err(|error| failure(&error))?;
    match names(config.text())
        .into_iter()
        .find(|name| !own.contains(name))
    {
        Some(name) => {
            let what = format!("make a template of {}", config.path().display());
            let why = format!("it has {{{{{name}}}}} already, which would stand for a secret");
            Err(Failure::usage(what)
                .because(anyhow::anyhow!(why))
                .help("put the value itself there first, or take the secrets out by hand"))
        }
        None => Ok(()),
    }
}

fn choose(extraction: &mut Extraction<'_>, typed: &Extract) -> Result<(), Failure> {
    let found: Vec<Name> = extraction
        .pieces()
        .iter()
        .map(|piece| piece.name.clone())
        .collect();
    if let Some(name) = typed
        .only
        .iter()
        .chain(&typed.skip)
        .find(|name| !found.contains(name))
    {
        return Err(
            Failure::usage(format!("choose {name}: nothing found has that name"))
                .help("`--dry-run` shows the names"),
        );
    }
    extraction.retain(|piece| {
        !typed.skip.contains(&piece.name)
            && (typed.only.is_empty() || typed.only.contains(&piece.name))
    });
    Ok(())
}

fn shown(extraction: &Extraction<'_>, path: &Path, vault: &Vault, output: &Output) -> String {
    let mut text = String::new();
    if !extraction.pieces().is_empty() {
        text.push_str(&extraction.diff(&path.display().to_string()));
    }
    for piece in extraction.pieces() {
        let _ = writeln!(
            text,
            "{}  line {}, {}: {}\n        to {}",
            output.tone(Tone::Strong, "secret"),
            piece.line(),
            piece.path(),
            piece.reason(),
            vault.file(&piece.name).display()
        );
    }
    for left in extraction.left() {
        let word = output.tone(Tone::Unsure, "left");
        let _ = writeln!(text, "{word}    line {}: {}", left.line, left.why);
    }
    text
}

fn agreed(path: &Path, output: &Output) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !output.interactive {
        return Err(Failure::usage("ask for consent: this is no terminal")
            .help("`--yes` moves the secrets, `--dry-run` only shows them"));
    }
    output.draw(&format!(
        "Move these secrets out of {}? [y/N] ",
        path.display()
    ));
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .or_cannot(|| "read the answer".to_owned())?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
