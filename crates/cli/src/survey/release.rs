//! Which release of systemd a verdict is asked of.

use std::path::Path;

use ringfence_host::systemd::Systemctl;
use ringfence_unit::score::Profile;

use crate::error::{Failure, OrFail};
use crate::output::Output;

/// Where the library lies whose name has the release, and a name of a processor below some of these.
const LIBRARIES: [&str; 4] = [
    "usr/lib/systemd",
    "lib/systemd",
    "usr/lib64/systemd",
    "usr/lib",
];

/// The release that was asked for, or else the one that is installed, or one that is like it; which is said
/// then.
pub fn release(
    asked: Option<u32>,
    root: Option<&Path>,
    output: &Output,
) -> Result<Profile, Failure> {
    if let Some(version) = asked {
        let nearest = Profile::nearest(version);
        return Profile::of(version)
            .or_usage(|| format!("judge as systemd {version} does"))
            .map_err(|failure| {
                failure.help(format!("`--systemd {}` is most like it", nearest.version()))
            });
    }
    let installed = match root {
        Some(root) => below(root),
        None => Systemctl::default()
            .version()
            .ok()
            .map(|version| version.number),
    };
    let Some(installed) = installed else {
        let newest = Profile::newest();
        let place = root.map_or("here".to_owned(), |root| {
            format!("below {}", root.display())
        });
        output.note(&format!(
            "no systemd is installed {place}: judging as {newest} does"
        ));
        return Ok(newest);
    };
    Ok(Profile::of(installed).unwrap_or_else(|_| {
        let nearest = Profile::nearest(installed);
        output.note(&format!(
            "there is no profile of systemd {installed}: judging as {nearest} does"
        ));
        nearest
    }))
}

/// The release that is installed below a root: its programs share a library that is named after it.
fn below(root: &Path) -> Option<u32> {
    let direct = LIBRARIES.iter().map(|library| root.join(library));
    let nested = ["usr/lib", "lib"].iter().flat_map(|library| {
        let entries = std::fs::read_dir(root.join(library)).into_iter().flatten();
        let below = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path().join("systemd"));
        below.collect::<Vec<_>>()
    });
    direct.chain(nested).find_map(|directory| {
        let entries = std::fs::read_dir(directory).ok()?.filter_map(Result::ok);
        entries
            .filter_map(|entry| version_in(entry.file_name().to_str()?))
            .max()
    })
}

/// The release in `libsystemd-shared-252.so` or `libsystemd-shared-257.13-1~deb13u1.so`.
fn version_in(file: &str) -> Option<u32> {
    let version = file
        .strip_prefix("libsystemd-shared-")?
        .strip_suffix(".so")?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_below_a_root_is_in_the_name_of_a_library() {
        assert_eq!(version_in("libsystemd-shared-252.so"), Some(252));
        assert_eq!(
            version_in("libsystemd-shared-257.13-1~deb13u1.so"),
            Some(257)
        );
        assert_eq!(version_in("libsystemd.so.0"), None);
        let root = tempfile::tempdir().unwrap();
        assert_eq!(below(root.path()), None);
        let library = root.path().join("usr/lib/x86_64-linux-gnu/systemd");
        std::fs::create_dir_all(&library).unwrap();
        std::fs::write(library.join("libsystemd-shared-257.so"), "").unwrap();
        assert_eq!(below(root.path()), Some(257));
    }
}
