//! Runs a command under a policy given as grants, for measuring and for trying things out.
//!
//! `confine [-v] [GRANT ...] -- /program [argument ...]`

#![expect(clippy::print_stderr, reason = "an example talks to whoever tries it")]

use std::error::Error;
use std::process::ExitCode;

use ringfence_compile::native::{Settings, compile};
use ringfence_policy::grant::{Grant, GrantError};
use ringfence_policy::policy::Policy;
use ringfence_sandbox::{Sandbox, detect};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let before: Vec<String> = words.by_ref().take_while(|word| word != "--").collect();
    let grants: Result<Vec<Grant>, GrantError> = before
        .iter()
        .filter(|word| *word != "-v")
        .map(|text| text.parse())
        .collect();
    let policy = Policy::base().join(&grants?.into_iter().collect());
    let settings = Settings {
        name: "confine".to_owned(),
        exec: words.collect(),
        ..Settings::default()
    };
    let (plan, coverage) = compile(&policy, &settings, &detect()?)?;
    if before.iter().any(|word| word == "-v") {
        eprintln!("{coverage}{plan:#?}");
    }
    match Sandbox::new(plan).run() {
        Ok(exit) => exit.imitate(),
        Err(error) => {
            eprintln!("error: cannot {error}");
            Ok(ExitCode::from(error.exit_code()))
        }
    }
}
