//! What a scan shows.

mod json;
mod plain;
mod sarif;

pub use json::json;
pub use plain::plain;
pub use sarif::sarif;

use std::path::Path;

use crate::score::Verdict;
use crate::survey::{Judged, Services};

/// All that a scan found out.
#[derive(Debug)]
pub struct Scanned<'a> {
    /// The services, the most exposed first.
    pub ranked: Vec<Judged<'a>>,
    /// Those that are not among them.
    pub services: &'a Services,
    /// Whose verdict it is.
    pub verdict: Verdict,
    /// Where the services are.
    pub root: Option<&'a Path>,
}

impl<'a> Scanned<'a> {
    /// Ranks services.
    pub fn new(
        mut ranked: Vec<Judged<'a>>,
        services: &'a Services,
        verdict: Verdict,
        root: Option<&'a Path>,
    ) -> Self {
        ranked.sort_by(|one, other| {
            let exposure = |judged: &Judged<'_>| judged.assessment.exposure();
            let worst_first = exposure(other).cmp(&exposure(one));
            worst_first.then_with(|| one.name.cmp(other.name))
        });
        Self {
            ranked,
            services,
            verdict,
            root,
        }
    }
}
