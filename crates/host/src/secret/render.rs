//! Writing the configuration of a service that is about to start.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use ringfence_policy::secret::{Name, names, render as fill};

use super::SecretError;

/// Longer credentials are refused by systemd itself, see systemd.exec(5).
const LARGEST: u64 = 1 << 20;

/// Fills in a template and writes it, to be read by this user alone, into the runtime directory. Gives the path
/// of what was written.
///
/// `runtime` is the value of `$RUNTIME_DIRECTORY`. The destination is below one of its directories, or a mere
/// file name and then in the first. Both directories are the service's own, and so is the process; the file
/// system decides what it may do.
pub fn render(
    template: &Path,
    credentials: &Path,
    runtime: &OsStr,
    destination: &Path,
) -> Result<PathBuf, SecretError> {
    let path = below(runtime, destination).ok_or_else(|| SecretError::Unfit {
        path: destination.to_owned(),
        why: "it is not the path of a file below $RUNTIME_DIRECTORY".to_owned(),
    })?;
    let bytes = std::fs::read(template).map_err(SecretError::read(template))?;
    let unfit = |path: &Path, why: &str| SecretError::Unfit {
        path: path.to_owned(),
        why: why.to_owned(),
    };
    let text = String::from_utf8(bytes).map_err(|_| unfit(template, "it is not text in UTF-8"))?;
    let names = names(&text);
    // A rendered file in the template's place would go on with secrets of yesterday.
    if names.is_empty() {
        return Err(unfit(template, "there is no placeholder in it"));
    }
    let mut secrets: BTreeMap<Name, String> = BTreeMap::new();
    for name in names {
        let content = credential(&credentials.join(name.as_str())).map_err(|source| {
            SecretError::Credential {
                name: name.clone(),
                source,
            }
        })?;
        secrets.insert(name, content);
    }
    let filled = fill(&text, |name| secrets.get(name).map(String::as_str)).map_err(|source| {
        SecretError::Template {
            path: template.to_owned(),
            source,
        }
    })?;
    write(&path, filled.as_bytes()).map_err(SecretError::write(&path))?;
    Ok(path)
}

/// The file that a destination means.
fn below(runtime: &OsStr, destination: &Path) -> Option<PathBuf> {
    let climbs = destination
        .components()
        .any(|part| part == Component::ParentDir);
    let mut directories =
        std::env::split_paths(runtime).filter(|directory| directory.is_absolute());
    destination.file_name().filter(|_| !climbs)?;
    if destination.is_absolute() {
        let is_below = |directory: PathBuf| destination.starts_with(directory);
        return directories.any(is_below).then(|| destination.to_owned());
    }
    Some(directories.next()?.join(destination))
}

fn credential(path: &Path) -> io::Result<String> {
    let mut content = String::new();
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_string(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(content)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // The one of the last start, where the directory outlives the service.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o400);
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_below_the_runtime_directory_or_refused() {
        let runtime = OsStr::new("/run/a:/run/b/c");
        let meant = |destination: &str| {
            below(runtime, Path::new(destination)).map(|path| path.display().to_string())
        };
        assert_eq!(meant("x.conf").as_deref(), Some("/run/a/x.conf"));
        assert_eq!(meant("/run/b/c/x.conf").as_deref(), Some("/run/b/c/x.conf"));
        for wrong in [
            "/run/b/x.conf",
            "/etc/x",
            "../x",
            "/run/a/../x",
            "",
            "/",
            "/run/ab/x",
        ] {
            assert_eq!(meant(wrong), None, "{wrong}");
        }
        assert_eq!(below(OsStr::new(""), Path::new("x")), None);
    }
}
