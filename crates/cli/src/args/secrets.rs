//! What was typed after `ringfence secrets`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use ringfence_policy::secret::{Name, Syntax};

/// Move secrets out of configuration files, and back in where a service starts.
#[derive(Debug, Subcommand)]
pub enum Secrets {
    Extract(Extract),
    Restore(Restore),
    Render(Render),
}

/// Move the secrets of a configuration file into files for root alone, and leave a template.
///
/// What looks like a password, a token or a key goes to /etc/ringfence/secrets/NAME, and `{{NAME}}` stands
/// where it was. The file keeps its owner, mode and access list. What is shown has names and no values. The
/// original is kept, for root alone, until `ringfence secrets restore`.
///
/// On a terminal it asks before anything is written; elsewhere it wants `--yes`. Exits with 3 when there is
/// nothing that looks like a secret.
#[derive(Debug, Args)]
pub struct Extract {
    /// Only these, by the names that `--dry-run` shows.
    #[arg(long, value_name = "NAME", conflicts_with = "skip")]
    pub only: Vec<Name>,
    /// Not these: they are no secrets, or stay.
    #[arg(long, value_name = "NAME")]
    pub skip: Vec<Name>,
    /// How the file is to be read [default: by its name and what is in it].
    #[arg(long, value_name = "SYNTAX")]
    pub syntax: Option<Language>,
    /// Write without asking.
    #[arg(long, short)]
    pub yes: bool,
    /// Only show what would change. Exits with 12 when something would.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// The configuration file.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
}

/// Put a configuration file back as it was before its secrets were moved out.
///
/// Byte for byte, with its owner, mode and access list, and removes the files of its secrets. Where secrets
/// were moved out several times, the last time is undone. A secret that was changed since stays where it is.
#[derive(Debug, Args)]
pub struct Restore {
    /// Replace the template even if it was edited. What was edited is lost.
    #[arg(long)]
    pub lose_edits: bool,
    /// The configuration file.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
}

/// Fill in a template when a service starts.
///
/// Meant for `ExecStartPre=` of a unit with `LoadCredential=` for each secret and a `RuntimeDirectory=`: runs
/// as the service, reads $CREDENTIALS_DIRECTORY/NAME for each `{{NAME}}`, and writes a file that only the
/// service can read. Prints nothing.
#[derive(Debug, Args)]
pub struct Render {
    /// The template.
    #[arg(value_name = "TEMPLATE", value_hint = ValueHint::FilePath)]
    pub template: PathBuf,
    /// Where to write, below $RUNTIME_DIRECTORY [default: the template's file name, there].
    #[arg(value_name = "FILE")]
    pub destination: Option<PathBuf>,
}

/// How a configuration file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// `key = value`, `key: value` or `key value` on lines.
    Lines,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

impl From<Language> for Syntax {
    fn from(language: Language) -> Self {
        match language {
            Language::Lines => Self::Lines,
            Language::Toml => Self::Toml,
            Language::Yaml => Self::Yaml,
            Language::Json => Self::Json,
        }
    }
}
