//! What was typed after `ringfence policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{Format, Site, plain_name};

/// Work with traces and manifests; nothing is started.
#[derive(Debug, Subcommand)]
pub enum Policy {
    Derive(Derive),
    Check(Check),
    Diff(Diff),
    Merge(Merge),
    Explain(Explain),
    Fmt(Fmt),
    /// Print the JSON Schema of the manifest, for editors.
    Schema,
}

/// Turn traces into the smallest manifest that allows what they saw.
///
/// The traces are joined first. The same traces give the same manifest, byte for byte, on any machine.
/// Without `--output` the manifest is printed and no lock is written.
#[derive(Debug, Args)]
pub struct Derive {
    /// The traces.
    #[arg(required = true, value_name = "TRACE", value_hint = ValueHint::FilePath)]
    pub traces: Vec<PathBuf>,
    /// The policy's name [default: the program's file name].
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    pub name: Option<String>,
    /// Write the manifest here, and its lock beside it.
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}

/// Check manifests, and say what this host can enforce of them.
///
/// Reads each manifest and its lock, and compiles them for this host's native sandbox. The table says for
/// each grant whether the sandbox allows exactly that, more (wider), less (narrower), or leaves it to
/// something else (extern); what has no effect here is inert or lost, and is never called enforced.
///
/// Exits with 2 when a manifest is wrong, with 12 when its lock is stale, and with 10 when a grant that
/// `[require] exact` names cannot be enforced exactly.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub site: Site,
    /// The manifests.
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// The form of the result.
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub format: Format,
}

/// Say which privileges a new manifest adds to an old one.
///
/// Lists what grew first, most dangerous first. Exits with 13 when anything grew.
#[derive(Debug, Args)]
pub struct Diff {
    /// The manifest to compare with.
    #[arg(value_name = "OLD", value_hint = ValueHint::FilePath)]
    pub old: PathBuf,
    /// The manifest that may have grown.
    #[arg(value_name = "NEW", value_hint = ValueHint::FilePath)]
    pub new: PathBuf,
    /// The form of the result.
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub format: Format,
}

/// Join traces, or manifests, into one.
///
/// A trace is a grow-only set: the order does not matter and nothing counts twice. A joined manifest allows
/// what any of them allows, and is written with a joined lock; settings that cannot both hold are an error.
/// The files must be of one kind.
#[derive(Debug, Args)]
pub struct Merge {
    /// The files, all traces or all manifests.
    #[arg(required = true, num_args = 2.., value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// Write the result here instead of printing it.
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}

/// Say in sentences what a manifest allows, why, and at what risk.
#[derive(Debug, Args)]
pub struct Explain {
    /// The manifest.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The form of the result.
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub format: Format,
}

/// Bring manifests into the canonical form.
///
/// Comments are kept, and a lock that was fresh stays fresh. A file that is already canonical is not
/// touched.
#[derive(Debug, Args)]
pub struct Fmt {
    /// Change nothing; exit with 12 when a file is not canonical, and name it.
    #[arg(long)]
    pub check: bool,
    /// The manifests.
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
}
