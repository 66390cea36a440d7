//! `ringfence generate` and `ringfence policy schema`: files made from this program's own definitions.

use std::path::Path;

use crate::args::Generate;
use crate::error::{Failure, OrFail};
use crate::exit::ExitCode;
use crate::output::Output;
use crate::store::Directory;

/// Writes man pages, or prints completions.
pub fn generate(typed: &Generate, output: &Output) -> Result<ExitCode, Failure> {
    match typed {
        Generate::Man { directory } => man(directory)?,
        Generate::Completions { shell } => {
            let script = crate::generate::completions(*shell);
            output.result(&String::from_utf8_lossy(&script))?;
        }
    }
    Ok(ExitCode::Fine)
}

fn man(directory: &Path) -> Result<(), Failure> {
    let directory = Directory::open(directory)?;
    let pages = crate::generate::man_pages().or_cannot(|| "render the man pages".to_owned())?;
    pages
        .iter()
        .try_for_each(|(name, page)| directory.write(name, page))
}

/// Prints the JSON Schema of the manifest.
pub fn schema(output: &Output) -> Result<ExitCode, Failure> {
    output.result(&ringfence_policy::schema::manifest_schema())?;
    Ok(ExitCode::Fine)
}
