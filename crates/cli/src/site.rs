//! The site's ceiling: what no policy on this host exceeds, whoever wrote it.

use std::path::{Path, PathBuf};

use ringfence_policy::effective::violations;
use ringfence_policy::manifest::Ceiling;
use ringfence_policy::policy::Policy;

use crate::args::Site;
use crate::error::Failure;
use crate::output::Output;
use crate::policy_file::wrong;
use crate::store;

/// Where a site keeps its ceiling.
const CEILING: &str = "/etc/ringfence/ceiling.toml";

/// The part of a policy that this site allows. What is taken away is said; what is never granted is an
/// error.
pub fn limited(policy: Policy, site: &Site, output: &Output) -> Result<Policy, Failure> {
    let Some((path, ceiling)) = ceiling(site, output)? else {
        return Ok(policy);
    };
    if let Some(violation) = violations(&policy, &ceiling.never).first() {
        return Err(Failure::usage(violation.to_string()).help(format!(
            "`never` is in {}; nothing overrides it",
            path.display()
        )));
    }
    let limited = ceiling.limit(&policy).map_err(|error| {
        let help = error.help();
        Failure::usage(format!("use {}", path.display()))
            .because(error)
            .help(help)
    })?;
    for grant in policy.grants().filter(|grant| !limited.allows(grant)) {
        output.note(&format!(
            "{} takes away `{grant}`, or a part of it",
            path.display()
        ));
    }
    Ok(limited)
}

fn ceiling(site: &Site, output: &Output) -> Result<Option<(PathBuf, Ceiling)>, Failure> {
    let path = match &site.ceiling {
        Some(path) => path.clone(),
        None if Path::new(CEILING).exists() => PathBuf::from(CEILING),
        None => return Ok(None),
    };
    let text = store::read_text(&path)?;
    let ceiling = Ceiling::parse(&text).map_err(|errors| wrong(&path, &errors, output))?;
    Ok(Some((path, ceiling)))
}
