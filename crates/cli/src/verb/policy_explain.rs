//! `ringfence policy explain`: a manifest in sentences.

use ringfence_policy::explain::{Explanation, explain as explained};
use serde::Serialize;

use crate::args::{Explain, Format};
use crate::error::Failure;
use crate::exit::ExitCode;
use crate::output::Output;
use crate::policy_file::PolicyFile;

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    #[serde(flatten)]
    explanation: &'a Explanation,
}

/// Explains a manifest, with what its lock knows.
pub fn explain(typed: &Explain, output: &Output) -> Result<ExitCode, Failure> {
    let file = PolicyFile::read(&typed.file, output)?;
    let explanation = explained(&file.manifest, file.lock.as_ref());
    match typed.format {
        Format::Json => {
            output.json(&Json {
                schema: "ringfence.explain/1",
                explanation: &explanation,
            })?;
        }
        Format::Plain => output.result(&explanation.to_string())?,
    }
    Ok(ExitCode::Fine)
}
