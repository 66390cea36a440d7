//! Paths: RootDirectory=, RootImage= and others.

use crate::score::reader::Reader;
use crate::score::refusal::Reason;

/// The longest path that Linux takes, and the longest name in it.
const LONGEST: usize = 4095;
const LONGEST_NAME: usize = 255;

/// One line of a setting that is a path. A bad one stops the file.
pub(crate) fn assign(
    path: &mut Option<String>,
    value: &str,
    reader: &mut Reader<'_>,
) -> Result<(), Reason> {
    *path = if value.is_empty() {
        None
    } else {
        let text = reader.expand(value)?;
        // Specifiers may leave nothing of it, which is no reset.
        if text.is_empty() {
            None
        } else {
            Some(absolute(&text).ok_or(Reason::Path { path: text })?)
        }
    };
    Ok(())
}

/// The simplest form of an absolute path, if it has no `..` and is not too long.
pub(crate) fn absolute(path: &str) -> Option<String> {
    path.starts_with('/').then(|| normalized(path)).flatten()
}

/// The simplest form of a path, absolute or not: without doubled slashes, `.` and a slash at the end.
pub(crate) fn normalized(path: &str) -> Option<String> {
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    let long = |part: &&str| part.len() > LONGEST_NAME;
    if parts.contains(&"..") || parts.iter().any(long) {
        return None;
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    let simple = root.to_owned() + &parts.join("/");
    (!simple.is_empty() && simple.len() <= LONGEST).then_some(simple)
}

/// Whether a simple path is this directory or in it.
pub(crate) fn is_below(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_simplified() {
        let simple = |path| absolute(path);
        assert_eq!(simple("/srv//./x/").as_deref(), Some("/srv/x"));
        assert_eq!(simple("/./").as_deref(), Some("/"));
    }

    #[test]
    fn a_path_that_leads_upwards_or_is_relative_is_none() {
        assert_eq!(absolute("/srv/../etc"), None);
        assert_eq!(absolute("srv"), None);
        assert_eq!(normalized(""), None);
    }
}
