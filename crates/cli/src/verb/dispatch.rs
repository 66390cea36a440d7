//! From the process's arguments to its exit code.

use clap::{ColorChoice as ClapColor, CommandFactory as _, FromArgMatches as _};

use crate::args::{Cli, ColorChoice, Policy, Secrets, Verb};
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::Output;

/// Runs the program; the result is its exit code.
pub fn main() -> u8 {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(number) => return number,
    };
    // In a sandbox that is to be attacked, even a look at the terminal may be one call too many.
    if matches!(cli.verb, Verb::Attempt)
        && let Ok(code) = super::attempt::attempt()
    {
        return code.number();
    }
    let output = Output::new(cli.global.color, cli.global.verbose);
    match dispatch(cli.verb, &output) {
        Ok(code) => code.number(),
        Err(failure) => {
            let text = failure.text(output.talk_color());
            if !text.is_empty() {
                output.say(&text);
            }
            failure.number()
        }
    }
}

/// Reads the arguments, or says with which code to stop. Help and version are results; anything else that stops here is wrong usage.
fn parse() -> Result<Cli, u8> {
    let typed: Vec<_> = std::env::args_os().collect();
    let command = Cli::command().color(ClapColor::Never);
    let parsed = command
        .try_get_matches_from(&typed)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|error| {
        let output = Output::new(ColorChoice::Never, false);
        let text = error.render().to_string();
        if error.use_stderr() {
            output.say(&text);
            return ExitCode::Usage.number();
        }
        match output.result(&text) {
            Ok(()) => ExitCode::Fine.number(),
            Err(cause) => Failure::from(cause).number(),
        }
    })
}

fn dispatch(verb: Verb, output: &Output) -> Result<ExitCode, Failure> {
    match verb {
        Verb::Harden(harden) => super::harden::harden(&harden, output),
        Verb::Compile(compile) => super::compile::compile(&compile, output),
        Verb::Learn(learn) => super::learn::learn(&learn, output),
        Verb::Join(join) => Err(super::join::join(join)),
        Verb::Run(run) => super::run::run(&run, output),
        Verb::Apply(apply) => super::apply::apply(&apply, output),
        Verb::Rollback(rollback) => super::rollback::rollback(&rollback, output),
        Verb::Status(status) => super::status::status(&status, output),
        Verb::Confirm(confirm) => super::confirm::confirm(&confirm, output),
        Verb::Prove(prove) => super::prove::prove(&prove, output),
        Verb::Attempt => super::attempt::attempt(),
        Verb::Score(score) => super::score::score(&score, output),
        Verb::Scan(scan) => super::scan::scan(&scan, output),
        Verb::Check(check) => super::check::check(&check, output),
        Verb::Policy(Policy::Derive(derive)) => super::policy_derive::derive(&derive, output),
        Verb::Policy(Policy::Check(check)) => super::policy_check::check(&check, output),
        Verb::Policy(Policy::Diff(diff)) => super::policy_diff::diff(&diff, output),
        Verb::Policy(Policy::Merge(merge)) => super::policy_merge::merge(&merge, output),
        Verb::Policy(Policy::Explain(explain)) => super::policy_explain::explain(&explain, output),
        Verb::Policy(Policy::Fmt(fmt)) => super::policy_fmt::fmt(&fmt, output),
        Verb::Policy(Policy::Schema) => super::generate::schema(output),
        Verb::Secrets(Secrets::Extract(extract)) => {
            super::secrets_extract::extract(&extract, output)
        }
        Verb::Secrets(Secrets::Restore(restore)) => {
            super::secrets_restore::restore(&restore, output)
        }
        Verb::Secrets(Secrets::Render(render)) => super::secrets_render::render(&render),
        Verb::Generate(generate) => super::generate::generate(&generate, output),
    }
}
