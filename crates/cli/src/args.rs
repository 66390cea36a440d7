//! What was typed: the one definition from which parsing, help, man pages and completions come.
//!
//! Nothing here is interpreted: what an argument means is its verb's business.

mod check;
mod compile;
mod deploy;
mod harden;
mod join;
mod learn;
mod policy;
mod prove;
mod scan;
mod score;
mod secrets;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::exit::ExitCode;

pub use check::CheckUnits;
pub use compile::Compile;
pub use deploy::{Apply, Confirm, Health, Rollback, Status};
pub use harden::Harden;
pub use join::Join;
pub use learn::Learn;
pub use policy::{Check, Derive, Diff, Explain, Fmt, Merge, Policy};
pub use prove::Prove;
pub use scan::{Scan, ScanFormat};
pub use score::{Model, Score, ScoreFormat};
pub use secrets::{Extract, Render, Restore, Secrets};

/// Give a service exactly the privileges it uses, and prove it by attack.
///
/// ringfence watches a service, writes down what it really needs, turns that into a default-deny policy,
/// runs the service under it and attacks the result. Every step leaves a file that a person can read:
/// NAME.trace.jsonl is what was seen, NAME.toml the manifest, NAME.lock its machine detail.
#[derive(Debug, Parser)]
#[command(
    name = "ringfence",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs")]
#[command(after_long_help = after_help())]
pub struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options of every verb.
#[derive(Debug, Args)]
pub struct Global {
    /// When to use color.
    ///
    /// Color never carries a meaning that the words beside it do not.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        display_order = 100
    )]
    pub color: ColorChoice,
    /// Say more on standard error: what the service prints, and each step.
    #[arg(short, long, global = true, display_order = 101)]
    pub verbose: bool,
}

/// When to use color: auto, always or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set or TERM is `dumb`; in pipes if CLICOLOR_FORCE is set.
    Auto,
    /// In pipes too.
    Always,
    /// Nowhere.
    Never,
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Plain,
    /// For programs: one JSON object with a `schema` member.
    Json,
}

/// The verbs; each is documented at its arguments.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Harden(Harden),
    Compile(Compile),
    Apply(Apply),
    Rollback(Rollback),
    Status(Status),
    Confirm(Confirm),
    Learn(Learn),
    #[command(hide = true)]
    Join(Join),
    Run(Run),
    Prove(Prove),
    /// Make attempts for `ringfence prove --unit`.
    #[command(hide = true)]
    Attempt,
    Score(Score),
    Scan(Scan),
    Check(CheckUnits),
    #[command(
        subcommand,
        subcommand_value_name = "VERB",
        subcommand_help_heading = "Verbs"
    )]
    Policy(Policy),
    #[command(
        subcommand,
        subcommand_value_name = "VERB",
        subcommand_help_heading = "Verbs"
    )]
    Secrets(Secrets),
    #[command(subcommand, hide = true)]
    Generate(Generate),
}

/// Run a command under its policy.
///
/// The command gets only what the manifest grants: a mount view of its own, Landlock, a system call
/// filter, no capability that is not granted. ringfence ends as the command ended: with its exit code, or of
/// the same signal.
///
/// What this host cannot enforce is said on standard error before the command starts.
#[derive(Debug, Args)]
pub struct Run {
    /// When the command is done, say what was denied and which grant would have allowed it.
    ///
    /// Runs the command under the tracer as well, which makes it slower.
    #[arg(long)]
    pub explain_denials: bool,
    /// Do not say what this host cannot enforce.
    #[arg(long, short)]
    pub quiet: bool,
    #[command(flatten)]
    pub site: Site,
    /// The manifest. Its lock is the file beside it with the extension `lock`.
    #[arg(value_name = "POLICY", value_hint = ValueHint::FilePath)]
    pub policy: PathBuf,
    /// The command [default: the manifest's `exec`].
    #[arg(last = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}

/// What this site lets its services have at most.
#[derive(Debug, Args)]
pub struct Site {
    /// The site's ceiling: no policy exceeds it [default: /etc/ringfence/ceiling.toml, if it exists].
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ceiling: Option<PathBuf>,
}

/// When a service counts as ready, and how long to wait for it.
#[derive(Debug, Args)]
pub struct Waiting {
    /// Seconds for the service to become ready and for the workload to pass, each.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub timeout: u32,
    /// When the service counts as ready for the workload.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub ready: Ready,
    /// Let the service use every processor while it is watched.
    ///
    /// Otherwise it shares one with the tracer, which makes watching many times cheaper. A service that
    /// asks how many processors it may use is told one then.
    #[arg(long)]
    pub free: bool,
}

/// When a service counts as ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ready {
    /// Once it listens on a socket, or was quiet for two seconds.
    Auto,
    /// Only once it listens on a socket.
    Listening,
    /// Only once it was quiet for two seconds.
    Quiet,
}

/// Files that are generated from the definition in this module.
#[derive(Debug, Subcommand)]
pub enum Generate {
    /// Write the man pages into a directory.
    Man {
        /// The directory; it must exist.
        directory: PathBuf,
    },
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// The end of the long help: an example, and what the exit codes say.
fn after_help() -> String {
    let codes = ExitCode::ALL.map(|code| format!("  {:>3}  {}", code.number(), code.meaning()));
    format!(
        "Example:\n  ringfence harden --workload 'curl -sf http://127.0.0.1:8080/' -- \\\n    \
         python3 -m http.server 8080\n\nExit codes:\n{}",
        codes.join("\n")
    )
}

/// A name that is safe as a file name, as the policy language demands it.
fn plain_name(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    if text.is_empty()
        || text.starts_with(['-', '.'])
        || !text.bytes().all(fits)
        || text.len() > 200
    {
        return Err(
            "a name is letters, digits and `._-@`, and starts with neither `-` nor `.`".into(),
        );
    }
    Ok(text.to_owned())
}
